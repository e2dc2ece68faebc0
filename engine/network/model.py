"""A network as the user drew it: nodes and links, plain immutable values.

An edit never changes a `Network`, it makes a new one that shares every untouched node. Undo, saving,
a running training and the canvas can therefore each hold the value they need without a lock.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

ParameterValue = bool | int | float | str | tuple[int, ...]

#: Positions are kept within this square: an item at 1e300 or NaN can be found nowhere.
CANVAS_LIMIT = 1_000_000.0
#: Blocks within blocks within blocks ... more than a person can follow.
DEEPEST = 16


@dataclass(frozen=True)
class Node:
    """One layer in the diagram.

    `kind` names a declaration in `engine.network.layers`; a kind that this version does not know is
    kept as it is. `extra` holds fields of a newer file format, written back unchanged.

    block: the id of the block that the node lies in, "" for the network itself. (x, y) is relative to
    that block's own inside.
    open: of a block, whether its inside is shown in place.
    raised: of a block, the parameters on its face: name -> the (node, parameter) pairs it sets.
    """

    id: str
    kind: str
    name: str
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    x: float = 0.0
    y: float = 0.0
    block: str = ""
    open: bool = False
    raised: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """A tensor on its way from an output port to an input port."""

    source: str
    target: str
    source_port: str = "out"
    target_port: str = "in"

    @property
    def touches(self) -> tuple[str, str]:
        return (self.source, self.target)


@dataclass(frozen=True)
class Network:
    """Nodes by id, in order of creation, and links. Several links into one port keep their order.

    Nodes of all blocks stand side by side here, each naming its block; a link joins two nodes of the
    same block. What is computed is the flat network of `engine.network.expand`.
    """

    nodes: Mapping[str, Node] = field(default_factory=dict)
    links: tuple[Link, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def incoming(self) -> Mapping[str, tuple[Link, ...]]:
        """Links by the node they enter."""
        return self._links_by("target")

    @cached_property
    def outgoing(self) -> Mapping[str, tuple[Link, ...]]:
        """Links by the node they leave."""
        return self._links_by("source")

    def _links_by(self, end: str) -> Mapping[str, tuple[Link, ...]]:
        table: dict[str, list[Link]] = {node_id: [] for node_id in self.nodes}
        for link in self.links:
            table[getattr(link, end)].append(link)
        return {node_id: tuple(links) for node_id, links in table.items()}

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """The nodes that lie directly in each block, in order of creation; "" is the network itself.
        Only blocks that hold something are named."""
        table: dict[str, list[str]] = {"": []}
        for node in self.nodes.values():
            table.setdefault(node.block, []).append(node.id)
        return {block: tuple(ids) for block, ids in table.items()}

    def inside(self, node_id: str) -> Iterator[str]:
        """Every node that lies in a block, at any depth; none for any other node."""
        queue = [node_id]
        for block in queue:  # grows while it is walked
            for child in self.children.get(block, ()):
                yield child
                queue.append(child)

    def blocks_around(self, node_id: str) -> Iterator[str]:
        """The blocks that a node lies in, the innermost first."""
        block = self.nodes[node_id].block
        while block:
            yield block
            block = self.nodes[block].block

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Node ids so that every node comes after its inputs; nodes on a cycle are left out."""
        waiting = {node_id: len(links) for node_id, links in self.incoming.items()}
        ready = [node_id for node_id, count in waiting.items() if count == 0]
        order: list[str] = []
        for node_id in ready:  # grows while it is walked: a breadth-first queue
            order.append(node_id)
            for link in self.outgoing[node_id]:
                waiting[link.target] -= 1
                if waiting[link.target] == 0:
                    ready.append(link.target)
        return tuple(order)

    @cached_property
    def cycle(self) -> tuple[str, ...]:
        """The nodes of one cycle in link order, or () when the network has none."""
        stuck = set(self.nodes) - set(self.order)
        if not stuck:
            return ()
        # Walking backwards inside the stuck set never leaves it, so it must close on itself.
        path: list[str] = []
        node_id = next(iter(sorted(stuck)))
        while node_id not in path:
            path.append(node_id)
            node_id = next(link.source for link in self.incoming[node_id] if link.source in stuck)
        return tuple(reversed(path[path.index(node_id) :]))

    def downstream(self, node_id: str) -> Iterator[str]:
        """`node_id` and every node that its output reaches."""
        seen = {node_id}
        queue = [node_id]
        for current in queue:
            yield current
            for link in self.outgoing[current]:
                if link.target not in seen:
                    seen.add(link.target)
                    queue.append(link.target)

    def would_cycle(self, source: str, target: str) -> bool:
        """Whether a link from `source` to `target` would close a loop."""
        return source in self.downstream(target)

    def with_nodes(self, nodes: Iterable[Node]) -> Network:
        """A network in which these nodes are added, or replaced where the id is there already."""
        merged = dict(self.nodes)
        merged.update((node.id, node) for node in nodes)
        made = replace(self, nodes=merged)
        if len(merged) == len(self.nodes):
            # No node is new, so all that was found out about the links holds.
            for name in ("incoming", "outgoing", "order", "cycle"):
                if name in self.__dict__:
                    made.__dict__[name] = self.__dict__[name]
        return made

    def with_links(self, links: Iterable[Link]) -> Network:
        return replace(self, links=tuple(links))

    def fresh_id(self, kind: str) -> str:
        """A short id such as `conv2d-3` that no node has."""
        stem = re.sub(r"[^a-z0-9]+", "", kind.lower()) or "node"
        return self._first_free(f"{stem}-{{}}", set(self.nodes))

    def fresh_name(self, kind: str) -> str:
        """A name such as `Conv2d 3` that no node has."""
        return self._first_free(f"{kind} {{}}", {node.name for node in self.nodes.values()})

    @staticmethod
    def _first_free(pattern: str, taken: set[str]) -> str:
        number = 1
        while pattern.format(number) in taken:
            number += 1
        return pattern.format(number)


