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

from engine.network.layers import LAYERS
from engine.network.model import Link, Network, Node
from engine.network.ports import input_ports, output_ports
from engine.network.problem import Problem

#: More nodes than this, copies included, are not computed.
LARGEST_EXPANSION = 20_000

#: Which copy of each block around a node, the outermost first; the first copy is 1.
Copy = tuple[int, ...]
#: A flat node and one of its output ports, or None for nothing.
Feed = tuple[str, str] | None


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
        self._computing = {key for key, node in network.nodes.items() if computes(node)}
        self._origin: dict[str, str] = {}
        self._ids: dict[tuple[str, Copy], str] = {}
        # What was found out once: of thousands of copies each asks the same.
        self._suffixes: dict[tuple[str, Copy], tuple[str, str]] = {}
        self._ports: dict[str, tuple[str, str]] = {}
        self._fed: dict[tuple[str, str, Copy], Feed] = {}

    def run(self) -> Expansion:
        problems = tuple(self._unrepeatable())
        nodes: dict[str, Node] = {}
        for node_id, copy in self._instances(""):
            node = self._network.nodes[node_id]
            if node_id in self._computing:
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
            flat = node_id + self._suffix(self._network.nodes[node_id].block, copy)[0]
            if flat != node_id:
                while flat in self._network.nodes or flat in self._origin:
                    flat += "'"  # a file may have chosen such an id
                self._origin[flat] = node_id
            self._ids[key] = flat
        return self._ids[key]

    def _suffix(self, block: str, copy: Copy) -> tuple[str, str]:
        """What the ids, and the names, of nodes in a copy of a block end in: which copies of the
        repeated blocks around it is; for ids, as far as they are not the first."""
        if not block:
            return "", ""
        if (block, copy) not in self._suffixes:
            around = [block, *self._network.blocks_around(block)]
            counts = [repeats(self._network.nodes[key]) for key in reversed(around)]
            which = [(at, count) for at, count in zip(copy, counts, strict=True) if count > 1]
            name = "".join(f" · {at}/{count}" for at, count in which)
            while which and which[-1][0] == 1:
                which.pop()
            self._suffixes[block, copy] = "".join(f"@{at}" for at, _ in which), name
        return self._suffixes[block, copy]

    def _copied(self, node: Node, flat_id: str, copy: Copy) -> Node:
        if not copy:
            return node
        return replace(node, id=flat_id, name=node.name + self._suffix(node.block, copy)[1], block="")

    def _links(self) -> Iterator[Link]:
        where: dict[str, list[Copy]] = {}
        for node_id, copy in self._instances(""):
            where.setdefault(node_id, []).append(copy)
        for link in self._network.links:
            if link.target not in self._computing:
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

    def _resolve(self, node_id: str, port: str, copy: Copy) -> Feed:
        """The flat node and port whose tensor leaves this port, or None where nothing does. A walk
        backwards through the ports of blocks; it ends, or comes back to where it was."""
        passed: dict[tuple[str, str, Copy], None] = {}
        found: Feed = None
        while (place := (node_id, port, copy)) not in passed:
            if node_id in self._computing:
                found = self._flat_id(node_id, copy), port
                break
            if place in self._fed:
                found = self._fed[place]
                break
            passed[place] = None
            before = self._before(self._network.nodes[node_id], port, copy)
            if before is None:
                break
            link, copy = before
            node_id, port = link.source, link.source_port
        self._fed.update(dict.fromkeys(passed, found))
        return found

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
        if copy[-1] > 1:
            first, output = self._first_ports(node.block)
            if node.id == first and output:
                link = self._into.get((output, "in"))
                return None if link is None else (link, (*copy[:-1], copy[-1] - 1))
        link = self._into.get((node.block, node.id))
        return None if link is None else (link, copy[:-1])

    def _first_ports(self, block: str) -> tuple[str, str]:
        """The input and the output port through which one copy feeds the next, "" for none."""
        if block not in self._ports:
            node = self._network.nodes[block]
            ends = input_ports(self._network, node), output_ports(self._network, node)
            self._ports[block] = ends[0][0] if ends[0] else "", ends[1][0] if ends[1] else ""
        return self._ports[block]
