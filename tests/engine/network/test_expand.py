"""The flat network: every copy of every node, each copy feeding the next."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given

from engine.messages import sentence
from engine.network.block_edits import GroupNodes, UngroupBlock
from engine.network.edits import AddNode, Connect, Disconnect, RemoveNodes, SetParameter
from engine.network.expand import LARGEST_EXPANSION, copies, expand, repeats
from engine.network.layers import new_node
from engine.network.model import Link, Network, Node
from engine.network.ports import input_ports, output_ports
from tests.engine.network.graphs import blocked, check_whole
from tests.networks import add, chain


def residual(repeat: object = 3) -> Network:
    """Input, x + ReLU(Linear(x)) as the block `block-1`, Linear."""
    network = chain(("Input", {"shape": (4,)}), ("Linear", {"out_features": 4}), ("ReLU", {}))
    network, joint = add(network, "Add", "relu-1", "input-1")
    network, _ = add(network, "Linear", joint)
    network = GroupNodes(frozenset({"linear-1", "relu-1", "add-1"}), "Residual").apply(network)
    return SetParameter("block-1", "repeat", repeat).apply(network)  # type: ignore[arg-type]


def sources(network: Network, node_id: str) -> list[str]:
    return [link.source for link in network.incoming[node_id]]


def test_a_network_without_blocks_is_its_own_expansion() -> None:
    network = chain(("Input", {}), ("ReLU", {}))
    assert expand(network).network is network
    assert expand(Network()).network == Network()


def test_comments_and_frames_compute_nothing() -> None:
    network = chain(("Input", {}), ("ReLU", {}))
    noted = network
    for kind in ("Comment", "Frame"):
        noted = AddNode(new_node(noted, kind)).apply(noted)
    assert expand(noted).network == network


def test_each_copy_feeds_the_next() -> None:
    found = expand(residual())
    flat = found.network
    assert found.problems == ()
    assert list(flat.nodes) == [
        "input-1",
        "linear-2",
        *("linear-1", "relu-1", "add-1"),
        *("linear-1@2", "relu-1@2", "add-1@2"),
        *("linear-1@3", "relu-1@3", "add-1@3"),
    ]
    assert sources(flat, "linear-1") == ["input-1"]
    assert sources(flat, "linear-1@2") == ["add-1"]
    assert sources(flat, "linear-1@3") == ["add-1@2"]
    # The skip is that of the same copy, and comes second as it was drawn.
    assert sources(flat, "add-1") == ["relu-1", "input-1"]
    assert sources(flat, "add-1@3") == ["relu-1@3", "add-1@2"]
    assert sources(flat, "linear-2") == ["add-1@3"]
    assert [flat.nodes[key].name for key in ("linear-1", "linear-1@2")] == [
        "Linear 1 · 1/3",
        "Linear 1 · 2/3",
    ]
    assert found.origin_of("linear-1@2") == "linear-1" and found.origin_of("input-1") == "input-1"
    assert all(not node.block for node in flat.nodes.values())


def test_ports_of_a_block_know_what_runs_through_them() -> None:
    """In comes what feeds the first copy, out goes what the last one makes."""
    network = residual()
    node = network.nodes["block-1"]
    found = expand(network).sources
    assert found[input_ports(network, node)[0]] == ("input-1", "out")
    assert found[output_ports(network, node)[0]] == ("add-1@3", "out")


def test_blocks_in_blocks_multiply() -> None:
    network = GroupNodes(frozenset({"block-1"}), "Stage").apply(residual(2))
    network = SetParameter("block-2", "repeat", 3).apply(network)
    flat = expand(network).network
    assert copies(network, "linear-1") == 6 and copies(network, "block-1") == 3
    assert sum(key.startswith("linear-1") for key in flat.nodes) == 6
    order = [key for key in flat.order if key.startswith("add-1")]
    assert order == ["add-1", "add-1@1@2", "add-1@2", "add-1@2@2", "add-1@3", "add-1@3@2"]
    for before, after in pairwise(order):
        assert sources(flat, after.replace("add", "linear")) == [before]
    assert flat.nodes["add-1@3@2"].name == "Add 1 · 3/3 · 2/2"
    assert sources(flat, "linear-2") == ["add-1@3@2"]


def test_ids_stay_when_blocks_are_made_around_or_inside() -> None:
    """The trained numbers of each copy are kept under its id."""
    network = residual(3)
    before = expand(network).network
    inside = GroupNodes(frozenset({"linear-1", "relu-1"}), "Inner").apply(network)
    outside = GroupNodes(frozenset({"block-1", "linear-2"}), "Outer").apply(inside)
    for after in (inside, outside, UngroupBlock("block-2").apply(outside)):
        flat = expand(after).network
        assert flat.nodes.keys() == before.nodes.keys()
        assert all(sources(flat, key) == sources(before, key) for key in before.nodes)
    twice = expand(SetParameter("block-2", "repeat", 2).apply(inside)).network
    assert before.nodes.keys() < twice.nodes.keys()


def test_further_inputs_feed_every_copy_and_further_outputs_leave_the_last() -> None:
    network = chain(("Input", {"shape": (4,)}), ("Linear", {"out_features": 4}), ("Tanh", {}))
    network, joint = add(network, "Add", "tanh-1", "input-1")
    network, _ = add(network, "ReLU", joint)
    network, _ = add(network, "Sigmoid", "tanh-1")
    network, _ = add(network, "Concat", "relu-1", "sigmoid-1")
    network = GroupNodes(frozenset({"tanh-1", "add-1"}), "Two").apply(network)
    network = SetParameter("block-1", "repeat", 2).apply(network)
    node = network.nodes["block-1"]
    names = [network.nodes[port].name for port in input_ports(network, node)]
    outs = [network.nodes[port].name for port in output_ports(network, node)]
    assert (names, outs) == (["Linear 1", "Input 1"], ["Add 1", "Tanh 1"])
    flat = expand(network).network
    assert sources(flat, "tanh-1@2") == ["add-1"]
    assert sources(flat, "add-1@2") == ["tanh-1@2", "input-1"]
    assert sources(flat, "relu-1") == ["add-1@2"] and sources(flat, "sigmoid-1") == ["tanh-1@2"]


def test_a_port_that_is_linked_to_nothing_gives_nothing() -> None:
    network = residual()
    port = input_ports(network, network.nodes["block-1"])[0]
    loose = Disconnect(frozenset(network.incoming["block-1"])).apply(network)
    found = expand(loose)
    assert sources(found.network, "linear-1") == [] and sources(found.network, "add-1") == ["relu-1"]
    assert sources(found.network, "linear-1@2") == ["add-1"]
    assert port not in found.sources
    out = output_ports(network, network.nodes["block-1"])[0]
    cut = Disconnect(frozenset(network.incoming[out])).apply(network)
    found = expand(cut)
    assert sources(found.network, "linear-1@2") == sources(found.network, "linear-2") == []
    assert out not in found.sources


def test_a_tensor_can_run_straight_through_a_block() -> None:
    network = residual()
    node = network.nodes["block-1"]
    into, out = input_ports(network, node)[0], output_ports(network, node)[0]
    network = Connect(Link(into, out)).apply(network)
    flat = expand(network)
    assert sources(flat.network, "linear-2") == ["input-1"]
    assert sources(flat.network, "linear-1@3") == ["input-1"]
    assert flat.sources[out] == ("input-1", "out")


def test_repeating_needs_a_way_from_one_copy_to_the_next() -> None:
    network = residual(3)
    node = network.nodes["block-1"]
    for port in (*input_ports(network, node), *output_ports(network, node)):
        [problem] = expand(RemoveNodes(frozenset({port})).apply(network)).problems
        assert (problem.code, problem.node) == ("repeat_needs_ports", "block-1")
        assert "Residual" in sentence(problem)
    once = SetParameter("block-1", "repeat", 1).apply(network)
    assert expand(RemoveNodes(frozenset({port})).apply(once)).problems == ()


@pytest.mark.parametrize(
    ("repeat", "code", "count"),
    [
        (0, "parameter_out_of_range", 1),
        (-5, "parameter_out_of_range", 1),
        (1001, "parameter_out_of_range", 1001),
        (2.0, "parameter_not_int", 1),
        (True, "parameter_not_int", 1),
        ("3", "parameter_not_int", 1),
        ((2, 2), "parameter_not_int", 1),
        ([2], "parameter_not_int", 1),
    ],
)
def test_a_repeat_that_is_no_count_is_said_and_does_no_harm(
    repeat: object, code: str, count: int
) -> None:
    network = residual(repeat)
    found = expand(network)
    assert [problem.code for problem in found.problems] == [code]
    assert sentence(found.problems[0])
    assert repeats(network.nodes["block-1"]) == count
    assert sum(key.startswith("linear-1") for key in found.network.nodes) == count


def test_too_many_copies_are_counted_not_made() -> None:
    started = time.process_time()
    network = residual(10**12)
    for _ in range(10):
        block = next(reversed([n for n in network.nodes.values() if n.kind == "Block"]))
        network = GroupNodes(frozenset({block.id}), "Outer").apply(network)
        newest = next(reversed([n for n in network.nodes.values() if n.kind == "Block"]))
        network = SetParameter(newest.id, "repeat", 10**12).apply(network)
    found = expand(network)
    assert time.process_time() - started < 1
    assert found.network == Network()
    [problem] = found.problems
    assert problem.code == "too_many_copies" and len(sentence(problem)) < 400


def test_as_many_copies_as_can_be_computed_are_made() -> None:
    most = (LARGEST_EXPANSION - 2) // 6  # a block and its ports count as well
    found = expand(SetParameter("block-1", "repeat", most).apply(residual()))
    assert len(found.network.nodes) == 2 + 3 * most
    assert not found.network.cycle
    assert expand(SetParameter("block-1", "repeat", most + 1).apply(residual())).network == Network()


def test_thousands_of_nodes_behind_thousands_of_empty_copies() -> None:
    """The way back through all copies is gone once, not once for each node."""
    network = Network({"in": Node("in", "Input", "in"), "b": Node("b", "Block", "b", {"repeat": 6000})})
    ports = [Node("i", "BlockInput", "i", block="b"), Node("o", "BlockOutput", "o", block="b")]
    behind = [Node(f"n{n}", "ReLU", "n") for n in range(1900)]
    network = network.with_nodes([*ports, *behind])
    links = [Link("in", "b", "out", "i"), Link("i", "o"), *(Link("b", n.id, "o") for n in behind)]
    started = time.process_time()
    found = expand(network.with_links(links))
    assert time.process_time() - started < 1
    assert all(sources(found.network, node.id) == ["in"] for node in behind)


def test_ids_that_look_like_those_of_copies_are_no_trap() -> None:
    network = residual()
    for name in ("linear-1@2", "linear-1@2'"):
        network = AddNode(Node(name, "ReLU", name)).apply(network)
    flat = expand(network)
    assert flat.network.nodes["linear-1@2"].kind == "ReLU"
    [copy] = [key for key, origin in flat.origin.items() if key.startswith("linear-1@2")]
    assert copy == "linear-1@2''" and flat.network.nodes[copy].kind == "Linear"


def test_a_loop_from_a_file_ends_the_walk() -> None:
    """Block to block in a circle, nothing in between that computes."""
    network = residual(2)
    node = network.nodes["block-1"]
    into, out = input_ports(network, node)[0], output_ports(network, node)[0]
    network = Connect(Link(into, out)).apply(network)
    links = [link for link in network.links if link.target != "block-1"]
    network = network.with_links([*links, Link("block-1", "block-1", out, into)])
    found = expand(network)
    assert sources(found.network, "linear-2") == []
    assert into not in found.sources


def test_a_port_outside_of_all_blocks_is_none() -> None:
    network = chain(("Input", {}), ("ReLU", {}))
    network = network.with_nodes([Node("in", "BlockInput", "in"), Node("out", "BlockOutput", "out")])
    network = network.with_links([Link("relu-1", "out"), Link("in", "relu-1")])
    found = expand(network)
    assert list(found.network.nodes) == ["input-1", "relu-1"] and found.network.links == ()


@given(blocked())
def test_copies_are_counted_right(network: Network) -> None:
    check_whole(network)
    found = expand(network)
    for node in network.nodes.values():
        made = sum(found.origin_of(key) == node.id for key in found.network.nodes)
        computes = node.kind not in ("Block", "BlockInput", "BlockOutput", "Comment")
        assert made == (copies(network, node.id) if computes else 0)
    plain = replace(network, nodes={k: n for k, n in network.nodes.items() if n.kind != "Comment"})
    if all(node.kind != "Block" for node in plain.nodes.values()):
        assert expand(plain).network is plain
