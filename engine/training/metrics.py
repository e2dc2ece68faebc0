"""Scalars of every step, kept on the training device and fetched in bulk."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


class ScalarRing:
    """Room for `capacity` steps of (loss, accuracy). Writing never waits for the device."""

    def __init__(self, device: torch.device, capacity: int = 256) -> None:
        self._values = torch.zeros((capacity, 2), device=device)
        self._count = 0

    @property
    def full(self) -> bool:
        return self._count == len(self._values)

    def write(self, loss: Tensor, scores: Tensor, labels: Tensor) -> None:
        row = self._values[self._count]
        row[0] = loss
        row[1] = correct(scores, labels) / len(labels)
        self._count += 1

    def drain(self) -> NDArray[np.float32]:
        """All rows since the last call, (steps, 2): the one place that waits for the device."""
        values: NDArray[np.float32] = self._values[: self._count].cpu().numpy().copy()
        self._count = 0
        return values


def correct(scores: Tensor, labels: Tensor) -> Tensor:
    """How many of scores (N, classes) have their largest value at the label, as a 0-d tensor."""
    return (scores.argmax(dim=1) == labels).sum()
