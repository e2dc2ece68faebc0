"""Copies of nodes: whole, and never in anybody's way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.network.block_edits import DEEPEST, GroupNodes, RaiseParameter
from engine.network.copies import AddFragment, cut_out, moved, renewed, roots, without_ports
from engine.network.edits import EditError, MoveNodes
from engine.network.model import Link, Network, Node, changes
from tests.engine.project.projects import networks
from tests.networks import chain, mlp, seed_cnn


def grouped() -> Network:
    """Input 1 → Stem (Linear 1, Tanh 1) → Linear 2 → Softmax 1, out_features of Linear 1 raised."""
    network = GroupNodes(frozenset({"linear-1", "tanh-1"}), "Stem").apply(mlp())
    return RaiseParameter("block-1", "width", (("linear-1", "out_features"),)).apply(network)


def test_what_is_cut_out_has_the_links_among_it_only() -> None:
    fragment = cut_out(seed_cnn(), {"conv2d-1", "relu-1", "flatten-1", "nobody"})
    assert list(fragment.nodes) == ["conv2d-1", "relu-1", "flatten-1"]
    assert fragment.links == (Link("conv2d-1", "relu-1"),)


def test_a_block_is_cut_out_with_its_inside() -> None:
    network = grouped()
    fragment = cut_out(network, {"block-1"})
    assert fragment.nodes.keys() == {"block-1", *network.inside("block-1")}
    assert [node.id for node in roots(fragment)] == ["block-1"]


def test_copies_of_a_block_are_whole() -> None:
    """Ports, links through them and raised parameters name the copies, not the originals."""
    network = grouped()
    copies = renewed(network, cut_out(network, {"block-1", "linear-2"}))
    assert not copies.nodes.keys() & network.nodes.keys()
    block = copies.nodes["block-2"]
    assert block.name == "Stem 1"
    ((target, parameter),) = block.raised["width"]
    assert (copies.nodes[target].name, parameter) == ("Linear 3", "out_features")
    after = AddFragment(copies).apply(network)
    (link,) = after.incoming["linear-4"]
    assert link.source == "block-2"
    assert after.nodes[link.source_port].kind == "BlockOutput"
    assert after.nodes[link.source_port].block == "block-2"
    names = [node.name for node in copies.nodes.values() if node.kind == "BlockOutput"]
    assert names == ["Tanh 1"], "a port's name belongs to its block"


def test_a_free_name_stays_and_is_given_to_nobody_else() -> None:
    nodes = [Node("a", "ReLU", "ReLU 1"), Node("b", "ReLU", "ReLU 2"), Node("c", "ReLU", "gate")]
    fragment = Network({node.id: node for node in nodes})
    there = Network({"x": Node("x", "ReLU", "ReLU 1")})
    assert [node.name for node in renewed(there, fragment).nodes.values()] == [
        "ReLU 3",
        "ReLU 2",
        "gate",
    ]


@given(networks(), st.data())
def test_copies_never_collide(network: Network, data: st.DataObject) -> None:
    ids = data.draw(st.sets(st.sampled_from(sorted(network.nodes)))) if network.nodes else set()
    fragment = cut_out(network, ids)
    copies = renewed(network, fragment)
    assert len(copies.nodes) == len(fragment.nodes) and len(copies.links) == len(fragment.links)
    assert not copies.nodes.keys() & network.nodes.keys()
    new = dict(zip(fragment.nodes, copies.nodes, strict=True))
    for before, after in zip(fragment.nodes.values(), copies.nodes.values(), strict=True):
        raised = {
            face: tuple((new[target], name) for target, name in targets)
            for face, targets in before.raised.items()
        }
        block = new.get(before.block, before.block)
        assert after == replace(before, id=after.id, name=after.name, block=block, raised=raised)
    names = [
        node.name for node in copies.nodes.values() if node.kind not in ("BlockInput", "BlockOutput")
    ]
    assert len(set(names)) == len(names)
    assert not set(names) & {node.name for node in network.nodes.values()}
    added = AddFragment(copies).apply(network)
    difference = changes(network, added)
    assert difference.added == tuple(copies.nodes) and not (difference.removed or difference.changed)


def test_thousands_of_copies_are_made_in_a_moment() -> None:
    """Each search for a free id goes on where the last one ended: 4,000 times 4,000 would take long."""
    nodes = [Node(f"relu-{n}", "ReLU", f"ReLU {n}") for n in range(1, 4001)]
    network = Network({node.id: node for node in nodes})
    assert list(renewed(network, network).nodes)[-1] == "relu-8000"


def test_copies_go_where_they_are_told_to() -> None:
    fragment = cut_out(grouped(), {"block-1", "input-1"})
    placed = moved(fragment, {"block-1": (80.0, float("nan"))}, "other")
    assert (placed.nodes["block-1"].x, placed.nodes["block-1"].y) == (80, 0)
    assert placed.nodes["input-1"].block == placed.nodes["block-1"].block == "other"
    assert placed.nodes["linear-1"] == fragment.nodes["linear-1"], "what lies inside moves with it"
    assert moved(fragment, {}, None).nodes == fragment.nodes


def test_ports_without_their_block_stay_behind() -> None:
    network = grouped()
    inside = cut_out(network, network.inside("block-1"))
    bare = without_ports(inside)
    assert [node.kind for node in bare.nodes.values()] == ["Linear", "Tanh"]
    assert bare.links == (Link("linear-1", "tanh-1"),)
    whole = cut_out(network, {"block-1"})
    assert without_ports(whole) == whole


@pytest.mark.parametrize(
    ("node", "code"),
    [
        (Node("relu-9", "ReLU", "a", block="nobody"), "missing_node"),
        (Node("relu-9", "ReLU", "a", block="input-1"), "not_a_block"),
        (Node("linear-2", "ReLU", "a"), "duplicate_id"),
    ],
)
def test_what_does_not_fit_is_refused(node: Node, code: str) -> None:
    with pytest.raises(EditError) as error:
        AddFragment(Network({node.id: node})).apply(mlp())
    assert error.value.problem.code == code


def test_blocks_in_blocks_have_an_end() -> None:
    network = chain(("ReLU", {}))
    for depth in range(DEEPEST):
        around = f"block-{depth}" if depth else ""
        block = Node(f"block-{depth + 1}", "Block", f"Block {depth + 1}", block=around)
        network = AddFragment(Network({block.id: block})).apply(network)
    deepest = f"block-{DEEPEST}"
    leaf = Node("relu-2", "ReLU", "leaf", block=deepest)
    assert AddFragment(Network({"relu-2": leaf})).apply(network).nodes["relu-2"].block == deepest
    block = Node("block-99", "Block", "one more", block=deepest)
    inner = Node("relu-2", "ReLU", "leaf", block="block-99")
    with pytest.raises(EditError) as error:
        AddFragment(Network({"block-99": block, "relu-2": inner})).apply(network)
    assert error.value.problem.code == "too_deep"


def test_the_network_that_was_copied_from_is_unchanged() -> None:
    network = grouped()
    before = dict(network.nodes)
    copies = renewed(network, cut_out(network, {"block-1"}))
    MoveNodes(dict.fromkeys(copies.nodes, (5.0, 5.0))).apply(AddFragment(copies).apply(network))
    assert network.nodes == before
