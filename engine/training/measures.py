"""The metrics that a recipe names: of one batch, and of a whole validation.

Nothing here waits for the device before `Measure.compute`. Outputs are what the loss takes: scores,
one for each class or a single one for yes; `Reading` (`engine.recipe.losses`) says what they mean.
Labels in sequences (N, T) have scores (N, T, classes), maps of labels (N, …) scores (N, classes, …);
those below 0 do not count.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from engine.recipe.losses import Reading
from engine.recipe.metrics import METRICS
from engine.recipe.recipe import MetricChoice

#: (output, target) -> a 0-d tensor.
BatchMeasure = Callable[[Tensor, Tensor], Tensor]
_Sums = Callable[[Tensor, Tensor], tuple[Tensor, Tensor | int]]

#: AUROC keeps at most so many scores, 64 MB; of more samples it takes every second, fourth, …
MOST_SCORES = 16_000_000


def metric_target(choice: MetricChoice, labels: Tensor, loss_target: Tensor) -> Tensor:
    """What this metric compares the output with: the labels, or what the loss compares it with."""
    return labels if METRICS[choice.kind].targets == ("label",) else loss_target


def per_step(choice: MetricChoice, reading: Reading = "softmax") -> BatchMeasure | None:
    """The metric of one batch, or None where that means nothing or takes long."""
    kind = choice.kind
    if not METRICS[kind].every_step:
        return None
    sums = _sums(choice, reading)
    finish = _FINISH.get(kind)

    def measure(output: Tensor, target: Tensor) -> Tensor:
        total, count = sums(output, target)
        mean = total / count
        return mean if finish is None else finish(mean)

    return measure


class Measure(ABC):
    """A metric over many batches."""

    @abstractmethod
    def update(self, output: Tensor, target: Tensor) -> None:
        """One more batch."""

    @abstractmethod
    def compute(self) -> float:
        """The metric of all batches; NaN where it is not defined. Waits for the device."""


def make_measure(
    choice: MetricChoice, classes: int, device: torch.device, reading: Reading = "softmax"
) -> Measure:
    """An empty one. classes: how many there are; 2 for a single score that says yes or no."""
    if choice.kind in _RATIOS:
        return _Counts(choice, max(classes, 2), device, reading)
    if choice.kind == "auroc":
        return _Ranks(reading)
    if choice.kind == "r2":
        return _Explained()
    return _Mean(choice, device, reading)


def _rows(output: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Scores (n, classes) and labels (n,)."""
    if labels.dim() == 2:
        return output.flatten(0, 1), labels.flatten()
    if labels.dim() > 2:
        return output.movedim(1, -1).flatten(0, -2), labels.flatten()
    return output, labels


def _classes_of(scores: Tensor, reading: Reading) -> Tensor:
    """The class that each row of scores says."""
    if scores.dim() == 1 or scores.shape[1] == 1:
        return (scores.flatten() > (0.5 if reading == "values" else 0.0)).to(torch.int64)
    return scores.argmax(dim=1)


# Means over samples


def _sums(choice: MetricChoice, reading: Reading) -> _Sums:
    """(sum, count) over a batch of what the metric is the mean of."""
    if choice.kind in ("mae", "mse", "rmse"):
        return _absolute if choice.kind == "mae" else _squared
    k = int(choice.complete.get("k", 1))

    def right(output: Tensor, target: Tensor) -> tuple[Tensor, Tensor | int]:
        scores, labels = _rows(output, target)
        if k == 1 or scores.shape[1] == 1:
            hits = _classes_of(scores, reading) == labels
        else:
            highest = scores.topk(min(k, scores.shape[1]), dim=1).indices
            hits = (highest == labels.unsqueeze(1)).any(dim=1)
        return hits.sum(), len(labels) if target.dim() == 1 else (labels >= 0).sum()

    def surprise(output: Tensor, target: Tensor) -> tuple[Tensor, Tensor | int]:
        scores, labels = _rows(output, target)
        if scores.shape[1] == 1:  # a yes: the no beside it
            no = 1 - scores if reading == "values" else torch.zeros_like(scores)
            scores = torch.cat((no, scores), dim=1)
        counts = labels >= 0
        logarithms = scores.clamp(min=1e-30).log() if reading == "values" else scores.log_softmax(dim=1)
        own = logarithms.gather(1, labels.clamp(min=0).unsqueeze(1)).squeeze(1)
        return -(own * counts).sum(), counts.sum()

    return surprise if choice.kind == "perplexity" else right


def _absolute(output: Tensor, target: Tensor) -> tuple[Tensor, int]:
    difference = output - target.reshape(output.shape)
    return difference.abs().sum(), difference.numel()


def _squared(output: Tensor, target: Tensor) -> tuple[Tensor, int]:
    difference = output - target.reshape(output.shape)
    return difference.square().sum(), difference.numel()


#: What is done with the mean at the end.
_FINISH: dict[str, Callable[[Tensor], Tensor]] = {"rmse": torch.sqrt, "perplexity": torch.exp}


class _Mean(Measure):
    def __init__(self, choice: MetricChoice, device: torch.device, reading: Reading) -> None:
        self._sums = _sums(choice, reading)
        self._finish = _FINISH.get(choice.kind)
        self._totals = torch.zeros(2, dtype=_precise(device), device=device)

    def update(self, output: Tensor, target: Tensor) -> None:
        total, count = self._sums(output, target)
        self._totals[0] += total
        self._totals[1] += count

    def compute(self) -> float:
        mean = self._totals[0] / self._totals[1]
        return float(mean if self._finish is None else self._finish(mean))


