"""A data set that lies on the training device, in batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data import Dataset

Batch = tuple[Tensor, Tensor]

#: Samples of the coming batches are gathered together: one call instead of one a step.
_CHUNK_BATCHES, _CHUNK_BYTES = 64, 2**25


class ResidentData:
    """All samples as tensors on `device`; a batch is a piece of a gathered chunk, no worker, no queue.

    share: part of the training samples that is held back for validation instead of the split that
    the data comes with; 0: that split."""

    def __init__(self, data: Dataset, device: torch.device, share: float = 0.0, seed: int = 0) -> None:
        data = _split(data, share, seed)
        self.train_x = _to(data.train_x, device)
        self.train_y = torch.from_numpy(data.train_y).to(device)
        self.val_x = _to(data.val_x, device)
        self.val_y = torch.from_numpy(data.val_y).to(device)
        self.device = device

    @property
    def samples(self) -> int:
        return len(self.train_x)

    def validation(self, size: int = 500) -> Iterator[Batch]:
        yield from zip(self.val_x.split(size), self.val_y.split(size), strict=True)


class Epoch:
    """One way through the training samples, in an order that follows from (seed, epoch) alone.
    `position`: how many samples are done."""

    def __init__(
        self, data: ResidentData, seed: int, epoch: int, position: int = 0, *, shuffle: bool = True
    ) -> None:
        self._data = data
        self.position = position
        if shuffle:
            generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
            self._order = torch.randperm(data.samples, generator=generator).to(data.device)
        else:
            self._order = torch.arange(data.samples, device=data.device)
        self._chunk: Batch = (data.train_x[:0], data.train_y[:0])
        self._start = position

    @property
    def left(self) -> int:
        """Samples that are still to come."""
        return self._data.samples - self.position

    def take(self, size: int) -> Batch:
        """The next x (n, *shape), y (n,) with n = size, or fewer at the end."""
        size = min(size, self.left)
        first = self.position - self._start
        if first + size > len(self._chunk[0]):
            self._gather(size)
            first = 0
        self.position += size
        x, y = self._chunk
        return x[first : first + size], y[first : first + size]

    def _gather(self, size: int) -> None:
        x = self._data.train_x
        sample_bytes = max(x[:1].nbytes, 1)
        batches = min(max(_CHUNK_BYTES // (sample_bytes * size), 1), _CHUNK_BATCHES)
        index = self._order[self.position : self.position + size * batches]
        self._chunk = (x[index], self._data.train_y[index])
        self._start = self.position


def _split(data: Dataset, share: float, seed: int) -> Dataset:
    if not share:
        return data
    order = np.random.default_rng(seed).permutation(len(data.train_x))
    held = max(1, round(len(order) * share))
    kept, back = np.sort(order[held:]), np.sort(order[:held])
    return Dataset(data.train_x[kept], data.train_y[kept], data.train_x[back], data.train_y[back])


def _to(samples: NDArray[np.float32], device: torch.device) -> Tensor:
    tensor = torch.from_numpy(samples)
    if tensor.dim() == 4:  # convolutions read this layout fastest
        return tensor.to(device, memory_format=torch.channels_last)
    return tensor.to(device)
