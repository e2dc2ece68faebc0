"""Fixes: each that is offered is applied, trained for a step, and undone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from engine.build.diagnosis import Diagnosis
from engine.build.fix import Fix, Fixes
from engine.build.fixes import MOST_FIXES, find_fixes
from engine.build.fixes.rows import MoveBehind
from engine.build.module import NetworkModule
from engine.build.path import Path, find_path
from engine.build.report import ShapeReport
from engine.messages import FIXES, fill
from engine.network.block_edits import GroupNodes
from engine.network.edits import Disconnect, EditError, SetParameter
from engine.network.expand import expand
from engine.network.layers import LAYERS
from engine.network.model import Link, Network
from engine.project.project import Project
from engine.recipe.recipe import DataChoice
from tests.networks import add, chain, mlp, seed_cnn

diagnosis = Diagnosis()
MNIST, MOONS = "mnist-10k", "two-moons"
CLASSES = {MNIST: 10, MOONS: 2}
OUTPUT = ("Linear", {"out_features": 10})


def never() -> bool:
    return False


def find(network: Network, data: str = MNIST) -> tuple[ShapeReport, Fixes]:
    project = Project(network, data=DataChoice(source=data))
    report = diagnosis.of(project, {})
    fixes = find_fixes(project, report, diagnosis, never)
    assert fixes is not None
    return report, fixes


def titles(network: Network, data: str = MNIST) -> list[str]:
    """Of the fixes for the first problem."""
    report, fixes = find(network, data)
    return [fill(FIXES[fix.code][0], fix.values) for fix in fixes.of(report.problems[0])]


def set_to(network: Network, node: str, **values: Any) -> Network:
    for name, value in values.items():
        network = SetParameter(node, name, value).apply(network)
    return network


def residual(kernel: int = 3, channels: int = 4, stride: int = 1, padding: int = 1) -> Network:
    first = {"out_channels": 4, "padding": 1}
    second = {"out_channels": channels, "kernel_size": kernel, "stride": stride, "padding": padding}
    network = chain(("Input", {}), ("Conv2d", first), ("Conv2d", second), ("ReLU", {}))
    network, _ = add(network, "Add", "relu-1", "conv2d-1")
    network, _ = add(network, "Flatten", "add-1")
    return add(network, "Linear", "flatten-1", out_features=10)[0]


def joined(dim: int, stride: int = 1) -> Network:
    network = chain(("Input", {}), ("Conv2d", {"out_channels": 4, "padding": 1}))
    second = {"out_channels": 6, "padding": 1, "stride": stride}
    network, _ = add(network, "Conv2d", "input-1", **second)
    network, _ = add(network, "Concat", "conv2d-1", "conv2d-2", dim=dim)
    network, _ = add(network, "Flatten", "concat-1")
    return add(network, "Linear", "flatten-1", out_features=10)[0]


def without_link(network: Network, target: str) -> Network:
    links = frozenset(link for link in network.links if link.target == target)
    return Disconnect(links).apply(network)


def cyclic() -> Network:
    network = residual()
    return network.with_links([*network.links, Link("add-1", "add-1")])


def grouped() -> Network:
    """A residual block whose shortcut does not fit, repeated."""
    network = residual(channels=8)
    ids = frozenset({"conv2d-2", "relu-1", "add-1"})
    return GroupNodes(ids, "Residual").apply(network)


#: What is broken, the problem that is seen, and a fix that has to be among those offered.
BROKEN: dict[str, tuple[Network, str, str, str]] = {
    "no Flatten": (
        chain(("Input", {}), ("Conv2d", {}), ("ReLU", {}), OUTPUT),
        MNIST,
        "output_not_one_row",
        "Insert Flatten",
    ),
    "global pooling": (
        chain(("Input", {}), ("Conv2d", {}), OUTPUT, ("Softmax", {})),
        MNIST,
        "output_not_one_row",
        "Insert AdaptiveAvgPool2d + Flatten",
    ),
    "Flatten too early": (
        chain(("Input", {}), ("Flatten", {}), ("Conv2d", {}), ("ReLU", {}), OUTPUT),
        MNIST,
        "image_was_flattened",
        "Move Flatten 1 behind ReLU 1",
    ),
    "pooled away": (
        set_to(seed_cnn(), "maxpool2d-2", kernel_size=9),
        MNIST,
        "window_too_large",
        "MaxPool2d 2: kernel_size → 2",
    ),
    "window too wide": (
        set_to(seed_cnn(), "conv2d-3", kernel_size=(9, 3)),
        MNIST,
        "window_too_large",
        "Set padding to 2 × 0",
    ),
    "padding of a pooling": (
        set_to(seed_cnn(), "maxpool2d-1", padding=2),
        MNIST,
        "padding_too_large",
        "Set padding to 1",
    ),
    "groups": (
        set_to(seed_cnn(), "conv2d-2", groups=5),
        MNIST,
        "groups_do_not_divide",
        "Set groups to 4",
    ),
    "width of a shortcut": (
        residual(channels=8),
        MNIST,
        "branches_do_not_add",
        "Insert Conv2d 1 × 1 after Conv2d 1",
    ),
    "stride of a shortcut": (
        residual(channels=8, stride=2),
        MNIST,
        "branches_do_not_add",
        "Insert Conv2d 1 × 1, stride 2 after Conv2d 1",
    ),
    "border of a shortcut": (
        residual(padding=0),
        MNIST,
        "branches_do_not_add",
        "Conv2d 2: padding → 1",
    ),
    "inside a block": (
        grouped(),
        MNIST,
        "branches_do_not_add",
        "Conv2d 2: out_channels → 4",
    ),
    "wrong dim": (joined(2), MNIST, "branches_do_not_join", "Set dim to 1"),
    "halves": (
        joined(1, stride=2),
        MNIST,
        "branches_do_not_join",
        "Insert AdaptiveAvgPool2d after Conv2d 1",
    ),
    "classes": (
        set_to(seed_cnn(), "linear-2", out_features=7),
        MNIST,
        "outputs_unlike_classes",
        "Linear 2: out_features → 10",
    ),
    "size of the input": (
        set_to(seed_cnn(), "input-1", shape=(1, 32, 32)),
        MNIST,
        "input_unlike_data",
        "Set shape to 1 × 28 × 28",
    ),
    "axes of the input": (
        set_to(seed_cnn(), "input-1", shape=(28, 28)),
        MNIST,
        "wrong_axes",
        "Input 1: shape → 1 × 28 × 28",
    ),
    "no link": (without_link(seed_cnn(), "conv2d-2"), MNIST, "input_missing", "Link to MaxPool2d 1"),
    "loop": (cyclic(), MNIST, "cycle", "Unlink Add 1 → Add 1"),
    "two ends": (
        add(seed_cnn(), "Dropout", "relu-1")[0],
        MNIST,
        "several_outputs",
        "Delete Dropout 1",
    ),
    "two inputs": (
        add(mlp(), "Input", shape=(2,))[0],
        MOONS,
        "several_inputs",
        "Keep only Input 1",
    ),
    "only an Input": (chain(("Input", {})), MNIST, "no_output", "Add Flatten + Linear"),
    "an image at the end": (
        chain(("Input", {}), ("Conv2d", {})),
        MNIST,
        "no_output_layer",
        "Add Flatten + Linear",
    ),
    "nothing to learn": (
        chain(("Input", {"shape": (2,)}), ("Tanh", {})),
        MOONS,
        "nothing_to_learn",
        "Add Linear",
    ),
    "axis that is not there": (
        set_to(seed_cnn(), "softmax-1", dim=5),
        MNIST,
        "no_such_axis",
        "Set dim to 1",
    ),
    "the batch": (set_to(seed_cnn(), "softmax-1", dim=0), MNIST, "batch_axis", "Set dim to 1"),
    "out of range": (
        set_to(seed_cnn(), "conv2d-1", out_channels=0, kernel_size=-3),
        MNIST,
        "parameter_out_of_range",
        "Correct out_channels, kernel_size",
    ),
    "heads": (
        chain(
            ("Input", {"shape": (1, 28, 28)}),
            ("Flatten", {"end_dim": 2}),
            ("MultiheadAttention", {}),
            ("Flatten", {}),
            OUTPUT,
        ),
        MNIST,
        "heads_do_not_divide",
        "Set num_heads to 7",
    ),
}
each_broken = pytest.mark.parametrize("case", BROKEN)


def train_a_step(network: Network, data: str) -> None:
    """Forward and backward on random samples: PyTorch itself has the last word."""
    flat = expand(network).network
    report = diagnosis.of(Project(network, data=DataChoice(source=data)), {})
    path = find_path(flat)
    assert isinstance(path, Path)
    module = NetworkModule(flat, path, report)
    sample = report.nodes[path.order[0]].output
    assert sample is not None
    scores = module.scores(torch.randn(4, *sample))
    loss = functional.cross_entropy(scores, torch.arange(4) % CLASSES[data])
    loss.backward()
    assert all(p.grad is not None for group in module.trainable().values() for p in group)
    assert scores.shape == (4, CLASSES[data])


@each_broken
def test_the_expected_fix_is_offered(case: str) -> None:
    network, data, code, title = BROKEN[case]
    assert find(network, data)[0].problems[0].code == code
    offered = titles(network, data)
    assert title in offered
    assert len(set(offered)) == len(offered) <= MOST_FIXES


@each_broken
def test_every_fix_that_is_offered_trains(case: str) -> None:
    network, data, _, _ = BROKEN[case]
    report, fixes = find(network, data)
    for fix in fixes.of(report.problems[0]):
        fixed = fix.edit.apply(network)
        assert find(fixed, data)[0].problems == ()
        train_a_step(fixed, data)


@each_broken
def test_a_fix_says_what_it_does(case: str) -> None:
    network, data, _, _ = BROKEN[case]
    report, fixes = find(network, data)
    for fix in fixes.of(report.problems[0]):
        assert_has_words(fix)


def assert_has_words(fix: Fix) -> None:
    title, effect = (fill(template, fix.values) for template in FIXES[fix.code])
    assert "{" not in title + effect
    assert "?" not in effect or fix.code.startswith("set_")  # its input may still be unknown


@pytest.mark.parametrize(
    "case", ["width of a shortcut", "no Flatten", "global pooling", "inside a block"]
)
def test_new_cards_lie_on_none(case: str) -> None:
    """Cards at 88 units in a column, as they are drawn by hand."""
    network, data, _, _ = BROKEN[case]
    spaced = network.with_nodes(
        replace(node, x=0.0, y=128.0 * at) for at, node in enumerate(network.nodes.values())
    )
    report, fixes = find(spaced, data)
    for fix in fixes.of(report.problems[0]):
        nodes = list(fix.edit.apply(spaced).nodes.values())
        for at, node in enumerate(nodes):
            for other in nodes[at + 1 :]:
                apart = abs(node.x - other.x) >= 176 or abs(node.y - other.y) >= 48
                assert apart or node.block != other.block, (node, other)


def test_a_fix_in_a_block_stays_in_it() -> None:
    network = grouped()
    report, fixes = find(network)
    assert report.problems[0].node == "add-1"
    for fix in fixes.of(report.problems[0]):
        fixed = fix.edit.apply(network)
        for node_id in fixed.nodes.keys() - network.nodes.keys():
            assert fixed.nodes[node_id].block == "block-1"


def test_what_lay_hidden_behind_a_problem_does_not_hide_its_fixes() -> None:
    """Too few classes are seen once shapes are right; that is not the fix's fault."""
    network = set_to(seed_cnn(), "maxpool2d-2", kernel_size=9)
    network = set_to(network, "linear-2", out_features=7)
    assert "MaxPool2d 2: kernel_size → 2" in titles(network)
    network = chain(("Input", {}), ("Conv2d", {"kernel_size": 30}), ("ReLU", {}), OUTPUT)
    assert titles(network) == ["Set kernel_size to 28", "Set padding to 1", "Remove Conv2d 1"]


