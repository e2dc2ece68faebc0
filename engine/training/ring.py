"""Scalars of every step, kept on the training device and fetched in bulk."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

#: Steps between two fetches at most: so far a loss that is no number may lie back.
CAPACITY = 256


#: Outputs that wait to be measured may need so much memory.
_KEPT_BYTES = 2**24

#: The metrics (steps, metrics) of what was kept of as many steps.
Measured = Callable[[Sequence[tuple[Tensor, ...]]], Tensor]


class ScalarRing:
    """Of each step its losses, 0-d tensors, and what its metrics are computed from. Writing keeps
    references and waits for nothing."""

    def __init__(self) -> None:
        self._losses: list[tuple[Tensor, ...]] = []
        self._kept: list[tuple[Tensor, ...]] = []
        self._bytes = 0

    @property
    def full(self) -> bool:
        return len(self._losses) >= CAPACITY or self._bytes > _KEPT_BYTES

    def write(self, losses: tuple[Tensor, ...], kept: tuple[Tensor, ...]) -> None:
        self._losses.append(losses)
        self._kept.append(kept)
        if kept:
            self._bytes += kept[0].nbytes

    def drain(self, measured: Measured) -> NDArray[np.float32]:
        """All steps since the last call, (steps, losses and metrics): the one place that waits for the
        device."""
        losses, kept = self._losses, self._kept
        self.clear()
        if not losses:
            return np.empty((0, 0), np.float32)
        flat = torch.stack([loss.float() for row in losses for loss in row])
        rows = flat.reshape(len(losses), -1).cpu()
        if kept[0]:
            rows = torch.cat([rows, measured(kept)], dim=1)
        values: NDArray[np.float32] = rows.numpy()
        return values

    def clear(self) -> None:
        self._losses, self._kept, self._bytes = [], [], 0
