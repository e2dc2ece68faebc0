"""A batch shared among processes, and its outputs brought together again.

Every process has the whole batch and computes its part of the outputs; then each gets the parts of all
others. So losses and metrics of any kind, also those that are no mean over samples (class weights,
pairs, perplexity), come out as one process would have them, and equal in all processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from engine.build.module import NetworkModule
from engine.distributed.statistics import SharedBatchNorm

#: A smaller part would be none, or a single sample, which cannot be normalized.
_FEWEST = 2


class SharedHeads:
    """`NetworkModule.heads` for all processes at once."""

    def __init__(self, module: NetworkModule) -> None:
        self._module = module
        self._rank, self._size = dist.get_rank(), dist.get_world_size()
        self._wrapped: nn.Module = _Heads(module)
        if any(parameter.requires_grad for parameter in module.parameters()):
            # Buffers are equal in all processes without it.
            self._wrapped = DistributedDataParallel(self._wrapped, forward_sync_buffers=False)
        self._normalizations = [layer for layer in module.layers if isinstance(layer, SharedBatchNorm)]

    def __call__(self, x: Tensor, keep: dict[str, Tensor] | None = None) -> Sequence[Tensor]:
        learns = self._module.training and torch.is_grad_enabled()
        run = self._wrapped if learns else self._module.heads
        bounds = _bounds(len(x), self._size)
        shared = len(x) >= self._size * _FEWEST
        for layer in self._normalizations:
            layer.sharing = shared
        if not shared:  # every process does all of it, and the mean of their gradients is the same
            return tuple(run(x, keep))
        part = x[bounds[self._rank] : bounds[self._rank + 1]]
        return tuple(_Whole.apply(head, bounds, self._rank) for head in run(part, keep))


class _Heads(nn.Module):
    """What DistributedDataParallel wraps: it watches `forward`, and training runs `heads`."""

    def __init__(self, module: NetworkModule) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor, keep: dict[str, Tensor] | None) -> tuple[Tensor, ...]:
        return self.module.heads(x, keep)


class _Whole(torch.autograd.Function):
    """The outputs of all processes from those of each, rows in the order of the batch.

    Backward, a process is given the gradient of the loss of the whole batch for its own rows. Their
    contributions to the parameters are to be summed, and DistributedDataParallel takes the mean: so
    they are scaled by the number of processes."""

    @staticmethod
    def forward(ctx: Any, head: Tensor, bounds: Sequence[int], rank: int) -> Tensor:
        ctx.rows = slice(bounds[rank], bounds[rank + 1])
        ctx.size = len(bounds) - 1
        counts = [after - before for before, after in pairwise(bounds)]
        most = max(counts)
        own = head.new_zeros((most, *head.shape[1:]))
        own[: len(head)] = head
        parts = [torch.empty_like(own) for _ in counts]
        dist.all_gather(parts, own)
        return torch.cat([part[:count] for part, count in zip(parts, counts, strict=True)])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return gradients[0][ctx.rows] * ctx.size, None, None


def _bounds(samples: int, parts: int) -> list[int]:
    """Where each part of a batch begins, and its end: sizes differ by one at most."""
    return [samples * part // parts for part in range(parts + 1)]
