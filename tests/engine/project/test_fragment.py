"""Nodes as text on the clipboard: what was copied comes back, and what is hostile does no harm."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.messages import sentence
from engine.network.block_edits import GroupNodes
from engine.network.copies import cut_out
from engine.network.model import Network, Node
from engine.network.problem import Problem
from engine.project import limits
from engine.project.errors import FileProblem
from engine.project.fragment import FORMAT, from_text, to_text
from engine.project.migrate import VERSION
from tests.engine.project.projects import json_values, networks
from tests.networks import mlp, seed_cnn

CALM = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NODE = '{"id": "a", "kind": "ReLU", "name": "a"}'


def text(nodes: str = NODE, version: object = VERSION, more: str = "") -> str:
    """A fragment written by hand."""
    version = json.dumps(version)
    return f'{{"format": "{FORMAT}", "format_version": {version}, "nodes": [{nodes}]{more}}}'


def problem_in(pasted: str) -> Problem:
    found = from_text(pasted)
    assert isinstance(found, Problem)
    assert len(sentence(found)) < 500
    return found


@given(networks())
@CALM
def test_any_network_comes_back(network: Network) -> None:
    found = from_text(to_text(network))
    assert isinstance(found, Network)
    assert found.nodes == network.nodes and list(found.nodes) == list(network.nodes)
    assert found.links == network.links
    assert to_text(found) == to_text(network)  # tells 1 from 1.0 and True


def test_a_block_comes_back_with_its_inside() -> None:
    network = GroupNodes(frozenset({"linear-1", "tanh-1"}), "Stem").apply(mlp())
    fragment = cut_out(network, {"block-1"})
    assert from_text(to_text(fragment)) == fragment


def test_a_part_of_a_block_comes_back_at_the_top() -> None:
    network = GroupNodes(frozenset({"linear-1", "tanh-1"}), "Stem").apply(mlp())
    found = from_text(to_text(cut_out(network, {"tanh-1"})))
    assert isinstance(found, Network) and found.nodes["tanh-1"].block == ""


def test_the_text_is_for_people_too() -> None:
    """It goes through mails and editors, which may change its ends of line and what is around it."""
    copied = to_text(seed_cnn())
    assert json.loads(copied)["format"] == FORMAT
    assert from_text("\n\n  " + copied.replace("\n", "\r\n") + "\t ") == seed_cnn()


@pytest.mark.parametrize(
    "foreign",
    ["", "Conv2d 1", "{}", "[]", "null", '{"format": "backlit", "network": {}}', f"see {FORMAT}", "\0"],
)
def test_other_text_is_no_fragment(foreign: str) -> None:
    assert problem_in(foreign).code == "no_fragment"


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (text()[:-3], "line 1"),
        (text('{"id": "a"}'), "nodes/0/kind"),
        (text(NODE + "," + NODE), "used twice"),
        (text(version=VERSION + 1), str(VERSION + 1)),
        (text(version=1), "version 1"),
        (text(version=-1), "-1"),
        (text(version="2"), "whole number"),
        (text(version=None), "whole number"),
        (text(version=True), "whole number"),
        (text().replace(f'"format_version": {VERSION}, ', ""), "format_version"),
        (text("[" * 100_000 + "]" * 100_000), "nested"),
        (text(more=', "x": ' + '{"a":' * 70 + "1" + "}" * 70), "nested"),
        (text('{"id": "a", "kind": "ReLU", "position": [NaN, 0]}'), "NaN"),
        (text('{"id": "a", "kind": "ReLU", "position": [Infinity, 0]}'), "Infinity"),
        (text('{"id": "a", "kind": "ReLU", "position": [1e999, 0]}'), "1e999"),
        (text('{"id": "a", "kind": "ReLU", "position": "left"}'), "position"),
        (text('{"id": "a", "id": "b", "kind": "ReLU"}'), "twice"),
        (text('{"id": "a", "kind": "ReLU", "name": "' + "x" * 30_000 + '"}'), "characters"),
        (text('{"id": "a", "kind": "ReLU", "name": "\\ud800"}'), "characters"),
        (text('{"id": "a", "kind": "ReLU", "parameters": {"p": 99999999999999999999}}'), "large"),
        (text(more=', "links": {"from": 1}'), "links"),
        (text("1"), "nodes/0"),
    ],
)
def test_damaged_text_says_where_and_what(damaged: str, said: str) -> None:
    problem = problem_in(damaged)
    assert problem.code == "bad_fragment"
    assert said in sentence(problem)
    assert "project.json" not in sentence(problem), "nobody pasted a file"


@pytest.mark.parametrize(
    "huge",
    [
        f'"{FORMAT}"' + "x" * 10_000_000,
        text(more=', "x": "' + "x" * 10_000_000 + '"'),
        text(",".join([NODE] * 250_000)),
        text(more=', "x": [' + "1," * 5_000_000 + "1]"),
        "{" * 10_000_000 + f'"{FORMAT}"',
        text(more=', "x": "' + "x" * limits.PROJECT_BYTES + '"'),
        "é" * 10_000_000,
    ],
)
def test_ten_megabytes_are_refused_in_a_moment(huge: str) -> None:
    started = time.process_time()
    problem_in(huge)
    assert time.process_time() - started < 5


def test_more_nodes_than_a_file_holds_are_refused() -> None:
    nodes = ",".join(f'{{"id":"{n}","kind":"R"}}' for n in range(limits.NODES + 1))
    assert f"{limits.NODES}" in sentence(problem_in(text(nodes)))


def test_a_link_to_nobody_and_a_block_that_is_none_are_mended() -> None:
    nodes = '{"id": "a", "kind": "ReLU", "block": "a"}, {"id": "b", "kind": "ReLU", "block": "nobody"}'
    links = ', "links": [{"from": ["a", "out"], "to": ["c", "in"]}]'
    found = from_text(text(nodes, more=links))
    assert isinstance(found, Network)
    assert found.links == () and [node.block for node in found.nodes.values()] == ["", ""]


def test_places_and_unknown_kinds_are_taken_as_in_a_file() -> None:
    found = from_text(text('{"id": "a", "kind": "Mamba", "position": [1e300, 0], "new": [1]}'))
    assert isinstance(found, Network)
    assert found.nodes["a"].x == 1_000_000 and found.nodes["a"].extra == {"new": [1]}


@given(st.dictionaries(st.sampled_from(["nodes", "links", "format", "format_version"]), json_values))
@CALM
def test_no_json_of_this_form_raises(values: dict[str, object]) -> None:
    document = {"format": FORMAT, "format_version": VERSION} | values
    found = from_text(json.dumps(document) + f' "{FORMAT}"' * ("format" in values))
    assert isinstance(found, Network | Problem)


@given(st.data())
@CALM
def test_no_damage_raises(data: st.DataObject) -> None:
    copied = to_text(mlp())
    at = data.draw(st.integers(0, len(copied)))
    until = data.draw(st.integers(at, min(len(copied), at + 20)))
    damage = data.draw(st.text(max_size=6) | st.sampled_from(["{", "[", "NaN", '"', "-", "\\u0000"]))
    found = from_text(copied[:at] + damage + copied[until:])
    assert isinstance(found, Network | Problem)


def test_what_json_cannot_hold_is_not_copied() -> None:
    with pytest.raises(FileProblem) as error:
        to_text(Network({"a": Node("a", "ReLU", "a", {"p": float("nan")})}))
    assert error.value.code == "not_json"
