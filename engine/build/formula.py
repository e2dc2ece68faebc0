"""Where a layer's number of parameters comes from: a sum of products, one product a tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engine.build.report import NodeShape
from engine.network.layers import complete
from engine.network.model import Node

#: What each axis of a learned tensor counts, in PyTorch's words, by kind and name of the tensor.
_AXES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("Conv2d", "weight"): ("out_channels", "in_channels", "kernel height", "kernel width"),
    ("Conv2d", "bias"): ("bias",),
    ("Linear", "weight"): ("out_features", "in_features"),
    ("Linear", "bias"): ("bias",),
    ("Embedding", "weight"): ("num_embeddings", "embedding_dim"),
    ("PositionalEmbedding", "weight"): ("max_length", "embedding_dim"),
    ("BatchNorm2d", "weight"): ("γ",),
    ("BatchNorm2d", "bias"): ("β",),
    ("LayerNorm", "weight"): ("γ",),
    ("LayerNorm", "bias"): ("β",),
    ("MultiheadAttention", "in_proj_weight"): ("query, key, value", "embed_dim"),
    ("MultiheadAttention", "in_proj_bias"): ("bias",),
    ("MultiheadAttention", "out_proj.weight"): ("embed_dim", "embed_dim"),
    ("MultiheadAttention", "out_proj.bias"): ("bias",),
}


@dataclass(frozen=True)
class Factor:
    """`name` says what it counts, in English: the GUI translates it."""

    name: str
    value: int


@dataclass(frozen=True)
class Formula:
    """The sum over `terms` of the product of each."""

    terms: tuple[tuple[Factor, ...], ...]

    @property
    def value(self) -> int:
        return sum(math.prod(factor.value for factor in term) for term in self.terms)

    @property
    def numbers(self) -> str:
        """Such as `64 × 32 × 3 × 3 + 64`."""
        return self._written([[f"{factor.value:,}" for factor in term] for term in self.terms])

    @property
    def names(self) -> str:
        """Such as `out_channels × in_channels × kernel height × kernel width + bias`."""
        return self._written([[factor.name for factor in term] for term in self.terms])

    @staticmethod
    def _written(terms: list[list[str]]) -> str:
        return " + ".join(" × ".join(term) for term in terms)


def parameter_formula(node: Node, shape: NodeShape) -> Formula | None:
    """None for a node that learns nothing, or whose tensors are not known, such as a block."""
    terms = []
    for tensor in shape.trainable:
        sizes = shape.weights[tensor]
        names = _AXES.get((node.kind, tensor), (tensor,) * len(sizes))
        terms.append(tuple(map(Factor, _grouped(node, tensor, names), sizes)))
    return Formula(tuple(terms)) if terms else None


def _grouped(node: Node, tensor: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """In a grouped convolution a kernel sees the channels of its own group only."""
    if (node.kind, tensor) != ("Conv2d", "weight") or complete(node)["groups"] == 1:
        return names
    return tuple("in_channels / groups" if name == "in_channels" else name for name in names)
