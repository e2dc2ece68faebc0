"""The formula of a number of parameters gives that number, in PyTorch's words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.build.formula import Formula, parameter_formula
from engine.build.shapes import ShapeInference
from engine.network.model import Network
from tests.networks import chain, seed_cnn


def formula(network: Network) -> Formula | None:
    """Of the last node."""
    node = list(network.nodes.values())[-1]
    return parameter_formula(node, ShapeInference().report(network).nodes[node.id])


def after(shape: tuple[int, ...], kind: str, **parameters: Any) -> Formula | None:
    return formula(chain(("Input", {"shape": shape}), (kind, parameters)))


def test_the_second_convolution_of_the_seed_network() -> None:
    report = ShapeInference().report(seed_cnn())
    node = seed_cnn().nodes["conv2d-2"]
    found = parameter_formula(node, report.nodes["conv2d-2"])
    assert found is not None
    assert found.numbers == "64 × 32 × 3 × 3 + 64"
    assert found.names == "out_channels × in_channels × kernel height × kernel width + bias"
    assert found.value == report.nodes["conv2d-2"].parameters == 18_496


@pytest.mark.parametrize(
    ("shape", "kind", "parameters", "numbers", "names"),
    [
        ((20,), "Linear", {"out_features": 1000}, "1,000 × 20 + 1,000",
         "out_features × in_features + bias"),
        ((20,), "Linear", {"out_features": 3, "bias": False}, "3 × 20", "out_features × in_features"),
        ((6, 8, 8), "Conv2d", {"out_channels": 4, "groups": 2}, "4 × 3 × 3 × 3 + 4",
         "out_channels × in_channels / groups × kernel height × kernel width + bias"),
        ((6, 8, 8), "BatchNorm2d", {}, "6 + 6", "γ + β"),
        ((9, 16), "LayerNorm", {"bias": False}, "16", "γ"),
        ((9, 16), "PositionalEmbedding", {"max_length": 12}, "12 × 16", "max_length × embedding_dim"),
        ((9, 16), "MultiheadAttention", {"num_heads": 2}, "48 × 16 + 48 + 16 × 16 + 16",
         "query, key, value × embed_dim + bias + embed_dim × embed_dim + bias"),
    ],
)  # fmt: skip
def test_each_layer_that_learns(
    shape: tuple[int, ...], kind: str, parameters: dict[str, Any], numbers: str, names: str
) -> None:
    found = after(shape, kind, **parameters)
    assert found is not None
    assert (found.numbers, found.names) == (numbers, names)


@pytest.mark.parametrize("kind", ["ReLU", "MaxPool2d", "Flatten", "Dropout"])
def test_a_layer_that_learns_nothing_has_no_formula(kind: str) -> None:
    assert after((3, 8, 8), kind) is None


@settings(max_examples=25, deadline=None)
@given(
    groups=st.integers(1, 3),
    per_group=st.integers(1, 4),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    bias=st.booleans(),
)
def test_the_formula_gives_the_number(
    groups: int, per_group: int, kernel: tuple[int, int], bias: bool
) -> None:
    parameters = {"out_channels": 2 * groups, "groups": groups, "kernel_size": kernel, "bias": bias}
    network = chain(("Input", {"shape": (groups * per_group, 6, 6)}), ("Conv2d", parameters))
    found = formula(network)
    assert found is not None
    assert found.value == ShapeInference().report(network).nodes["conv2d-1"].parameters
