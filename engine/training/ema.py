"""An exponential moving average of the weights: often better than the latest ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor


class Ema:
    """Of `weights` by name, such as "conv2d-1.weight": those that are trained. Statistics of batches
    (buffers) are averages already. decay may change while a run goes on."""

    def __init__(self, weights: Mapping[str, Tensor], decay: float) -> None:
        self.decay = decay
        self._names = tuple(weights)
        self._live = [weights[name].detach() for name in self._names]
        self._averaged = [tensor.clone() for tensor in self._live]
        self._swapped = False

    @torch.no_grad()
    def update(self) -> None:
        """After an update of the optimizer: average ← decay · average + (1 − decay) · weight."""
        assert not self._swapped
        torch._foreach_lerp_(self._averaged, self._live, 1.0 - self.decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the network's weights and the averages; a second time puts all back."""
        kept = [tensor.clone() for tensor in self._live]
        torch._foreach_copy_(self._live, self._averaged)
        torch._foreach_copy_(self._averaged, kept)
        self._swapped = not self._swapped

    @property
    def swapped(self) -> bool:
        """Whether the network has the averages just now."""
        return self._swapped

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The network with the averages."""
        self.swap()
        try:
            yield
        finally:
            self.swap()

    def averages(self) -> Mapping[str, Tensor]:
        """The averages by name, wherever they are; no copies."""
        return dict(zip(self._names, self._live if self._swapped else self._averaged, strict=True))

    def weights(self) -> Mapping[str, Tensor]:
        """What the optimizer works on, by name, wherever it is; no copies."""
        return dict(zip(self._names, self._averaged if self._swapped else self._live, strict=True))

    def state(self) -> dict[str, Tensor]:
        """The averages, copied to the CPU, for `restore`."""
        return {name: tensor.to("cpu", copy=True) for name, tensor in self.averages().items()}

    @torch.no_grad()
    def restore(self, state: Mapping[str, Tensor]) -> None:
        for name, tensor in self.averages().items():
            tensor.copy_(state[name])
