"""An exponential moving average of the weights."""

from __future__ import annotations

import torch
from torch import nn


class Ema:
    """average ← decay · average + (1 − decay) · weights, after each update."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self._parameters = list(module.parameters())
        self.average = [parameter.detach().clone() for parameter in self._parameters]

    @torch.no_grad()
    def update(self) -> None:
        torch._foreach_lerp_(self.average, self._parameters, 1 - self.decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Weights and average change places; a second call puts them back."""
        for parameter, average in zip(self._parameters, self.average, strict=True):
            held = parameter.clone()
            parameter.copy_(average)
            average.copy_(held)
