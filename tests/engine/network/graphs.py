"""Networks of any form for hypothesis, and what two networks that compute the same have in common."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from engine.network.block_edits import GroupNodes
from engine.network.edits import AddNode, Connect, EditError
from engine.network.expand import expand
from engine.network.layers import LAYERS, new_node
from engine.network.model import DEEPEST, Link, Network
from engine.network.ports import PORTS, input_ports, output_ports, takes_many

#: One input, several, any number, none; nodes that compute and one that does not.
KINDS = ("Input", "ReLU", "Linear", "Add", "Concat", "MultiheadAttention", "Comment")
places = st.integers(-40, 40).map(lambda step: 8.0 * step)


@st.composite
def dags(draw: st.DrawFn, most: int = 10) -> Network:
    """Nodes of all sorts, linked from earlier to later ones, names and ids all different."""
    network = Network()
    for _ in range(draw(st.integers(1, most))):
        node = new_node(network, draw(st.sampled_from(KINDS)), draw(places), draw(places))
        network = AddNode(node).apply(network)
    ids = list(network.nodes)
    for _ in range(draw(st.integers(0, 2 * most))):
        source, target = sorted((draw(st.sampled_from(ids)), draw(st.sampled_from(ids))), key=ids.index)
        network = linked(draw, network, source, target)
    return network


def linked(draw: st.DrawFn, network: Network, source: str, target: str) -> Network:
    """The network with a link between any two ports of these, where that can be."""
    outputs = output_ports(network, network.nodes[source])
    inputs = input_ports(network, network.nodes[target])
    if not outputs or not inputs:
        return network
    link = Link(source, target, draw(st.sampled_from(outputs)), draw(st.sampled_from(inputs)))
    try:
        return Connect(link).apply(network)
    except EditError:
        return network


@st.composite
def blocked(draw: st.DrawFn) -> Network:
    """A network with blocks in blocks, repeated ones among them."""
    network = draw(dags())
    for _ in range(draw(st.integers(0, 4))):
        around = draw(st.sampled_from(sorted(network.children)))
        network = grouped(network, draw(selections(network, around)), "Block")
    for node in list(network.nodes.values()):
        if node.kind == "Block" and input_ports(network, node) and output_ports(network, node):
            repeat = draw(st.integers(1, 3))
            network = network.with_nodes([replace(node, parameters={"repeat": repeat})])
    return network


def selections(network: Network, around: str) -> st.SearchStrategy[frozenset[str]]:
    """Some nodes that lie side by side in a block, no ports among them."""
    members = [key for key in network.children[around] if network.nodes[key].kind not in PORTS]
    return st.frozensets(st.sampled_from(members), min_size=1) if members else st.just(frozenset())


def grouped(network: Network, ids: frozenset[str], name: str) -> Network:
    """The network with these as a block, or as it was where that cannot be."""
    try:
        return GroupNodes(ids, network.fresh_name(name)).apply(network)
    except EditError:
        return network


def meaning(network: Network) -> dict[str, Any]:
    """What the flat network computes, up to ids: by name, for names tell copies apart as well."""
    flat = expand(network).network
    names = {node.id: node.name for node in flat.nodes.values()}
    assert len(set(names.values())) == len(names)
    return {
        node.name: (
            node.kind,
            node.parameters,
            [
                (names[link.source], link.source_port, link.target_port)
                for link in flat.incoming[node.id]
            ],
        )
        for node in flat.nodes.values()
    }


def check_whole(network: Network) -> None:
    """What holds for every network that edits made."""
    assert len(set(network.links)) == len(network.links)
    taken: set[tuple[str, str]] = set()
    for link in network.links:
        source, target = network.nodes[link.source], network.nodes[link.target]
        assert source.block == target.block
        assert source.kind not in LAYERS or link.source_port in output_ports(network, source)
        assert target.kind not in LAYERS or link.target_port in input_ports(network, target)
        if not takes_many(target):
            assert (link.target, link.target_port) not in taken
            taken.add((link.target, link.target_port))
    assert not network.cycle
    for key, node in network.nodes.items():
        assert key == node.id
        around = [node.block]
        while around[-1]:
            assert len(around) <= DEEPEST
            assert network.nodes[around[-1]].kind == "Block"
            around.append(network.nodes[around[-1]].block)
        assert node.block or node.kind not in PORTS
        inside = set(network.inside(key))
        assert all(targets for targets in node.raised.values())
        assert all(target in inside for targets in node.raised.values() for target, _ in targets)
    flat = expand(network)
    assert not flat.network.cycle
    assert all(link.source in flat.network.nodes for link in flat.network.links)
    assert all(flat.origin_of(key) in network.nodes for key in flat.network.nodes)
    assert all(node.kind != "Block" and not node.block for node in flat.network.nodes.values())
