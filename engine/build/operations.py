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


class PositionalEmbedding(nn.Module):
    """x (N, T, d) plus a learned vector for each of the places 0 … T - 1."""

    def __init__(self, max_length: int, embedding_dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(max_length, embedding_dim))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight[: x.shape[1]]


class MultiheadAttention(nn.MultiheadAttention):
    """torch's, over (N, T, d), giving the attended values alone. Without key and value the query
    attends to itself."""

    def __init__(
        self, embed_dim: int, num_heads: int, is_causal: bool, dropout: float, bias: bool
    ) -> None:
        super().__init__(embed_dim, num_heads, dropout=dropout, bias=bias, batch_first=True)
        self.is_causal = is_causal

    def forward(  # type: ignore[override]
        self, query: Tensor, key: Tensor | None = None, value: Tensor | None = None
    ) -> Tensor:
        return self._attend(query, key, value, need_weights=False)[0]

    def attention(
        self, query: Tensor | None, key: Tensor | None = None, value: Tensor | None = None
    ) -> Tensor:
        """How much each token takes of each other, (N, heads, T query, T key)."""
        assert query is not None
        weights = self._attend(query, key, value, need_weights=True)[1]
        assert weights is not None
        return weights

    def _attend(
        self, query: Tensor, key: Tensor | None, value: Tensor | None, *, need_weights: bool
    ) -> tuple[Tensor, Tensor | None]:
        key = query if key is None else key
        mask = None
        if self.is_causal:
            size = (query.shape[1], key.shape[1])
            mask = torch.ones(size, dtype=torch.bool, device=query.device).triu(1)
        return super().forward(
            query,
            key,
            key if value is None else value,
            attn_mask=mask,
            is_causal=self.is_causal,
            need_weights=need_weights,
            average_attn_weights=False,
        )