def test_a_fix_that_breaks_another_place_is_not_offered() -> None:
    """Without Flatten the image would reach the end; with kernel_size 1 the shortcut would not fit."""
    network, _, _, _ = BROKEN["Flatten too early"]
    assert "Remove Flatten 1" not in titles(network)


def test_it_stops_when_told() -> None:
    network, data, _, _ = BROKEN["pooled away"]
    project = Project(network, data=DataChoice(source=data))
    assert find_fixes(project, diagnosis.of(project, {}), diagnosis, lambda: True) is None


size = st.one_of(st.integers(1, 9), st.tuples(st.integers(1, 9), st.integers(1, 5)))
values = st.fixed_dictionaries(
    {
        "out_channels": st.integers(0, 6),
        "out_features": st.integers(1, 12),
        "kernel_size": size,
        "stride": st.integers(1, 3),
        "padding": st.integers(0, 3),
        "groups": st.integers(1, 3),
        "dim": st.integers(-4, 4),
        "end_dim": st.integers(-3, 3),
        "num_heads": st.integers(1, 5),
    }
)
kinds = st.sampled_from([kind for kind, layer in LAYERS.items() if layer.computes])
#: Kind, values, and where its links come from: counted back from the node.
node = st.tuples(kinds, values, st.lists(st.integers(1, 4), max_size=2))


