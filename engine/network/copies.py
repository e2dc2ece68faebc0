"""Copies of nodes: taken out of a network, given names and ids of their own, and put in again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from engine.network.edits import EditError
from engine.network.model import DEEPEST, Link, Network, Node, clamp_position
from engine.network.problem import Problem

#: A name from a file may be as long as a book; with a number behind it, it is cut here.
_LONGEST_STEM = 80


def cut_out(network: Network, ids: Iterable[str]) -> Network:
    """The named nodes, all that lies in them, and the links among these. The network is unchanged."""
    kept = set(ids) & network.nodes.keys()
    for node_id in kept & network.children.keys():
        kept.update(network.inside(node_id))
    nodes = {key: node for key, node in network.nodes.items() if key in kept}
    return Network(nodes, tuple(link for link in network.links if kept.issuperset(link.touches)))


def roots(fragment: Network) -> tuple[Node, ...]:
    """The nodes that lie in no block of the fragment itself."""
    return tuple(node for node in fragment.nodes.values() if node.block not in fragment.nodes)


def without_ports(fragment: Network) -> Network:
    """The fragment without ports of blocks that are no part of it: outside a block they are none."""
    loose = {node.id for node in roots(fragment) if node.kind in ("BlockInput", "BlockOutput")}
    nodes = {key: node for key, node in fragment.nodes.items() if key not in loose}
    return Network(nodes, tuple(link for link in fragment.links if loose.isdisjoint(link.touches)))


def moved(fragment: Network, places: Mapping[str, tuple[float, float]], block: str | None) -> Network:
    """The fragment with its named roots at other places and, unless `block` is None, in that block."""
    nodes = []
    for node in roots(fragment):
        x, y = clamp_position(*places.get(node.id, (node.x, node.y)))
        nodes.append(replace(node, x=x, y=y, block=node.block if block is None else block))
    return fragment.with_nodes(nodes)


def renewed(network: Network, fragment: Network) -> Network:
    """The fragment with ids, and names, that no node of `network` has. A name that is free stays, and
    so do those of ports, which belong to their block alone."""
    fresh = _Fresh(network, fragment)
    ids = {node.id: fresh.id(node.kind) for node in fragment.nodes.values()}

    def port(node_id: str, name: str) -> str:
        return ids.get(name, name) if fragment.nodes[node_id].kind == "Block" else name

    nodes: dict[str, Node] = {}
    for node in fragment.nodes.values():
        raised = {
            face: tuple((ids.get(target, target), name) for target, name in targets)
            for face, targets in node.raised.items()
        }
        name = node.name if node.kind in ("BlockInput", "BlockOutput") else fresh.name(node.name)
        block = ids.get(node.block, node.block)
        nodes[ids[node.id]] = replace(node, id=ids[node.id], name=name, block=block, raised=raised)
    links = tuple(
        Link(
            ids[link.source],
            ids[link.target],
            port(link.source, link.source_port),
            port(link.target, link.target_port),
        )
        for link in fragment.links
    )
    return Network(nodes, links)


@dataclass(frozen=True)
class AddFragment:
    """Nodes and the links among them, all new (`renewed`), come into the blocks that they name."""

    fragment: Network

    def apply(self, network: Network) -> Network:
        twice = self.fragment.nodes.keys() & network.nodes.keys()
        if twice:
            node_id = min(twice)
            raise EditError(Problem("duplicate_id", node_id, values={"id": node_id}))
        for block in {node.block for node in roots(self.fragment)} - {""}:
            if block not in network.nodes:
                raise EditError(Problem("missing_node", None, values={"id": block}))
            if network.nodes[block].kind != "Block":
                name = network.nodes[block].name
                raise EditError(Problem("not_a_block", block, values={"node": name}))
        added = network.with_nodes(self.fragment.nodes.values())
        for node_id in self.fragment.nodes:
            if sum(1 for _ in added.blocks_around(node_id)) > DEEPEST:
                raise EditError(Problem("too_deep", None, values={"limit": DEEPEST}))
        return added.with_links((*network.links, *self.fragment.links))


class _Fresh:
    """`Network.fresh_id` and a name to go with it for thousands of nodes at once: each search goes on
    where the last one of its kind ended."""

    def __init__(self, network: Network, fragment: Network) -> None:
        self._ids = set(network.nodes)
        self._names = {node.name for node in network.nodes.values()}
        #: Names that stay must not be given to others first.
        self._staying = {node.name for node in fragment.nodes.values()} - self._names
        self._number: dict[str, int] = {}
        self._empty = Network()

    def id(self, kind: str) -> str:
        stem = self._empty.fresh_id(kind).rpartition("-")[0]
        found = self._next(f"{stem}-", self._ids)
        self._ids.add(found)
        return found

    def name(self, name: str) -> str:
        if name in self._staying:
            self._staying.discard(name)
            self._names.add(name)
            return name
        head, _, number = name.rpartition(" ")
        stem = (head if head and number.isdecimal() else name)[:_LONGEST_STEM]
        found = self._next(f"{stem} ", self._names | self._staying if self._staying else self._names)
        self._names.add(found)
        return found

    def _next(self, stem: str, taken: set[str]) -> str:
        number = self._number.get(stem, 1)
        while f"{stem}{number}" in taken:
            number += 1
        self._number[stem] = number + 1
        return f"{stem}{number}"
