"""Where steps lie on the timeline."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Scale:
    """Steps 0 … newest between two x. Recorded states are spaced evenly in log(step), since a network
    changes most at the beginning; so is the scale, unless it is to be linear."""

    newest: int
    left: float
    right: float
    linear: bool = False

    def x(self, step: float) -> float:
        return self.left + self._share(step) * (self.right - self.left)

    def xs(self, steps: NDArray[Any]) -> NDArray[np.float64]:
        """x of steps, (n,)."""
        whole = max(self.newest, 1)
        shares = steps / whole if self.linear else np.log1p(steps) / math.log1p(whole)
        return self.left + shares * (self.right - self.left)

    def step(self, x: float) -> float:
        """The step at x, within the scale."""
        share = (x - self.left) / max(self.right - self.left, 1.0)
        share = min(max(share, 0.0), 1.0)
        whole = max(self.newest, 1)
        return share * whole if self.linear else math.expm1(share * math.log1p(whole))

    def nearest(self, x: float, steps: Sequence[int]) -> int | None:
        """The place in `steps` (ascending) of the one that is drawn closest to x."""
        if not steps:
            return None
        at = bisect.bisect_left(steps, self.step(x))
        around = range(max(at - 1, 0), min(at + 1, len(steps)))
        return min(around, key=lambda place: abs(self.x(steps[place]) - x), default=len(steps) - 1)

    def labelled(self) -> list[int]:
        """The steps to write below the scale, the most important first; not all may have room."""
        whole = max(self.newest, 1)
        if not self.linear:
            return [
                0,
                *(10**power for power in range(len(str(whole)) - 1, -1, -1) if 10**power < whole),
            ]
        unit = 10 ** (len(str(whole)) - 1)
        unit = unit // 2 if whole < 2 * unit and unit > 1 else unit
        return list(range(0, whole + 1, max(unit, 1)))

    def _share(self, step: float) -> float:
        whole = max(self.newest, 1)
        step = min(max(step, 0.0), whole)
        return step / whole if self.linear else math.log1p(step) / math.log1p(whole)


def short(step: int) -> str:
    """A step below the scale: 200, 20k, 3M."""
    for unit, letter in ((10**6, "M"), (10**3, "k")):
        if step >= unit and step % (unit // 10) == 0:
            return f"{step / unit:g}{letter}"
    return str(step)