@settings(max_examples=60, deadline=None)
@given(st.lists(node, min_size=1, max_size=7))
def test_every_fix_of_any_network_removes_its_problem(
    nodes: list[tuple[str, dict[str, Any], list[int]]],
) -> None:
    network = chain(("Input", {}))
    for kind, chosen, back in nodes:
        declared = {p.name: chosen[p.name] for p in LAYERS[kind].parameters if p.name in chosen}
        ids = list(network.nodes)
        sources = [ids[-step] for step in back if step <= len(ids)] if LAYERS[kind].inputs else []
        if not LAYERS[kind].takes_many:
            sources = sources[:1]
        network, _ = add(network, kind, *dict.fromkeys(sources), **declared)
    report, fixes = find(network)
    for problem in report.problems:
        for fix in fixes.of(problem):
            fixed = fix.edit.apply(network)
            left = find(fixed)[0].problems
            assert problem.key not in {found.key for found in left}
            assert_has_words(fix)


def test_nothing_is_moved_behind_the_way_out_of_a_block() -> None:
    """A BlockOutput has no port to go on from: such a move is refused, not an exception."""
    network = chain(("Input", {}), ("Conv2d", {}), ("ReLU", {}), ("Flatten", {}))
    network = GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Block").apply(network)
    out = next(node.id for node in network.nodes.values() if node.kind == "BlockOutput")
    with pytest.raises(EditError):
        MoveBehind("relu-1", out).apply(network)
