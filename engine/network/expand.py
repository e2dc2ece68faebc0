"""The flat network that a diagram with blocks means: every copy of every node, and no blocks.

A node of a repeated block keeps its id in the first copy; in copy 3 it is `linear-1@3`, and `@2@3` for
the third copy of a block that lies in the second copy of another. Blocks that are not repeated do not
count, so a node keeps its ids, and with them its weights, when nodes are grouped around it. Whoever
computes sees flat networks only; whoever shows the diagram finds the first copy of each node under the
node's own id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import compress

from engine.network.layers import LAYERS
from engine.network.model import Link, Network, Node
from engine.network.ports import input_ports, output_ports
from engine.network.problem import Problem

#: More nodes than this, copies included, are not computed.
LARGEST_EXPANSION = 20_000

#: Which copy of each block around a node, the outermost first; the first copy is 1.
Copy = tuple[int, ...]


@dataclass(frozen=True)
class Expansion:
    """`network` is flat. `origin` names the node of which a flat node is a copy, for those whose ids
    differ. `sources`: the flat node and port that feeds each port of a block, by the id of the
    BlockInput or BlockOutput. `problems`: blocks that cannot be expanded."""

    network: Network
    origin: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def origin_of(self, flat_id: str) -> str:
        return self.origin.get(flat_id, flat_id)


def expand(network: Network) -> Expansion:
    """The flat network. One without blocks or comments is its own expansion."""
    if all(computes(node) for node in network.nodes.values()):
        return Expansion(network)
    too_large = _too_large(network)
    if too_large is not None:
        return Expansion(Network(), problems=(too_large,))
    return _Expander(network).run()


def repeats(block: Node) -> int:
    """How many copies of a block run, at least one."""
    count = block.parameters.get("repeat", 1)
    return max(count, 1) if isinstance(count, int) else 1


def copies(network: Network, node_id: str) -> int:
    """How often a node occurs in the flat network."""
    count = 1
    for block in network.blocks_around(node_id):
        count *= repeats(network.nodes[block])
    return count


def computes(node: Node) -> bool:
    """Whether a node is a layer, or of an unknown kind: no block, port of one, or note."""
    layer = LAYERS.get(node.kind)
    return layer is None or layer.computes


def _too_large(network: Network) -> Problem | None:
    """By arithmetic, before anything is copied: repeats within repeats multiply."""
    total = sum(
        copies(network, node.id) * (repeats(node) if node.kind == "Block" else 1)
        for node in network.nodes.values()
    )
    blocks = [node for node in network.nodes.values() if node.kind == "Block"]
    if total <= LARGEST_EXPANSION or not blocks:
        return None
    worst = max(blocks, key=lambda block: repeats(block) * copies(network, block.id))
    values = {"node": worst.name, "count": f"{total:,}", "limit": f"{LARGEST_EXPANSION:,}"}
    return Problem("too_many_copies", worst.id, values=values)


class _Expander:
    def __init__(self, network: Network) -> None:
        self._network = network
        self._into = {(link.target, link.target_port): link for link in network.links}
        self._origin: dict[str, str] = {}
        self._ids: dict[tuple[str, Copy], str] = {}

    def run(self) -> Expansion:
        problems = tuple(self._unrepeatable())
        nodes: dict[str, Node] = {}
        for node_id, copy in self._instances(""):
            node = self._network.nodes[node_id]
            if computes(node):
                flat_id = self._flat_id(node_id, copy)
                nodes[flat_id] = self._copied(node, flat_id, copy)
        links = tuple(self._links())
        return Expansion(Network(nodes, links), self._origin, self._sources(), problems)

    def _unrepeatable(self) -> Iterator[Problem]:
        """Blocks whose repeat is no count, or in which one copy could not feed the next."""
        for node in self._network.nodes.values():
            if node.kind != "Block":
                continue
            for parameter in LAYERS["Block"].parameters:
                problem = parameter.problem(node)
                if problem is not None:
                    yield problem
            if repeats(node) > 1:
                ends = (input_ports(self._network, node), output_ports(self._network, node))
                if not all(ends):
                    yield Problem("repeat_needs_ports", node.id, values={"node": node.name})

    def _instances(self, block: str, copy: Copy = ()) -> Iterator[tuple[str, Copy]]:
        """Every node of a block, with the copies that it exists in."""
        for node_id in self._network.children.get(block, ()):
            yield node_id, copy
            node = self._network.nodes[node_id]
            if node.kind == "Block":
                for number in range(1, repeats(node) + 1):
                    yield from self._instances(node_id, (*copy, number))

    def _flat_id(self, node_id: str, copy: Copy) -> str:
        key = (node_id, copy)
        if key not in self._ids:
            flat = "@".join([node_id, *map(str, self._numbers(node_id, copy))])
            if flat != node_id:
                while flat in self._network.nodes or flat in self._origin:
                    flat += "'"  # a file may have chosen such an id
                self._origin[flat] = node_id
            self._ids[key] = flat
        return self._ids[key]

    def _numbers(self, node_id: str, copy: Copy) -> list[int]:
        """Which copies of the repeated blocks around, as far as they are not the first."""
        blocks = reversed(list(self._network.blocks_around(node_id)))
        repeated = (repeats(self._network.nodes[block]) > 1 for block in blocks)
        numbers = list(compress(copy, repeated))
        while numbers and numbers[-1] == 1:
            numbers.pop()
        return numbers

    def _copied(self, node: Node, flat_id: str, copy: Copy) -> Node:
        if not copy:
            return node
        blocks = reversed(list(self._network.blocks_around(node.id)))
        numbers = [
            f"{number}/{repeats(self._network.nodes[block])}"
            for block, number in zip(blocks, copy, strict=True)
            if repeats(self._network.nodes[block]) > 1
        ]
        name = " · ".join([node.name, *numbers])
        return replace(node, id=flat_id, name=name, block="")

    def _links(self) -> Iterator[Link]:
        computing = {node.id for node in self._network.nodes.values() if computes(node)}
        where: dict[str, list[Copy]] = {}
        for node_id, copy in self._instances(""):
            where.setdefault(node_id, []).append(copy)
        for link in self._network.links:
            if link.target not in computing:
                continue
            for copy in where.get(link.target, ()):
                source = self._resolve(link.source, link.source_port, copy)
                if source is not None:
                    target = self._flat_id(link.target, copy)
                    yield Link(source[0], target, source[1], link.target_port)

    def _sources(self) -> dict[str, tuple[str, str]]:
        found = {}
        for node in self._network.nodes.values():
            if node.kind in ("BlockInput", "BlockOutput"):
                around = [self._network.nodes[block] for block in self._network.blocks_around(node.id)]
                last = tuple(repeats(block) for block in reversed(around))
                # What leaves a block leaves its last copy; what enters it enters the first.
                copy = (
                    (1,) * len(last)
                    if node.kind == "BlockInput"
                    else (*(1,) * (len(last) - 1), *last[-1:])
                )
                source = self._resolve(node.id, "out", copy)
                if source is not None:
                    found[node.id] = source
        return found

    def _resolve(self, node_id: str, port: str, copy: Copy) -> tuple[str, str] | None:
        """The flat node and port whose tensor leaves this port, or None where nothing does. A walk
        backwards through the ports of blocks; it ends, or comes back to where it was."""
        seen: set[tuple[str, str, Copy]] = set()
        while (node_id, port, copy) not in seen:
            seen.add((node_id, port, copy))
            node = self._network.nodes[node_id]
            if computes(node):
                return self._flat_id(node_id, copy), port
            before = self._before(node, port, copy)
            if before is None:
                return None
            link, copy = before
            node_id, port = link.source, link.source_port
        return None

    def _before(self, node: Node, port: str, copy: Copy) -> tuple[Link, Copy] | None:
        """The link that feeds a port of a block, and the copy that its source lies in."""
        network = self._network
        if node.kind == "Block":
            link = self._into.get((port, "in"))
            return None if link is None else (link, (*copy, repeats(node)))
        if node.kind == "BlockOutput":
            link = self._into.get((node.id, "in"))
            return None if link is None else (link, copy)
        if node.kind != "BlockInput" or node.block not in network.nodes:
            return None
        block = network.nodes[node.block]
        ins, outs = input_ports(network, block), output_ports(network, block)
        if copy[-1] > 1 and node.id == ins[0] and outs:
            link = self._into.get((outs[0], "in"))
            return None if link is None else (link, (*copy[:-1], copy[-1] - 1))
        link = self._into.get((block.id, node.id))
        return None if link is None else (link, copy[:-1])
