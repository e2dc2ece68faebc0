"""Tensor operations as modules, where torch.nn has none."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Add(nn.Module):
    """The sum of any number of tensors of one shape (or shapes that broadcast)."""

    def forward(self, *inputs: Tensor) -> Tensor:
        total = inputs[0]
        for tensor in inputs[1:]:
            total = total + tensor
        return total


class Concat(nn.Module):
    """Tensors joined along axis `dim`; every other axis must agree."""

    def __init__(self, dim: int = 1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, dim=self.dim)
