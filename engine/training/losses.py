"""The loss that a recipe names, as a function of output and target.

Outputs are (N, *shape), or (N, T, classes) where labels are sequences (N, T), or (N, classes, ...)
where each label is a map (N, ...).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from engine.network.problem import Problem
from engine.recipe.losses import LOSSES, target_kind
from engine.recipe.option import numbers
from engine.recipe.recipe import LossChoice
from engine.training.fault import TrainingError

#: (output, target) -> their loss, a 0-d tensor: the mean over the batch.
LossFunction = Callable[[Tensor, Tensor], Tensor]


def make_loss(
    choice: LossChoice, classes: int, device: torch.device, train_labels: Tensor | None = None
) -> LossFunction:
    """The loss without its `weight`. It takes the output before `Loss.ending`, and what `target_of`
    gives. train_labels: all of them, for balanced classes. Raises TrainingError for weights that are
    not one for each class."""
    return _BUILDERS[choice.kind](_Given(choice.complete, classes, device, train_labels))


def target_of(choice: LossChoice, x: Tensor, y: Tensor, classes: int) -> Tensor:
    """What the outputs for samples x with labels y are compared with, on their device."""
    kind = target_kind(choice)
    if kind == "input":
        return x
    if kind == "one_hot":
        empty = torch.zeros((*y.shape, classes), device=y.device)
        return empty.scatter_(-1, y.unsqueeze(-1), 1.0)
    if kind == "label" and LOSSES[choice.kind].output == "value":
        return y.to(torch.float32).unsqueeze(-1)
    return y


@dataclass(frozen=True)
class _Given:
    """What a loss is made from."""

    values: Mapping[str, Any]
    classes: int
    device: torch.device
    labels: Tensor | None

    def class_weights(self) -> Tensor | None:
        if self.values["balanced"] and self.labels is not None:
            labels = self.labels[(self.labels >= 0) & (self.labels != self.values["ignore_index"])]
            counts = torch.bincount(labels, minlength=self.classes)
            balanced = len(labels) / (self.classes * counts.clamp(min=1).to(torch.float32))
            return balanced.to(self.device)
        return self.weights("weight", self.classes)

    def weights(self, name: str, *allowed: int) -> Tensor | None:
        given = numbers(self.values, name)
        if given and len(given) not in allowed:
            values = {"parameter": name, "found": len(given), "needed": self.classes}
            raise TrainingError(Problem("loss_weights", None, values=values))
        return torch.tensor(given, device=self.device) if given else None


def _of_classes(given: _Given, loss: Callable[..., Tensor], **more: Any) -> LossFunction:
    weight, ignored = given.class_weights(), given.values["ignore_index"]

    def compute(output: Tensor, target: Tensor) -> Tensor:
        if target.dim() == 2:
            output, target = output.flatten(0, 1), target.flatten()
        return loss(output, target, weight, ignore_index=ignored, **more)

    return compute


def _cross_entropy(given: _Given) -> LossFunction:
    smoothing = given.values["label_smoothing"]
    return _of_classes(given, functional.cross_entropy, label_smoothing=smoothing)


def _nll(given: _Given) -> LossFunction:
    """log_softmax leaves logarithms of probabilities as they are, and makes such of everything else."""

    def loss(output: Tensor, *arguments: Any, **more: Any) -> Tensor:
        return functional.nll_loss(output.log_softmax(dim=1), *arguments, **more)

    return _of_classes(given, loss)


def _binary(given: _Given) -> LossFunction:
    weight = given.weights("pos_weight", 1, given.classes)

    def loss(output: Tensor, target: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(
            output, target.reshape(output.shape), pos_weight=weight
        )

    return loss


def _multi_margin(given: _Given) -> LossFunction:
    p, margin = given.values["p"], given.values["margin"]
    return lambda output, target: functional.multi_margin_loss(output, target, p, margin)


def _kl(given: _Given) -> LossFunction:
    def loss(output: Tensor, target: Tensor) -> Tensor:
        logarithms = output.flatten(1).log_softmax(dim=1)
        return functional.kl_div(logarithms, target.flatten(1), reduction="batchmean")

    return loss


def _ctc(given: _Given) -> LossFunction:
    blank, zero_infinity = given.values["blank"], given.values["zero_infinity"]

    def loss(output: Tensor, target: Tensor) -> Tensor:
        """target (N, S): behind its end a sequence is filled up with `blank` or negative numbers."""
        lengths = ((target != blank) & (target >= 0)).sum(dim=1)
        steps = torch.full((len(output),), output.shape[1], device=output.device)
        logarithms = output.log_softmax(dim=2).transpose(0, 1)
        return functional.ctc_loss(
            logarithms, target.clamp(min=0), steps, lengths, blank, zero_infinity=zero_infinity
        )

    return loss


def _of_values(loss: Callable[..., Tensor], *names: str) -> Callable[[_Given], LossFunction]:
    """A loss of two tensors of one shape, with its parameters by name."""

    def build(given: _Given) -> LossFunction:
        more = {name: given.values[name] for name in names}
        return lambda output, target: loss(output, target.reshape(output.shape), **more)

    return build


def _cosine(given: _Given) -> LossFunction:
    margin = given.values["margin"]

    def loss(output: Tensor, target: Tensor) -> Tensor:
        unit = functional.normalize(output.flatten(1), dim=1)
        cosine = unit @ unit.T
        alike = target.unsqueeze(1) == target
        each = torch.where(alike, 1 - cosine, (cosine - margin).relu())
        pairs = len(output) * (len(output) - 1) // 2
        return each.triu(1).sum() / max(pairs, 1)

    return loss


def _triplets(given: _Given) -> LossFunction:
    values = given.values

    def loss(output: Tensor, target: Tensor) -> Tensor:
        """Vectors without another of their class, or without one of another, do not count."""
        output = output.flatten(1)
        alike = target.unsqueeze(1) == target
        with torch.no_grad():
            distance = torch.cdist(output, output, p=values["p"])
            others = alike & ~torch.eye(len(output), dtype=torch.bool, device=output.device)
            positive = distance.masked_fill(~others, -1.0).argmax(dim=1)
            negative = distance.masked_fill(alike, torch.inf).argmin(dim=1)
            counts = others.any(dim=1) & ~alike.all(dim=1)
        each = functional.triplet_margin_loss(
            output, output[positive], output[negative], reduction="none", **values
        )
        return (each * counts).sum() / counts.sum().clamp(min=1)

    return loss


_BUILDERS: dict[str, Callable[[_Given], LossFunction]] = {
    "cross_entropy": _cross_entropy,
    "nll_loss": _nll,
    "binary_cross_entropy": _binary,
    "multi_margin_loss": _multi_margin,
    "kl_div": _kl,
    "ctc_loss": _ctc,
    "mse_loss": _of_values(functional.mse_loss),
    "l1_loss": _of_values(functional.l1_loss),
    "smooth_l1_loss": _of_values(functional.smooth_l1_loss, "beta"),
    "huber_loss": _of_values(functional.huber_loss, "delta"),
    "poisson_nll_loss": _of_values(functional.poisson_nll_loss, "log_input", "full", "eps"),
    "cosine_embedding_loss": _cosine,
    "triplet_margin_loss": _triplets,
}
