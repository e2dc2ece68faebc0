"""A data set that lies on the training device, in batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data import Dataset


class ResidentData:
    """All samples as tensors on `device`; a batch is one indexed copy there, no worker, no queue."""

    def __init__(self, data: Dataset, device: torch.device, batch_size: int) -> None:
        self.train_x = _to(data.train_x, device)
        self.train_y = torch.from_numpy(data.train_y).to(device)
        self.val_x = _to(data.val_x, device)
        self.val_y = torch.from_numpy(data.val_y).to(device)
        self.batch_size = min(batch_size, len(self.train_x))
        self.device = device

    @property
    def steps_per_epoch(self) -> int:
        return -(-len(self.train_x) // self.batch_size)

    def epoch(self, seed: int, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches (x (n, *shape), y (n,)) in an order that follows from (seed, epoch) alone."""
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        order = torch.randperm(len(self.train_x), generator=generator).to(self.device)
        for index in order.split(self.batch_size):
            yield self.train_x[index], self.train_y[index]

    def validation(self, size: int = 500) -> Iterator[tuple[Tensor, Tensor]]:
        yield from zip(self.val_x.split(size), self.val_y.split(size), strict=True)


def _to(samples: NDArray[np.float32], device: torch.device) -> Tensor:
    tensor = torch.from_numpy(samples)
    if tensor.dim() == 4:  # convolutions read this layout fastest
        return tensor.to(device, memory_format=torch.channels_last)
    return tensor.to(device)
