"""Nodes put into links and taken out of them, and the data flows on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.network.block_edits import GroupNodes
from engine.network.edits import AddNode, Edit, EditError
from engine.network.layers import new_node
from engine.network.model import Link, Network, Node
from engine.network.ports import input_ports, output_ports
from engine.network.rewire import InsertOnLink, RemoveAndHeal, can_insert, is_loose
from tests.engine.network.graphs import blocked, check_whole
from tests.networks import add, chain


def line() -> Network:
    return chain(("Input", {"shape": (4,)}), ("Linear", {}), ("ReLU", {}), ("Linear", {}))


def refusal(network: Network, edit: Edit) -> str:
    with pytest.raises(EditError) as caught:
        edit.apply(network)
    return caught.value.problem.code


def sources(network: Network, node_id: str) -> list[str]:
    return [link.source for link in network.incoming[node_id]]


# Inserting


def test_a_node_comes_into_a_link() -> None:
    network, new = add(line(), "Tanh")
    assert is_loose(network, new) and can_insert(network, network.nodes[new])
    network = InsertOnLink(new, Link("linear-1", "relu-1")).apply(network)
    assert sources(network, new) == ["linear-1"] and sources(network, "relu-1") == [new]
    check_whole(network)


def test_the_order_of_a_concat_stays() -> None:
    network, joint = add(line(), "Concat", "linear-1", "relu-1", "input-1")
    network, new = add(network, "Tanh")
    network = InsertOnLink(new, Link("relu-1", joint)).apply(network)
    assert sources(network, joint) == ["linear-1", new, "input-1"]


def test_a_node_that_was_linked_gives_up_what_it_had() -> None:
    network = line()
    network, new = add(network, "Tanh", "input-1")
    network = InsertOnLink(new, Link("relu-1", "linear-2")).apply(network)
    assert sources(network, new) == ["relu-1"]


def test_every_port_that_needs_a_link_gets_one() -> None:
    network = line()
    network, new = add(network, "MultiheadAttention")
    network = InsertOnLink(new, Link("relu-1", "linear-2")).apply(network)
    assert network.incoming[new] == (Link("relu-1", new, "out", "query"),)
    # A block of two inputs needs both.
    network = line()
    network, joint = add(network, "Add", "linear-1", "input-1")
    network, _ = add(network, "Tanh", joint)
    network = GroupNodes(frozenset({joint}), "Sum").apply(network)
    loose = network.with_links(link for link in network.links if "block-1" not in link.touches)
    network = InsertOnLink("block-1", Link("relu-1", "linear-2")).apply(loose)
    node = network.nodes["block-1"]
    assert {link.target_port for link in network.incoming["block-1"]} == set(input_ports(network, node))
    assert network.incoming["linear-2"] == (
        Link("block-1", "linear-2", output_ports(network, node)[0], "in"),
    )
    check_whole(network)


def test_what_cannot_be_inserted() -> None:
    network, loose = add(line(), "Tanh")
    for kind in ("Input", "BlockOutput", "Comment", "Block"):
        network = network.with_nodes([Node(kind, kind, kind)])
        assert refusal(network, InsertOnLink(kind, Link("relu-1", "linear-2"))) == "cannot_insert"
    assert refusal(network, InsertOnLink("nobody", Link("relu-1", "linear-2"))) == "missing_node"
    assert refusal(network, InsertOnLink(loose, Link("relu-1", "linear-1"))) == "missing_link"
    assert refusal(network, InsertOnLink("linear-1", Link("relu-1", "linear-2"))) == "would_cycle"
    grouped = GroupNodes(frozenset({"relu-1", "linear-2"}), "Pair").apply(network)
    assert refusal(grouped, InsertOnLink(loose, Link("relu-1", "linear-2"))) == "other_block"


def test_the_last_node_can_become_the_first() -> None:
    network = InsertOnLink("linear-2", Link("input-1", "linear-1")).apply(line())
    assert sources(network, "linear-2") == ["input-1"] and sources(network, "linear-1") == ["linear-2"]
    check_whole(network)


# Healing


def test_a_chain_heals() -> None:
    network = RemoveAndHeal(frozenset({"linear-1", "relu-1"})).apply(line())
    assert sources(network, "linear-2") == ["input-1"]
    check_whole(network)


def test_a_residual_block_heals_and_a_joint_of_two_branches_does_not() -> None:
    network, joint = add(line(), "Add", "relu-1", "input-1")
    network, end = add(network, "Tanh", joint)
    whole = RemoveAndHeal(frozenset({"linear-1", "relu-1", joint})).apply(network)
    assert sources(whole, end) == ["input-1"]
    alone = RemoveAndHeal(frozenset({joint})).apply(network)
    assert sources(alone, end) == []


def test_the_order_of_a_concat_stays_when_it_heals() -> None:
    network, first = add(line(), "Tanh", "relu-1")
    network, joint = add(network, "Concat", "linear-1", first, "input-1")
    network = RemoveAndHeal(frozenset({first})).apply(network)
    assert sources(network, joint) == ["linear-1", "relu-1", "input-1"]
    # What is linked already is not linked twice, and keeps its place.
    network = RemoveAndHeal(frozenset({"relu-1"})).apply(network)
    assert sources(network, joint) == ["linear-1", "input-1"]


def test_a_block_that_goes_heals_like_a_node() -> None:
    network = GroupNodes(frozenset({"linear-1", "relu-1"}), "Pair").apply(line())
    network = RemoveAndHeal(frozenset({"block-1"})).apply(network)
    assert list(network.nodes) == ["input-1", "linear-2"]
    assert sources(network, "linear-2") == ["input-1"]


def test_healing_inside_a_block_and_between_blocks() -> None:
    network = GroupNodes(frozenset({"linear-1", "relu-1"}), "Pair").apply(line())
    port = input_ports(network, network.nodes["block-1"])[0]
    healed = RemoveAndHeal(frozenset({"linear-1"})).apply(network)
    assert sources(healed, "relu-1") == [port]
    # A port that goes takes its links along; nothing runs past it.
    gone = RemoveAndHeal(frozenset({port})).apply(network)
    assert gone.incoming["block-1"] == () and gone.incoming["linear-1"] == ()
    check_whole(gone)


def test_nodes_on_a_loop_from_a_file_are_fed_by_nobody() -> None:
    network = line()
    looped = network.with_links([*network.links, Link("relu-1", "linear-1")])
    after = RemoveAndHeal(frozenset({"linear-1", "relu-1"})).apply(looped)
    assert sources(after, "linear-2") == []


def test_removing_nothing_changes_nothing() -> None:
    network = line()
    assert RemoveAndHeal(frozenset({"nobody"})).apply(network) == network


@given(st.data())
def test_any_node_can_be_taken_out_of_any_network(data: st.DataObject) -> None:
    network = data.draw(blocked())
    ids = data.draw(st.frozensets(st.sampled_from(sorted(network.nodes)), min_size=1))
    after = RemoveAndHeal(ids).apply(network)
    check_whole(after)
    assert not ids & after.nodes.keys()
    kept = [link for link in network.links if not ids & set(link.touches)]
    assert set(after.links) >= {link for link in kept if _ports_are_left(after, link)}


def _ports_are_left(network: Network, link: Link) -> bool:
    ends = ((link.source, link.source_port), (link.target, link.target_port))
    return all(
        node_id in network.nodes and (network.nodes[node_id].kind != "Block" or port in network.nodes)
        for node_id, port in ends
    )


@given(st.data())
def test_a_node_inserted_and_taken_out_again_leaves_what_was_there(data: st.DataObject) -> None:
    network = data.draw(blocked())
    if not network.links:
        return
    link = data.draw(st.sampled_from(network.links))
    new = replace(new_node(network, "ReLU"), block=network.nodes[link.source].block)
    with_node = AddNode(new).apply(network)
    inserted = InsertOnLink(new.id, link).apply(with_node)
    check_whole(inserted)
    healed = RemoveAndHeal(frozenset({new.id})).apply(inserted)
    assert healed == network
