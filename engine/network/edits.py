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
from engine.network.model import Link, Network, Node, ParameterValue, clamp_position
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
        x, y = clamp_position(self.node.x, self.node.y)
        return network.with_nodes([replace(self.node, x=x, y=y)])


@dataclass(frozen=True)
class RemoveNodes:
    """Nodes go, and with them every link that touches one."""

    ids: frozenset[str]

    def apply(self, network: Network) -> Network:
        nodes = {key: node for key, node in network.nodes.items() if key not in self.ids}
        kept = (link for link in network.links if self.ids.isdisjoint(link.touches))
        return replace(network, nodes=nodes, links=tuple(kept))


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
        parameters = dict(node.parameters)
        parameters[self.name] = self.value
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


def takes_many(node: Node) -> bool:
    """Whether the node's input port accepts any number of links (Add, Concat)."""
    layer = LAYERS.get(node.kind)
    return layer is None or layer.takes_many


def connection_problem(network: Network, link: Link) -> Problem | None:
    """Why `link` cannot be drawn in `network`, or None when it can."""
    if link.source not in network.nodes or link.target not in network.nodes:
        return Problem("missing_node", None, values={"id": " → ".join(link.touches)})
    values = {
        "source": network.nodes[link.source].name,
        "target": network.nodes[link.target].name,
    }
    source = LAYERS.get(network.nodes[link.source].kind)
    target = LAYERS.get(network.nodes[link.target].kind)
    if source is not None and link.source_port not in source.outputs:
        return Problem("no_such_port", link.source, values={**values, "port": link.source_port})
    if target is not None and link.target_port not in target.inputs:
        return Problem("no_such_port", link.target, values={**values, "port": link.target_port})
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
