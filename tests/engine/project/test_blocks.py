"""Blocks in files: they come back, and damaged ones are made a tree again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.build.diagnosis import Diagnosis
from engine.messages import sentence
from engine.network.block_edits import GroupNodes, OpenBlock, RaiseParameter
from engine.network.edits import SetParameter
from engine.network.expand import expand
from engine.network.model import DEEPEST, Network
from engine.project import limits
from engine.project.project import Project
from engine.project.project_file import Opened, read, write
from engine.project.schema import to_document
from engine.recipe.recipe import DataChoice, Recipe
from engine.training.trainer import Trainer, build_module
from tests.engine.network.graphs import check_whole
from tests.engine.project.archives import archive, document, link, node, opened, refused
from tests.networks import add, chain, points_project


def repeated() -> Project:
    """Points through three copies of x + Tanh(Linear(x))."""
    network = chain(("Input", {"shape": (2,)}), ("Linear", {"out_features": 4}))
    network, inner = add(network, "Linear", "linear-1", out_features=4)
    network, tanh = add(network, "Tanh", inner)
    network, joint = add(network, "Add", tanh, "linear-1")
    network, _ = add(network, "Linear", joint, out_features=2)
    network = GroupNodes(frozenset({inner, tanh, joint}), "Residual").apply(network)
    network = RaiseParameter("block-1", "width", ((inner, "out_features"),)).apply(network)
    network = SetParameter("block-1", "repeat", 3).apply(network)
    data = DataChoice(source="two-moons", settings={"samples": 200})
    return Project(network, Recipe(batch_size=10, epochs=1), data)


def codes(result: Opened) -> list[tuple[str, str | None]]:
    assert all(sentence(repair) for repair in result.repairs)
    return sorted((repair.code, repair.node) for repair in result.repairs)


def damaged(folder: Path, nodes: list[dict[str, Any]], *links: dict[str, Any]) -> Opened:
    """What opens, is whole, is diagnosed without an exception, and opens without repairs next time."""
    result = opened(folder, archive({**document(nodes, list(links)), "format_version": 2}))
    check_whole_file(result.project.network)
    Diagnosis().of(result.project, {})
    write(folder / "again.backlit", result.project, {})
    again = read(folder / "again.backlit")
    assert again.project == result.project
    assert {repair.code for repair in again.repairs} <= {"loose_port", "unknown_parameter"}
    return result


def check_whole_file(network: Network) -> None:
    """As after edits, but that loops, and ports beside the blocks, are left to the user."""
    loose = {n.id for n in network.nodes.values() if n.kind.startswith("Block") and not n.block}
    loose -= {n.id for n in network.nodes.values() if n.kind == "Block"}
    if not network.cycle and not loose:
        check_whole(network)


def block(block_id: str, around: str = "", **fields: Any) -> dict[str, Any]:
    return node(block_id, "Block", block=around, **fields)


# Saved and opened


def test_the_weights_of_every_copy_travel(tmp_path: Path) -> None:
    project = repeated()
    trainer = Trainer(project, {})
    for _ in range(5):
        trainer.advance()
    weights = trainer.weights()
    assert {"linear-2.weight", "linear-2@2.weight", "linear-2@3.bias"} <= weights.keys()
    assert not np.array_equal(weights["linear-2.weight"], weights["linear-2@3.weight"])
    write(tmp_path / "a.backlit", project, weights)
    result = read(tmp_path / "a.backlit")
    assert result.repairs == () and result.project == project
    assert weights.keys() == result.weights.keys()
    assert all(result.weights[key].tobytes() == weights[key].tobytes() for key in weights)
    module = build_module(result.project)
    module.load(result.weights)
    assert all(np.array_equal(t.numpy(), weights[key]) for key, t in module.weights().items())


def test_weights_of_copies_that_are_no_more_are_told(tmp_path: Path) -> None:
    project = repeated()
    weights = Trainer(project, {}).weights()
    fewer = SetParameter("block-1", "repeat", 2).apply(project.network)
    write(tmp_path / "a.backlit", Project(fewer), weights)
    found = read(tmp_path / "a.backlit").repairs
    assert {repair.values["weight"] for repair in found} == {"linear-2@3.weight", "linear-2@3.bias"}


def test_what_a_block_says_is_written_only_where_it_is_said() -> None:
    """A network without blocks reads as it did before there were any."""
    fields = {"block", "open", "raised"}
    plain = to_document(points_project())["network"]["nodes"]
    assert all(not fields & set(part) for part in plain)
    network = OpenBlock("block-1", True).apply(repeated().network)
    found = {part["id"]: part for part in to_document(Project(network))["network"]["nodes"]}
    assert found["linear-2"]["block"] == "block-1" and "block" not in found["block-1"]
    assert found["block-1"]["open"] is True and "open" not in found["linear-2"]
    assert found["block-1"]["raised"] == {"width": [["linear-2", "out_features"]]}


# Damaged


def test_case_13_blocks_in_themselves_come_out(tmp_path: Path) -> None:
    """What lies in them else stays: the loop is cut in one place."""
    result = damaged(
        tmp_path, [node("in", block="a"), block("a", "b"), block("b", "a"), block("c", "c")]
    )
    assert codes(result) == [("not_in_block", "a"), ("not_in_block", "c")]
    lies = {n.id: n.block for n in result.project.network.nodes.values()}
    assert lies == {"in": "a", "a": "", "b": "a", "c": ""}


def test_case_13_a_long_circle_of_blocks(tmp_path: Path) -> None:
    names = [f"b{n}" for n in range(40)]
    circle = [block(name, names[n - 1]) for n, name in enumerate(names)]
    damaged(tmp_path, circle)


def test_case_11_nodes_in_blocks_that_are_none(tmp_path: Path) -> None:
    nodes = [node("a", block="nobody"), node("b", block="a"), block("c"), node("d", block="c")]
    result = damaged(tmp_path, nodes, link("a", "b"), link("d", "a"))
    assert codes(result) == [
        ("link_across_blocks", "a"),
        ("not_in_block", "a"),
        ("not_in_block", "b"),
    ]
    assert [ends.touches for ends in result.project.network.links] == [("a", "b")]


def test_case_05_deep_blocks(tmp_path: Path) -> None:
    """As deep as edits allow opens as it is; what lies deeper comes out."""
    deep = [block(f"b{n}", f"b{n - 1}" if n else "") for n in range(DEEPEST)]
    assert damaged(tmp_path, [*deep, node("a", block=f"b{DEEPEST - 1}")]).repairs == ()
    deeper = [block(f"b{n}", f"b{n - 1}" if n else "") for n in range(500)]
    result = damaged(tmp_path, [*deeper, node("a", block="b499")])
    assert len(result.repairs) == 29  # every 17th


def test_case_11_links_to_ports_that_are_none(tmp_path: Path) -> None:
    nodes = [
        node("x"),
        block("a"),
        node("i", "BlockInput", block="a"),
        node("o", "BlockOutput", block="a"),
        block("b"),
        node("other", "BlockInput", block="b"),
    ]
    wrong = [
        link("x", "a"),
        link("x", "a", target_port="o"),
        link("x", "a", target_port="other"),
        link("x", "a", target_port="x"),
        link("a", "x"),
        link("a", "x", "i"),
        link("x", "i"),
        link("i", "x"),
        link("o", "i"),
        link("i", "o", target_port="no"),
    ]
    good = [link("x", "a", target_port="i"), link("i", "o"), link("a", "b", "o", "other")]
    result = damaged(tmp_path, nodes, *wrong, *good)
    assert len(result.project.network.links) == 3
    assert [code for code, _ in codes(result)] == [
        *["link_across_blocks"] * 2,
        *["link_without_port"] * 8,
    ]
    port_twice = damaged(
        tmp_path, [*nodes, node("y")], good[0], link("y", "a", target_port="i"), good[0]
    )
    assert [code for code, _ in codes(port_twice)] == ["link_twice", "port_taken"]


def test_case_12_a_circle_of_blocks_is_named(tmp_path: Path) -> None:
    nodes: list[dict[str, Any]] = []
    for name in "ab":
        nodes += [block(name), node(f"{name}r", block=name)]
        nodes += [
            node(f"{name}i", "BlockInput", block=name),
            node(f"{name}o", "BlockOutput", block=name),
        ]
    inner = [link(f"{name}i", f"{name}r") for name in "ab"]
    inner += [link(f"{name}r", f"{name}o") for name in "ab"]
    around = [link("a", "b", "ao", "bi"), link("b", "a", "bo", "ai")]
    result = damaged(tmp_path, nodes, *inner, *around)
    assert result.repairs == ()
    report = Diagnosis().of(result.project, {})
    assert "cycle" in [problem.code for problem in report.problems]
    # With nothing in between that computes there is no cycle, and no value either.
    empty = [n for n in nodes if not n["id"].endswith("r")]
    through = [link(f"{name}i", f"{name}o") for name in "ab"]
    assert damaged(tmp_path, empty, *through, *around).repairs == ()


def test_ports_beside_the_blocks_are_told(tmp_path: Path) -> None:
    nodes = [node("i", "BlockInput"), node("a"), node("o", "BlockOutput", block="nobody")]
    result = damaged(tmp_path, nodes, link("i", "a"), link("a", "o"))
    assert codes(result) == [("loose_port", "i"), ("loose_port", "o"), ("not_in_block", "o")]
    assert len(result.project.network.links) == 2


@pytest.mark.parametrize(
    "raised",
    [
        {"w": [["nobody", "x"]]},
        {"w": [["beside", "x"]]},
        {"w": [["a", "x"]]},
        {"w": [["inside", "x"], ["beside", "x"]]},
        {"w": []},
    ],
)
def test_faces_of_nothing_are_dropped(tmp_path: Path, raised: dict[str, Any]) -> None:
    kept = {"kept": [["inside", "out_features"]]}
    nodes = [block("a", raised={**raised, **kept}), node("inside", "Linear", block="a"), node("beside")]
    result = damaged(tmp_path, nodes)
    assert codes(result) == [("raised_without_node", "a")]
    face = {"kept": (("inside", "out_features"),)}
    assert result.project.network.nodes["a"].raised == face


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"block": 5}, "block"),
        ({"block": None}, "block"),
        ({"open": 1}, "open"),
        ({"raised": []}, "raised"),
        ({"raised": {"a": [["x"]]}}, "raised/a/0"),
        ({"raised": {"a": [["x", 1]]}}, "raised/a/0/1"),
        ({"raised": {str(n): [] for n in range(limits.PARAMETERS_PER_NODE + 1)}}, "raised"),
    ],
)
def test_case_10_values_of_another_kind(tmp_path: Path, fields: dict[str, Any], place: str) -> None:
    problem = refused(tmp_path, archive(document([node("a", "Block", **fields)])))
    assert problem.place == f"project.json/network/nodes/0/{place}"


@pytest.mark.parametrize("repeat", [0, -1, 10**12, 2**53, 1.5, "3", None, [3], True, {"a": 1}])
def test_case_10_repeats(tmp_path: Path, repeat: object) -> None:
    """Twelve deep, each repeated so often: told, and done in a moment."""
    nodes = [block("b0", parameters={"repeat": repeat})]
    nodes += [block(f"b{n}", f"b{n - 1}", parameters={"repeat": repeat}) for n in range(1, 12)]
    nodes += [node("a", block="b11"), node("i", "Input")]
    started = time.process_time()
    result = damaged(tmp_path, nodes)
    report = Diagnosis().of(result.project, {})
    assert time.process_time() - started < 3
    assert {problem.node for problem in report.problems} & {f"b{n}" for n in range(12)}
    assert all(sentence(problem) for problem in report.problems)
    assert len(expand(result.project.network).network.nodes) <= 2


def test_many_blocks_and_faces_are_read_in_a_moment(tmp_path: Path) -> None:
    deep = [block(f"b{n}", f"b{n - 1}" if n else "") for n in range(15)]
    many = [node(f"n{n}", block="b14") for n in range(4_000)]
    targets = {str(n): [["n1", "x"]] * 100 for n in range(100)}
    deep[0]["raised"] = targets
    started = time.process_time()
    assert damaged(tmp_path, [*deep, *many]).repairs == ()
    assert time.process_time() - started < 5
