"""What a layer costs: arithmetic and memory, from its shapes alone.

Conventions, for one sample going forward:

- A multiply-add is 2 FLOPs. Adding a bias and the softmax inside attention are not counted, as in
  torch.utils.flop_counter. A function of one value, such as a sigmoid or a comparison, is 1 FLOP.
- Normalization counts what it does while training: mean 1, deviation 1, its square added up 2,
  division 1, and 1 each for γ and β, per value.
- Activations are the values that a node puts out: they are kept until the backward pass has used
  them. Flatten puts out none, it is a view of what came in. What a layer keeps inside, such as the
  queries of attention, is not counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.build.report import NodeShape, Shape
from engine.network.layers import complete
from engine.network.model import Node


@dataclass(frozen=True)
class Given:
    """What the cost of a layer follows from. Shapes are without the batch axis; an optional port
    that is free has the input None."""

    node: Node
    inputs: Sequence[Shape | None]
    output: Shape
    weights: Mapping[str, Shape]

    @property
    def size(self) -> int:
        return math.prod(self.output)

    def window(self) -> int:
        size = complete(self.node)["kernel_size"]
        assert isinstance(size, int | tuple)
        return size * size if isinstance(size, int) else math.prod(size)


def with_cost(node: Node, inputs: Sequence[Shape | None], shape: NodeShape) -> NodeShape:
    """`shape` with its FLOPs and activations filled in."""
    if shape.output is None:
        return shape
    given = Given(node, inputs, shape.output, shape.weights)
    return replace(shape, flops=flops(given), activations=activations(given))


def and_cost_of(total: NodeShape, shape: NodeShape) -> NodeShape:
    """`total` with the cost of one node more; unknown as soon as one of them is."""
    return replace(
        total,
        parameters=total.parameters + shape.parameters,
        flops=plus(total.flops, shape.flops),
        activations=plus(total.activations, shape.activations),
    )


def plus(first: int | None, second: int | None) -> int | None:
    """The sum; None, for unknown, when either is."""
    return None if first is None or second is None else first + second


def flops(given: Given) -> int | None:
    """Forward FLOPs of one sample; None for a layer whose arithmetic is not known."""
    count = _FLOPS.get(given.node.kind)
    return None if count is None else count(given)


def activations(given: Given) -> int:
    """Values of one sample that are kept for the backward pass."""
    return 0 if given.node.kind in VIEWS else given.size


def _none(given: Given) -> int:
    return 0


def _one_a_value(given: Given) -> int:
    return given.size


def _softmax(given: Given) -> int:
    return 3 * given.size  # the power, the sum, the division


def _sum(given: Given) -> int:
    return (len(given.inputs) - 1) * given.size


def _linear(given: Given) -> int:
    """The weight is applied at every place of the other axes."""
    return 2 * given.size * given.weights["weight"][1]


def _convolution(given: Given) -> int:
    """Each value put out is a sum over in_channels / groups × kernel height × kernel width."""
    return 2 * given.size * math.prod(given.weights["weight"][1:])


def _largest(given: Given) -> int:
    return (given.window() - 1) * given.size


def _mean(given: Given) -> int:
    return given.window() * given.size


def _adaptive_mean(given: Given) -> int:
    """PyTorch's windows reach from ⌊i·in/out⌋ to ⌈(i + 1)·in/out⌉, so they may overlap."""
    image = given.inputs[0]
    assert image is not None
    channels, *sizes = image
    for size, wanted in zip(sizes, given.output[1:], strict=True):
        channels *= sum(-(-(i + 1) * size // wanted) - i * size // wanted for i in range(wanted))
    return channels


def _normalization(given: Given) -> int:
    return (5 + len({"weight", "bias"} & given.weights.keys())) * given.size


def _attention(given: Given) -> int:
    """Projections of queries, keys, values and the result, then Q·Kᵀ and its product with V:
    2 (4 T d² + 2 T² d) where a sequence of length T attends to itself."""
    query = given.inputs[0]
    assert query is not None
    key = given.inputs[1] if len(given.inputs) > 1 and given.inputs[1] is not None else query
    length, width = query
    return 2 * (2 * (length + key[0]) * width**2 + 2 * length * key[0] * width)


_FLOPS: Mapping[str, Callable[[Given], int]] = {
    "Input": _none,
    "Linear": _linear,
    "Embedding": _none,
    "PositionalEmbedding": _one_a_value,
    "Conv2d": _convolution,
    "MaxPool2d": _largest,
    "AvgPool2d": _mean,
    "AdaptiveAvgPool2d": _adaptive_mean,
    "BatchNorm2d": _normalization,
    "LayerNorm": _normalization,
    "ReLU": _one_a_value,
    "LeakyReLU": _one_a_value,
    "GELU": _one_a_value,
    "Sigmoid": _one_a_value,
    "Tanh": _one_a_value,
    "Softmax": _softmax,
    "Dropout": _none,
    "MultiheadAttention": _attention,
    "Flatten": _none,
    "Add": _sum,
    "Concat": _none,
}

#: Layers whose output is their input, looked at in another way.
VIEWS = frozenset({"Flatten"})
