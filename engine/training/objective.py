"""What a run makes small, and what it measures beside: the losses and metrics of all outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from engine.recipe.losses import Reading, reading
from engine.recipe.metrics import fits, names
from engine.recipe.recipe import LossChoice, MetricChoice, Recipe
from engine.training.losses import make_loss, target_of
from engine.training.measures import Measure, make_measure, metric_target, per_step


class _Term:
    """The loss of one output."""

    def __init__(self, choice: LossChoice, classes: int, labels: Tensor) -> None:
        self.choice = choice
        self._classes = classes
        self._loss = make_loss(choice, classes, labels.device, labels)

    def target(self, x: Tensor, y: Tensor) -> Tensor:
        return target_of(self.choice, x, y, self._classes)

    def __call__(self, head: Tensor, target: Tensor) -> Tensor:
        loss = self._loss(head, target)
        return loss if self.choice.weight == 1.0 else loss * self.choice.weight


class Objective:
    """For the outputs of a module in their order; metrics are those of the main one, as far as they
    mean something with its loss.

    `names`: of the scalars that a step gives: "loss", its parts where there are several outputs
    ("loss Linear 2"), and the metrics that make sense on one batch."""

    def __init__(
        self,
        recipe: Recipe,
        outputs: Mapping[str, str],
        main: int,
        classes: int,
        labels: Tensor,
        *,
        probabilities: bool = False,
    ) -> None:
        """outputs: ids and the names that are shown, in the module's order. main: which of them the
        metrics are of. labels: of the training samples. probabilities: the main output gives such,
        not the scores before them."""
        self._terms = [_Term(recipe.loss_of(output), classes, labels) for output in outputs]
        self._main = main
        self._classes = classes
        self._device = labels.device
        loss = self._terms[main].choice
        self._reading: Reading = "values" if probabilities else reading(loss)
        named = zip(names(recipe.metrics), recipe.metrics, strict=True)
        self._metrics = {name: choice for name, choice in named if fits(choice, loss)}
        cheap = {name: per_step(choice, self._reading) for name, choice in self._metrics.items()}
        self._cheap = {name: measure for name, measure in cheap.items() if measure is not None}
        self.parts = tuple(f"loss {name}" for name in outputs.values()) if len(outputs) > 1 else ()
        self.names = ("loss", *self.parts, *self._cheap)

    def __call__(self, heads: Sequence[Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The loss (0-d) of a batch x (N, *shape), y, and the losses of its parts, weighted."""
        parts = [term(head, term.target(x, y)) for term, head in zip(self._terms, heads, strict=True)]
        if len(parts) == 1:
            return parts[0], []
        return torch.stack(parts).sum(), parts

    def kept(self, heads: Sequence[Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        """What the metrics of this batch are computed from later: the main output, and what each
        compares it with."""
        if not self._cheap:
            return ()
        targets = (self.target(self._metrics[name], x, y) for name in self._cheap)
        return (heads[self._main].detach(), *targets)

    def measured(self, batches: Sequence[tuple[Tensor, ...]]) -> Tensor:
        """The metrics (batches, metrics) of what was kept of as many batches: those of one size all at
        once, which takes little longer than one of them alone."""
        rows = torch.empty((len(batches), len(self._cheap)))
        by_shape: dict[torch.Size, list[int]] = {}
        for at, (head, *_) in enumerate(batches):
            by_shape.setdefault(head.shape, []).append(at)
        for places in by_shape.values():
            head, *targets = (
                torch.stack(same) for same in zip(*(batches[at] for at in places), strict=True)
            )
            columns = [
                torch.vmap(measure)(head, target)
                for measure, target in zip(self._cheap.values(), targets, strict=True)
            ]
            rows[places] = torch.stack(columns, dim=1).float().cpu()
        return rows

    def totals(self) -> Totals:
        """Empty sums over a validation."""
        measures = {
            name: (
                choice,
                make_measure(choice, self._classes, self._device, self._reading),
            )
            for name, choice in self._metrics.items()
        }
        return Totals(self, measures)

    def main_head(self, heads: Sequence[Tensor]) -> Tensor:
        return heads[self._main]

    def target(self, choice: MetricChoice, x: Tensor, y: Tensor) -> Tensor:
        """What a metric compares the main output with."""
        return metric_target(choice, y, self._terms[self._main].target(x, y))


class Totals:
    """Loss and all metrics over many batches; waits for the device only in `compute`."""

    def __init__(
        self, objective: Objective, measures: Mapping[str, tuple[MetricChoice, Measure]]
    ) -> None:
        self._objective = objective
        self._measures = measures
        self._sums: list[Tensor] = []
        self._samples = 0

    def add(self, heads: Sequence[Tensor], x: Tensor, y: Tensor) -> None:
        loss, parts = self._objective(heads, x, y)
        self._sums.append(torch.stack([loss, *parts]) * len(x))
        self._samples += len(x)
        for choice, measure in self._measures.values():
            measure.update(self._objective.main_head(heads), self._objective.target(choice, x, y))

    def compute(self) -> dict[str, float]:
        """Means over all samples, by name; {} of none."""
        if not self._samples:
            return {}
        losses = (torch.stack(self._sums).sum(0) / self._samples).tolist()
        found = dict(zip(("loss", *self._objective.parts), losses, strict=True))
        return found | {name: measure.compute() for name, (_, measure) in self._measures.items()}
