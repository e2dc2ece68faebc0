"""Batch normalization by the statistics of the whole batch, of which each process has a part.

PyTorch's SyncBatchNorm does so on GPUs only.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm


def share_statistics(layer: nn.Module) -> nn.Module:
    """The layer, or what does its work in several processes; parameters and buffers stay the same."""
    if not isinstance(layer, _BatchNorm):
        return layer
    tensors = (*layer.parameters(), *layer.buffers())
    if tensors and all(tensor.is_cuda for tensor in tensors):
        synchronized: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(layer)
        return synchronized
    return SharedBatchNorm(layer)


class SharedBatchNorm(_BatchNorm):
    """What SyncBatchNorm is, on any device. sharing: whether each process has a part of the batch
    just now, or all of it."""

    def __init__(self, layer: _BatchNorm) -> None:
        super().__init__(
            layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats
        )
        for name, tensor in (*layer.named_parameters(), *layer.named_buffers()):
            setattr(self, name, tensor)
        self.train(layer.training)
        self.sharing = True

    def _check_input_dim(self, input: Tensor) -> None:
        """Shapes were checked when the network was drawn."""

    def forward(self, x: Tensor) -> Tensor:
        if not (self.training and self.sharing):
            return super().forward(x)
        values = x.float()
        others = [0, *range(2, x.dim())]
        shape = (1, -1, *(1,) * (x.dim() - 2))
        own = torch.full((1,), x.numel() / x.shape[1], device=x.device)
        # Two sums: with the mean known, the variance loses no digits.
        sums = _sum_over_processes(torch.cat([values.sum(others), own]))
        mean, count = sums[:-1] / sums[-1], sums[-1]
        centred = values - mean.view(shape)
        variance = _sum_over_processes(centred.square().sum(others)) / count
        self._remember(mean, variance * (count / (count - 1)))
        scale = (variance + self.eps).rsqrt()
        if self.affine:
            return (centred * (scale * self.weight).view(shape) + self.bias.view(shape)).to(x.dtype)
        return (centred * scale.view(shape)).to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.momentum is None:
            return
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
        if self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)


class _Sum(torch.autograd.Function):
    """The sum of a tensor over all processes. Each of them uses it, so its gradient is the sum of
    theirs."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        total = tensor.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        dist.all_reduce(total)
        return total


def _sum_over_processes(tensor: Tensor) -> Tensor:
    summed: Tensor = _Sum.apply(tensor)
    return summed
