"""Shapes against PyTorch's own, and problems that name their cause."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.build.layer import build_layer
from engine.build.path import Path, find_path, training_problems
from engine.build.shapes import ShapeInference
from engine.messages import sentence
from engine.network.edits import Disconnect, SetParameter
from engine.network.layers import LAYERS
from engine.network.model import Link, Network
from engine.network.problem import Problem
from tests.networks import add, chain, seed_cnn

infer = ShapeInference().report


def only_problem(network: Network) -> Problem:
    problems = infer(network).problems
    assert len(problems) == 1, problems
    return problems[0]


def test_the_seed_network() -> None:
    report = infer(seed_cnn())
    assert report.problems == ()
    assert report.parameters == 93_322
    assert report.nodes["conv2d-1"].output == (32, 26, 26)
    assert report.nodes["conv2d-1"].arguments == {"in_channels": 1}
    assert report.nodes["conv2d-2"].parameters == 64 * 32 * 9 + 64
    assert report.nodes["flatten-1"].output == (576,)
    assert report.nodes["softmax-1"].output == (10,)


size = st.one_of(st.integers(1, 4), st.tuples(st.integers(1, 4), st.integers(1, 4)))


@given(
    kind=st.sampled_from([kind for kind, layer in LAYERS.items() if layer.torch]),
    shape=st.tuples(st.integers(1, 6), st.integers(1, 12), st.integers(1, 12)),
    values=st.fixed_dictionaries(
        {
            "out_channels": st.integers(1, 8),
            "out_features": st.integers(1, 8),
            "kernel_size": size,
            "stride": size,
            "padding": st.integers(0, 2),
            "dilation": size,
            "groups": st.integers(1, 3),
            "dim": st.integers(-4, 4),
        }
    ),
)
def test_every_layer_has_the_shape_that_a_real_run_gives(
    kind: str, shape: tuple[int, int, int], values: dict[str, Any]
) -> None:
    """Either the real layer makes this very shape, or there is a problem and torch refuses too (but
    for axis 0, which torch accepts and which would mix samples)."""
    layer = LAYERS[kind]
    chosen = {p.name: values[p.name] for p in layer.parameters if p.name in values}
    network = chain(("Input", {"shape": shape}), (kind, chosen))
    node_id = list(network.nodes)[1]
    report = infer(network)
    problem = next(iter(report.problems), None)
    try:
        module = build_layer(network.nodes[node_id], (shape,))
        with torch.no_grad():
            output = module(torch.randn(3, *shape))
    except (RuntimeError, ValueError, IndexError, AssertionError):
        assert problem is not None
        return
    if problem is not None:
        # A layer of sequences asks for exactly one time axis where torch would broadcast.
        assert problem.code in ("batch_axis", "wrong_axes")
        return
    assert report.nodes[node_id].output == tuple(output.shape[1:])
    assert report.nodes[node_id].parameters == sum(p.numel() for p in module.parameters())


def test_a_convolution_behind_flatten_names_flatten() -> None:
    network = chain(("Input", {}), ("Flatten", {}), ("ReLU", {}), ("Conv2d", {}), ("ReLU", {}))
    problem = only_problem(network)
    assert (problem.code, problem.node, problem.cause) == (
        "image_was_flattened",
        "conv2d-1",
        "flatten-1",
    )
    assert "Flatten 1" in sentence(problem)


def test_an_image_too_small_names_the_pooling_that_shrank_it() -> None:
    network = SetParameter("maxpool2d-2", "kernel_size", 9).apply(seed_cnn())
    problem = only_problem(network)
    assert (problem.code, problem.node, problem.cause) == (
        "window_too_large",
        "conv2d-3",
        "maxpool2d-2",
    )


def test_branches_of_different_shape_are_named() -> None:
    network = chain(("Input", {}), ("Conv2d", {}))
    network, joint = add(network, "Add", "conv2d-1", "input-1")
    problem = only_problem(network)
    assert (problem.code, problem.node, problem.cause) == ("branches_do_not_add", joint, "input-1")
    assert "N × 32 × 26 × 26" in sentence(problem)
    assert "N × 1 × 28 × 28" in sentence(problem)


@pytest.mark.parametrize(
    ("kind", "parameters", "code"),
    [
        ("Conv2d", {"groups": 2}, "groups_do_not_divide"),
        ("MaxPool2d", {"kernel_size": 2, "padding": 2}, "padding_too_large"),
        ("Softmax", {"dim": 5}, "no_such_axis"),
        ("Softmax", {"dim": 0}, "batch_axis"),
        ("Flatten", {"start_dim": 3, "end_dim": 2}, "axes_in_wrong_order"),
        ("Linear", {"out_features": 2**31 - 1}, "layer_too_large"),
        ("Linear", {"out_features": -3}, "parameter_out_of_range"),
        ("Conv2d", {"kernel_size": "big"}, "parameter_not_size"),
    ],
)
def test_other_problems_have_their_own_words(kind: str, parameters: dict[str, Any], code: str) -> None:
    problem = only_problem(chain(("Input", {}), (kind, parameters)))
    assert problem.code == code
    assert "{" not in sentence(problem)


def test_an_unlinked_node_says_so_and_blames_nobody_else() -> None:
    network = seed_cnn()
    link = next(link for link in network.links if link.target == "conv2d-2")
    problem = only_problem(Disconnect(frozenset({link})).apply(network))
    assert (problem.code, problem.node) == ("input_missing", "conv2d-2")


def test_a_cycle_is_named_and_the_rest_still_has_shapes() -> None:
    network = seed_cnn()
    looped = network.with_links([*network.links, Link("relu-2", "conv2d-2")])
    report = infer(looped)
    assert report.problems[0].code == "cycle"
    assert report.nodes["maxpool2d-1"].output == (32, 13, 13)


def problems_with_mnist(network: Network) -> list[tuple[str, str | None, str | None]]:
    found = training_problems(network, infer(network), (1, 28, 28), 10, "MNIST")
    assert all("{" not in sentence(problem) for problem in found)
    return [(problem.code, problem.node, problem.cause) for problem in found]


def test_what_keeps_a_network_from_training() -> None:
    assert problems_with_mnist(seed_cnn()) == []
    assert problems_with_mnist(Network()) == [("no_input", None, None)]
    assert problems_with_mnist(chain(("Input", {}))) == [("no_output", "input-1", None)]
    few = SetParameter("linear-2", "out_features", 7).apply(seed_cnn())
    assert problems_with_mnist(few) == [("outputs_unlike_classes", "softmax-1", "linear-2")]
    other = SetParameter("input-1", "shape", (1, 32, 32)).apply(seed_cnn())
    assert problems_with_mnist(other) == [("input_unlike_data", "input-1", None)]
    image = chain(("Input", {}), ("Conv2d", {}), ("Linear", {"out_features": 10}))
    assert problems_with_mnist(image) == [("output_not_one_row", "linear-1", "linear-1")]
    idle = chain(("Input", {"shape": (10,)}), ("ReLU", {}))
    found = training_problems(idle, infer(idle), (10,), 10, "ten")
    assert [problem.code for problem in found] == ["nothing_to_learn"]


def test_nodes_that_hang_on_nothing_are_no_obstacle() -> None:
    network, _ = add(seed_cnn(), "Dropout")
    path = find_path(network)
    assert isinstance(path, Path)
    assert "dropout-1" not in path.order
    assert path.output == "softmax-1"
