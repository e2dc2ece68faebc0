"""torch.compile for the forward pass, where it works."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

#: x, and what receives every node's output -> what the losses take.
Heads = Callable[..., Sequence[Tensor]]


class Compiled:
    """Calls `heads` compiled while nobody looks on. Compiling needs a compiler and some seconds at the
    first batch; when it fails, `failed` is told why, once, and all goes on as without it."""

    def __init__(self, heads: Heads, failed: Callable[[str], None]) -> None:
        self._heads = heads
        self._failed = failed
        self._compiled: Heads | None = torch.compile(heads)

    def __call__(self, x: Tensor, keep: dict[str, Tensor] | None = None) -> Sequence[Tensor]:
        if keep is not None or self._compiled is None:
            return self._heads(x, keep)
        try:
            return self._compiled(x)
        except Exception as error:  # whatever a compiler throws
            self._compiled = None
            self._failed(str(error).strip().splitlines()[0] if str(error).strip() else repr(error))
            return self._heads(x)