def clamp_position(x: float, y: float) -> tuple[float, float]:
    """The nearest point on the canvas; NaN becomes 0."""

    def clamp(value: float) -> float:
        if math.isnan(value):
            return 0.0
        return max(-CANVAS_LIMIT, min(CANVAS_LIMIT, value))

    return clamp(x), clamp(y)


def _differ(one: Node, other: Node) -> bool:
    """Unlike ==, this tells 1 from 1.0 and True: for a layer only one of them may do."""
    return one != other or repr(one.parameters) != repr(other.parameters)


@dataclass(frozen=True)
class Changes:
    """What differs between two networks: all that a view of them has to touch."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    links_added: tuple[Link, ...]
    links_removed: tuple[Link, ...]

    def __bool__(self) -> bool:
        parts = (self.added, self.removed, self.changed, self.links_added, self.links_removed)
        return any(parts)


def changes(before: Network, after: Network) -> Changes:
    """What to do to a picture of `before` to make it one of `after`. Untouched nodes are the same
    object in both values, so the comparison is by identity and cheap."""
    old, new = before.nodes, after.nodes
    added: list[str] = []
    changed: list[str] = []
    for node_id, node in new.items():
        earlier = old.get(node_id)
        if earlier is None:
            added.append(node_id)
        elif earlier is not node and _differ(earlier, node):
            changed.append(node_id)
    removed = tuple(node_id for node_id in old if node_id not in new)
    if before.links is after.links:
        return Changes(tuple(added), removed, tuple(changed), (), ())
    old_links, new_links = set(before.links), set(after.links)
    return Changes(
        tuple(added),
        removed,
        tuple(changed),
        tuple(link for link in after.links if link not in old_links),
        tuple(link for link in before.links if link not in new_links),
    )
