"""Every change to a network as a small value with one method, `apply`.

The same edits serve the canvas, the undo stack, the tests and, later, changes to a running network.
An edit is reversible because the network it was applied to still exists (`model.py`).
Applying an edit that does not fit raises `EditError` and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from engine.network.layers import LAYERS
from engine.network.model import DEEPEST, Link, Network, Node, ParameterValue, clamp_position
from engine.network.ports import PORTS, input_ports, output_ports, takes_many
from engine.network.problem import Problem


class EditError(ValueError):
    """An edit that does not fit the network; `problem` says why, for `engine.messages`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class Edit(Protocol):
    def apply(self, network: Network) -> Network: ...


@dataclass(frozen=True)
class AddNode:
    node: Node

    def apply(self, network: Network) -> Network:
        if self.node.id in network.nodes:
            raise EditError(Problem("duplicate_id", self.node.id, values={"id": self.node.id}))
        if self.node.block:
            _block(network, self.node.block)
            if sum(1 for _ in network.blocks_around(self.node.block)) >= DEEPEST:
                raise EditError(Problem("too_deep", self.node.block, values={"limit": DEEPEST}))
        elif self.node.kind in PORTS:
            raise EditError(Problem("port_outside", None, values={"node": self.node.name}))
        x, y = clamp_position(self.node.x, self.node.y)
        return network.with_nodes([replace(self.node, x=x, y=y)])


@dataclass(frozen=True)
class RemoveNodes:
    """Nodes go, with all that lies in them, and every link that touches one or a port that was one."""

    ids: frozenset[str]

    def apply(self, network: Network) -> Network:
        gone = set(self.ids)
        for node_id in self.ids & network.children.keys():
            gone.update(network.inside(node_id))
        nodes = {key: node for key, node in network.nodes.items() if key not in gone}
        kept = tuple(link for link in network.links if gone.isdisjoint(_needs(network, link)))
        return replace(network, nodes=unraised(nodes, gone), links=kept)


@dataclass(frozen=True)
class MoveNodes:
    """Each named node goes to its new (x, y)."""

    positions: Mapping[str, tuple[float, float]]

    def apply(self, network: Network) -> Network:
        moved = []
        for node_id, position in self.positions.items():
            x, y = clamp_position(*position)
            moved.append(replace(_node(network, node_id), x=x, y=y))
        return network.with_nodes(moved)


@dataclass(frozen=True)
class RenameNode:
    id: str
    name: str

    def apply(self, network: Network) -> Network:
        return network.with_nodes([replace(_node(network, self.id), name=self.name)])


@dataclass(frozen=True)
class SetParameter:
    id: str
    name: str
    value: ParameterValue

    def apply(self, network: Network) -> Network:
        node = _node(network, self.id)
        parameters = {**node.parameters, self.name: self.value}
        return network.with_nodes([replace(node, parameters=parameters)])


@dataclass(frozen=True)
class Connect:
    """A new link. An input port that takes one link gives up the link it had."""

    link: Link

    def apply(self, network: Network) -> Network:
        problem = connection_problem(network, self.link)
        if problem is not None:
            raise EditError(problem)
        target = network.nodes[self.link.target]
        links = network.links
        if not takes_many(target):
            end = (self.link.target, self.link.target_port)
            links = tuple(old for old in links if (old.target, old.target_port) != end)
        return network.with_links((*links, self.link))


@dataclass(frozen=True)
class Disconnect:
    links: frozenset[Link]

    def apply(self, network: Network) -> Network:
        return network.with_links(link for link in network.links if link not in self.links)


@dataclass(frozen=True)
class Together:
    """Several edits as one: they all happen, or none does."""

    edits: tuple[Edit, ...]

    def apply(self, network: Network) -> Network:
        for edit in self.edits:
            network = edit.apply(network)
        return network


def connection_problem(network: Network, link: Link) -> Problem | None:
    """Why `link` cannot be drawn in `network`, or None when it can."""
    if link.source not in network.nodes or link.target not in network.nodes:
        return Problem("missing_node", None, values={"id": " → ".join(link.touches)})
    values = {
        "source": network.nodes[link.source].name,
        "target": network.nodes[link.target].name,
    }
    source, target = network.nodes[link.source], network.nodes[link.target]
    if source.block != target.block:
        return Problem("other_block", link.target, values=values)
    if source.kind in LAYERS and link.source_port not in output_ports(network, source):
        values |= {"node": source.name, "port": link.source_port}
        return Problem("no_such_port", link.source, values=values)
    if target.kind in LAYERS and link.target_port not in input_ports(network, target):
        values |= {"node": target.name, "port": link.target_port}
        return Problem("no_such_port", link.target, values=values)
    if link in network.links:
        return Problem("already_linked", link.target, values=values)
    if network.would_cycle(link.source, link.target):
        return Problem("would_cycle", link.target, values=values)
    return None


def _node(network: Network, node_id: str) -> Node:
    try:
        return network.nodes[node_id]
    except KeyError:
        raise EditError(Problem("missing_node", None, values={"id": node_id})) from None


def _block(network: Network, node_id: str) -> Node:
    node = _node(network, node_id)
    if node.kind != "Block":
        raise EditError(Problem("not_a_block", node_id, values={"node": node.name}))
    return node


def _needs(network: Network, link: Link) -> tuple[str, ...]:
    """The nodes without which a link is none; the ports of a block are nodes as well."""
    ends = ((link.source, link.source_port), (link.target, link.target_port))
    ports = (port for node_id, port in ends if network.nodes[node_id].kind == "Block")
    return (*link.touches, *ports)


def unraised(nodes: dict[str, Node], gone: set[str]) -> dict[str, Node]:
    """Blocks whose face shows a parameter of a node that is gone show it no longer."""
    for node in list(nodes.values()):
        if any(target in gone for targets in node.raised.values() for target, _ in targets):
            kept = {
                name: tuple(target for target in targets if target[0] not in gone)
                for name, targets in node.raised.items()
            }
            raised = {name: targets for name, targets in kept.items() if targets}
            nodes[node.id] = replace(node, raised=raised)
    return nodes
