"""When more training no longer helps."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True)
class EarlyStopping:
    """The best validation so far and how many came after it. `as_json` and `EarlyStopping(**json)`
    are its way into a checkpoint and back. best: the smallest loss, None before the first; step: that
    of it."""

    best: float | None = None
    step: int = 0
    waited: int = 0

    def after(self, loss: float, step: int) -> Self:
        """The state after a validation. A loss that is no number is never the best."""
        if math.isfinite(loss) and (self.best is None or loss < self.best):
            return type(self)(loss, step)
        return type(self)(self.best, self.step, self.waited + 1)

    @property
    def is_best(self) -> bool:
        """Whether the latest validation was the best so far."""
        return self.best is not None and not self.waited

    def stops(self, patience: int) -> bool:
        """Whether the run is to end; patience 0: never."""
        return 0 < patience <= self.waited

    @property
    def as_json(self) -> dict[str, Any]:
        return asdict(self)
