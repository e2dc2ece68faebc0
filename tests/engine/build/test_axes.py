"""What the axes of a tensor count, on every link."""

from __future__ import annotations

from typing import Any

import pytest

from engine.build.diagnosis import Diagnosis
from engine.build.shapes import ShapeInference
from engine.network.block_edits import GroupNodes
from engine.network.model import Network
from engine.project.project import Project
from tests.networks import add, chain, seed_cnn


def axes_of(network: Network) -> dict[str, tuple[str, ...]]:
    report = ShapeInference().report(network)
    assert report.problems == ()
    return {node_id: shape.axes for node_id, shape in report.nodes.items()}


def last(*items: tuple[str, dict[str, Any]]) -> tuple[str, ...]:
    network = chain(*items)
    return axes_of(network)[list(network.nodes)[-1]]


def test_an_image_becomes_features() -> None:
    axes = axes_of(seed_cnn())
    image = ("channel", "height", "width")
    assert axes["input-1"] == axes["conv2d-1"] == axes["relu-3"] == image
    assert axes["flatten-1"] == axes["linear-2"] == axes["softmax-1"] == ("feature",)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([("Input", {"shape": (2,)}), ("Linear", {})], ("feature",)),
        ([("Input", {"shape": (7,), "dtype": "int64"})], ("time",)),
        ([("Input", {"shape": (7,), "dtype": "int64"}), ("Embedding", {})], ("time", "feature")),
        (
            [
                ("Input", {"shape": (7,), "dtype": "int64"}),
                ("Embedding", {}),
                ("PositionalEmbedding", {}),
                ("MultiheadAttention", {}),
                ("LayerNorm", {}),
                ("Linear", {}),
            ],
            ("time", "feature"),
        ),
        ([("Input", {}), ("Linear", {})], ("channel", "height", "feature")),
        ([("Input", {}), ("Flatten", {"start_dim": 2})], ("channel", "position")),
        ([("Input", {}), ("Flatten", {"end_dim": 2})], ("feature", "width")),
        ([("Input", {}), ("Flatten", {"start_dim": 3})], ("channel", "height", "width")),
        ([("Input", {"shape": (2, 3, 4, 5)}), ("Dropout", {})], ("", "", "", "")),
    ],
)
def test_meaning_is_carried_on(
    items: list[tuple[str, dict[str, Any]]], expected: tuple[str, ...]
) -> None:
    assert last(*items) == expected


def test_joints_keep_it() -> None:
    network = chain(("Input", {}), ("Conv2d", {"padding": 1}))
    network, joint = add(network, "Concat", "conv2d-1", "input-1")
    assert axes_of(network)[joint] == ("channel", "height", "width")


def test_the_links_around_a_block_have_it_too() -> None:
    network = GroupNodes(frozenset({"flatten-1", "linear-1"}), "Head").apply(seed_cnn())
    report = Diagnosis().of(Project(network=network), {})
    for link in network.links:
        shape = report.shape_on(link)
        assert shape is not None
        assert len(report.axes_on(link)) == len(shape)
        assert "" not in report.axes_on(link)
