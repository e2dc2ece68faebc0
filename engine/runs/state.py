"""Everything that decides how a run goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass(frozen=True)
class State:
    """A run between two steps: with equal torch, machine and thread count, what follows from it is
    equal to the last bit (on the CPU).

    tensors: copies on the CPU, by names such as "weights/conv2d-1.weight", "optimizer/0/exp_avg",
        "ema/conv2d-1.weight", "rng/cpu".
    values: what JSON can hold: "step", "epoch", "position" (samples of the epoch that are done) ...
    """

    tensors: Mapping[str, Tensor] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> int:
        return int(self.values["step"])

    @property
    def bytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors.values())
