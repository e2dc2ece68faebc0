"""The last good state of a run, and the way back to it from a loss that is no number.

Losses are fetched in bulk, so by the time a bad one is seen the run is up to some hundred steps past
it. Then the run goes back to the last good state and is repeated from there with every output and
gradient watched: the first that is not finite is named, and the run stands before that very step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.network.expand import expand
from engine.network.problem import Problem
from engine.training.finite import first_not_finite
from engine.training.ring import CAPACITY
from engine.training.standing import restore, take

if TYPE_CHECKING:
    from engine.runs.state import State
    from engine.training.trainer import Trainer

#: A larger state is not kept in memory beside the run: the way back is then the state on disk.
MOST_BYTES = 2**28


class Recovery:
    """Of one trainer."""

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer
        self._good: State | None = None
        self._looking = False

    def remember(self, *, now: bool = False) -> None:
        """All is well: from here the run could be repeated. Without `now` at most once in CAPACITY
        steps."""
        good, step = self._good, self._trainer.step
        if self._looking or (not now and good is not None and 0 <= step - good.step < CAPACITY):
            return
        size = sum(tensor.nbytes for tensor in self._trainer.module.state_dict().values())
        if 3 * size <= MOST_BYTES:
            self._good = take(self._trainer)

    def search(self, step: int, loss: float) -> Problem:
        """What is to be said of a loss at `step` that is not finite. The trainer then stands before
        the step that went bad first, if the run can be repeated; else it is left as it is."""
        trainer = self._trainer
        values: dict[str, object] = {
            "step": step,
            "value": str(loss),
            "learning_rate": f"{trainer.updates.rate:g}",
        }
        found = self._repeat(step) if self._good is not None else None
        if found is not None:
            kind, node, at = found
            return _problem(trainer, kind, node, values | {"step": at})
        kept: dict[str, Tensor] = {}
        with torch.no_grad():
            trainer.module.heads(trainer.batch[0], kept)
        problem = _problem(trainer, "output", first_not_finite(kept), values)
        if self._good is not None:
            restore(trainer, self._good)
        return problem

    def _repeat(self, step: int) -> tuple[str, str | None, int] | None:
        """Run again from the last good state up to `step`: whether an output or a gradient of which
        node went bad first, at which step. None when nothing does: not everything is repeatable on
        every device."""
        trainer = self._trainer
        assert self._good is not None
        self._looking = True
        try:
            restore(trainer, self._good)
            while trainer.step < step and not trainer.finished:
                before = take(trainer)
                found = trainer.examine()
                if found is not None:
                    at = trainer.step + 1
                    restore(trainer, before)
                    return (*found, at)
            return None
        finally:
            self._looking = False


def _problem(trainer: Trainer, kind: str, node: str | None, values: dict[str, object]) -> Problem:
    if node is None:
        return Problem("loss_not_finite", None, values=values)
    flat = expand(trainer.project.network)
    values["node"] = flat.network.nodes[node].name
    return Problem(f"{kind}_not_finite", flat.origin_of(node), values=values)