# Ratios of counts


class _Counts(Measure):
    """Precision, recall and F1 from three counts for each class."""

    def __init__(
        self, choice: MetricChoice, classes: int, device: torch.device, reading: Reading
    ) -> None:
        self._ratio = _RATIOS[choice.kind]
        self._average = choice.complete["average"]
        self._reading = reading
        #: Of each class: right ones, those taken for it, those of it.
        self._counts = torch.zeros((3, classes), dtype=torch.int64, device=device)

    def update(self, output: Tensor, target: Tensor) -> None:
        scores, labels = _rows(output, target)
        taken = _classes_of(scores, self._reading)
        counted = (labels >= 0).to(torch.int64)
        right = (taken == labels).to(torch.int64)
        labels = labels.clamp(min=0)
        self._counts[0].index_add_(0, labels, right)
        self._counts[1].index_add_(0, taken, counted)
        self._counts[2].index_add_(0, labels, counted)

    def compute(self) -> float:
        """Classes that nothing is of and nothing is taken for do not count; 0 / 0 is 0."""
        right, taken, of = self._counts.cpu().to(torch.float64)
        if self._average == "micro":
            return float(self._ratio(right.sum(), taken.sum(), of.sum()))
        each = self._ratio(right, taken, of)
        weights = of if self._average == "weighted" else (taken + of > 0).to(torch.float64)
        return float((each * weights).sum() / weights.sum())


def _divided(part: Tensor, whole: Tensor) -> Tensor:
    return part / whole.clamp(min=1)


_RATIOS: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "precision": lambda right, taken, of: _divided(right, taken),
    "recall": lambda right, taken, of: _divided(right, of),
    "f1": lambda right, taken, of: _divided(2 * right, taken + of),
}


# Ranks


class _Ranks(Measure):
    """AUROC, exact from all scores; beyond MOST_SCORES from an even choice of the samples."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._scores: list[Tensor] = []
        self._labels: list[Tensor] = []
        self._every = 1
        self._kept = self._seen = 0

    def update(self, output: Tensor, target: Tensor) -> None:
        scores, labels = _rows(output, target)
        scores = self._of_classes(scores.float())
        first = -self._seen % self._every
        self._seen += len(labels)
        self._scores.append(scores[first :: self._every].clone())
        self._labels.append(labels[first :: self._every].clone())
        self._kept += self._scores[-1].numel()
        while self._kept > MOST_SCORES and self._kept > scores.shape[1]:
            self._thin()

    def compute(self) -> float:
        """The mean over the classes that some samples are of and others are not."""
        if not self._scores:
            return float("nan")
        labels = torch.cat(self._labels).cpu()
        scores = torch.cat(self._scores).cpu()[labels >= 0]
        labels = labels[labels >= 0]
        areas = (
            [_area(scores[:, 0], labels > 0)]
            if scores.shape[1] == 1
            else [_area(scores[:, label], labels == label) for label in range(scores.shape[1])]
        )
        defined = [area for area in areas if area is not None]
        return sum(defined) / len(defined) if defined else float("nan")

    def _of_classes(self, scores: Tensor) -> Tensor:
        """One column where yes and no mirror each other, else a probability for each class."""
        scores = scores.reshape(len(scores), -1)
        if scores.shape[1] == 2:
            return scores[:, 1:] - scores[:, :1]
        return scores if scores.shape[1] == 1 or self._reading != "softmax" else scores.softmax(dim=1)

    def _thin(self) -> None:
        self._scores = [torch.cat(self._scores)[::2].clone()]
        self._labels = [torch.cat(self._labels)[::2].clone()]
        self._every *= 2
        self._kept = self._scores[0].numel()


def _area(scores: Tensor, positive: Tensor) -> float | None:
    """From the ranks of the positive samples (Mann and Whitney); equal scores share their ranks."""
    positives = int(positive.sum())
    negatives = len(positive) - positives
    if not positives or not negatives:
        return None
    _, place, count = scores.unique(return_inverse=True, return_counts=True)
    last = count.cumsum(0).to(torch.float64)
    rank = last - (count - 1) / 2
    total = float(rank[place][positive].sum())
    return (total - positives * (positives + 1) / 2) / (positives * negatives)


# Spread


class _Explained(Measure):
    """R², output by output."""

    def __init__(self) -> None:
        self._sums: Tensor | None = None
        self._count = 0

    def update(self, output: Tensor, target: Tensor) -> None:
        precise = _precise(output.device)
        target = target.reshape(output.shape).to(precise).flatten(1)
        output = output.to(precise).flatten(1)
        if self._sums is None:  # sums around the first batch's mean do not cancel each other
            self._origin = target.mean(dim=0)
            self._sums = torch.zeros((3, target.shape[1]), dtype=precise, device=target.device)
        moved = target - self._origin
        self._sums[0] += (target - output).square().sum(dim=0)
        self._sums[1] += moved.sum(dim=0)
        self._sums[2] += moved.square().sum(dim=0)
        self._count += len(target)

    def compute(self) -> float:
        """An output that is constant, and was met, counts 1, one that was not 0."""
        if self._sums is None or self._count < 2:
            return float("nan")
        left, total, square = self._sums.cpu()
        spread = square - total.square() / self._count
        constant = spread <= 1e-12 * square
        each = torch.where(constant, (left == 0).to(left.dtype), 1 - left / spread)
        return float(each.mean())


def _precise(device: torch.device) -> torch.dtype:
    """MPS has no float64."""
    return torch.float32 if device.type == "mps" else torch.float64
