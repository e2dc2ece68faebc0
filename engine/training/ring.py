"""Scalars of every step, kept on the training device and fetched in bulk."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

#: Steps between two fetches at most: so far a loss that is no number may lie back.
CAPACITY = 256


class ScalarRing:
    """Rows of 0-d tensors, one a step. Writing keeps a reference and waits for nothing."""

    def __init__(self) -> None:
        self._rows: list[tuple[Tensor, ...]] = []

    @property
    def full(self) -> bool:
        return len(self._rows) >= CAPACITY

    def write(self, *scalars: Tensor) -> None:
        self._rows.append(scalars)

    def drain(self) -> NDArray[np.float32]:
        """All rows since the last call, (steps, scalars): the one place that waits for the device."""
        rows, self._rows = self._rows, []
        if not rows:
            return np.empty((0, 0), np.float32)
        flat = torch.stack([scalar.float() for row in rows for scalar in row])
        values: NDArray[np.float32] = flat.reshape(len(rows), -1).cpu().numpy()
        return values
