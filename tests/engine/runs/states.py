"""States as tests need them."""

from __future__ import annotations

import torch
from hypothesis import strategies as st

from engine.runs.state import State
from tests.engine.project.projects import texts

TYPES = [
    torch.float64,
    torch.float32,
    torch.float16,
    torch.bfloat16,
    torch.int64,
    torch.int32,
    torch.int16,
    torch.int8,
    torch.uint8,
    torch.bool,
]


def state(step: int, numbers: int = 100) -> State:
    """A state in which every number tells its step."""
    tensors = {
        "weights/a.weight": torch.full((numbers,), float(step)),
        "rng/cpu": torch.full((8,), step % 256, dtype=torch.uint8),
    }
    return State(tensors, {"step": step, "epoch": 1})


def same(one: State, other: State) -> bool:
    """Equal to the last bit, NaN included, and in the same types."""
    return (
        one.tensors.keys() == other.tensors.keys()
        and all(_same_bits(one.tensors[name], other.tensors[name]) for name in one.tensors)
        and repr(one.values) == repr(other.values)
    )


def _same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    return (
        one.dtype == other.dtype
        and one.shape == other.shape
        and bool((one.reshape(-1).view(torch.uint8) == other.reshape(-1).view(torch.uint8)).all())
    )


@st.composite
def tensors(draw: st.DrawFn) -> torch.Tensor:
    """Any bits in any type and shape."""
    kind = draw(st.sampled_from(TYPES))
    shape = draw(st.lists(st.integers(0, 4), max_size=4))
    count = int(torch.tensor(shape).prod()) if shape else 1
    size = count * kind.itemsize
    data = bytearray(draw(st.binary(min_size=size, max_size=size)))
    if kind is torch.bool:
        data = bytearray(byte & 1 for byte in data)
    if not count:
        return torch.empty(shape, dtype=kind)
    return torch.frombuffer(data, dtype=kind).reshape(shape)


numbers = st.integers(-(2**70), 2**70) | st.floats() | st.booleans()
json_values = st.recursive(
    st.none() | numbers | texts | st.sampled_from(["$number", "$"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts | st.sampled_from(["$number", "$$number", "$"]), inner, max_size=3)
    ),
    max_leaves=8,
)
names = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=9
)
states = st.builds(
    lambda tensors, values, step: State(tensors, {**values, "step": step}),
    st.dictionaries(names, tensors(), max_size=5),
    st.dictionaries(texts, json_values, max_size=4),
    st.integers(0, 2**53),
)
