"""What is summed up from one validation to the next: means of all scalars, and speed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Tally:
    """From `step` on; `sums` and `count` of what was added already."""

    def __init__(self, step: int, sums: Sequence[float] = (), count: int = 0) -> None:
        self._step = step
        self._sums = np.array(sums, np.float64)
        self._count = count
        self._begun = (time.perf_counter(), step + count)

    def add(self, values: NDArray[np.float32]) -> None:
        """values: (steps, scalars)."""
        total = values.sum(axis=0, dtype=np.float64)
        self._sums = self._sums + total if self._count else total
        self._count += len(values)

    def means(self) -> list[float]:
        return [float(value) for value in self._sums / max(self._count, 1)]

    def speed(self, step: int) -> float:
        """Steps a second."""
        begun, first = self._begun
        return (step - first) / max(time.perf_counter() - begun, 1e-9)

    def values(self) -> list[Any]:
        return [self._step, [float(value) for value in self._sums], self._count]
