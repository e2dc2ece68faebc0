"""Making blocks of nodes and nodes of blocks, as edits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.network.edits import EditError, unraised
from engine.network.model import DEEPEST, Link, Network, Node, clamp_position
from engine.network.ports import PORTS, links_into
from engine.network.problem import Problem
from engine.network.raised import resolved

#: Between the row of ports and the nodes inside a new block, and between two ports.
_GAP = 48.0
_GRID = 8.0


@dataclass(frozen=True)
class GroupNodes:
    """The named nodes, which lie in one block or none, become the inside of a new block.

    Each tensor that enters or leaves them gets one port, named after the node outside that it comes
    from, or the node inside that makes it. Inputs lie in a row above the nodes, outputs below them,
    and the upper left corner of all that is (0, 0). `height`, `width`: of the largest card."""

    ids: frozenset[str]
    name: str
    height: float = 88.0
    width: float = 176.0

    def apply(self, network: Network) -> Network:
        members = [node for node in network.nodes.values() if node.id in self.ids]
        if len(members) < len(self.ids) or not members:
            raise EditError(Problem("missing_node", None, values={"id": ", ".join(sorted(self.ids))}))
        around = members[0].block
        if any(node.block != around for node in members):
            raise EditError(Problem("other_blocks", members[0].id, values={}))
        if any(node.kind in PORTS for node in members):
            raise EditError(Problem("port_in_block", members[0].id, values={}))
        if _leads_back(network, self.ids):
            raise EditError(Problem("block_would_cycle", members[0].id, values={}))
        left, top = _corner(members)
        block = Node(network.fresh_id("Block"), "Block", self.name, {"repeat": 1}, left, top, around)
        grouped = network.with_nodes([block, *(replace(node, block=block.id) for node in members)])
        _check_depth(grouped, block.id)
        grouped = _with_ports(grouped, block, self.ids, self.width, self.height)
        left, top = _corner(_children(grouped, block.id))
        return _moved(grouped, block.id, -left, -top)


@dataclass(frozen=True)
class UngroupBlock:
    """The inside of a block takes its place; the block and its ports are gone. `members_corner` comes
    to lie where the block was, so nodes that were just grouped come back to where they were."""

    id: str

    def apply(self, network: Network) -> Network:
        block = _block(network, self.id)
        children = _children(network, self.id)
        ports = {node.id for node in children if node.kind in PORTS}
        gone = ports | {self.id}
        left, top = members_corner(network, self.id)
        network = _moved(network, self.id, block.x - left, block.y - top)
        nodes = {key: node for key, node in network.nodes.items() if key not in gone}
        freed = (nodes[node.id] for node in children if node.id in nodes)
        nodes.update({node.id: replace(node, block=block.block) for node in freed})
        links = tuple(_healed(network, self.id, ports))
        return replace(network, nodes=unraised(nodes, gone), links=links)


@dataclass(frozen=True)
class OpenBlock:
    """Show the inside of a block in place, or only its card."""

    id: str
    open: bool

    def apply(self, network: Network) -> Network:
        return network.with_nodes([replace(_block(network, self.id), open=self.open)])


@dataclass(frozen=True)
class RaiseParameter:
    """A parameter of a node inside shows on the face of the block under `name`. Several under one
    name are set together (`raised.SetRaised`); no targets: it shows no longer."""

    id: str
    name: str
    targets: tuple[tuple[str, str], ...]

    def apply(self, network: Network) -> Network:
        block = _block(network, self.id)
        raised = {**block.raised, self.name: resolved(network, self.id, self.targets)}
        if not self.targets:
            del raised[self.name]
        return network.with_nodes([replace(block, raised=raised)])


def members_corner(network: Network, block: str) -> tuple[float, float]:
    """The upper left corner of what lies in a block, its ports not counted, as seen from inside."""
    members = [node for node in _children(network, block) if node.kind not in PORTS]
    return _corner(members) if members else (0.0, 0.0)


def _children(network: Network, block: str) -> list[Node]:
    return [network.nodes[child] for child in network.children.get(block, ())]


def _corner(nodes: Iterable[Node]) -> tuple[float, float]:
    nodes = tuple(nodes)
    return min(node.x for node in nodes), min(node.y for node in nodes)


def _moved(network: Network, block: str, dx: float, dy: float) -> Network:
    """The inside of a block lies elsewhere in it."""
    moved = []
    for node in _children(network, block):
        x, y = clamp_position(node.x + dx, node.y + dy)
        moved.append(replace(node, x=x, y=y))
    return network.with_nodes(moved)


def _block(network: Network, node_id: str) -> Node:
    block = network.nodes.get(node_id)
    if block is None or block.kind != "Block":
        raise EditError(Problem("missing_node", None, values={"id": node_id}))
    return block


def _leads_back(network: Network, ids: frozenset[str]) -> bool:
    """Whether a way leaves the nodes and comes back to them: their block would feed itself."""
    outside = {link.target for link in network.links if link.source in ids and link.target not in ids}
    seen = set(outside)
    queue = list(outside)
    for node_id in queue:  # grows while it is walked
        for link in network.outgoing[node_id]:
            if link.target in ids:
                return True
            if link.target not in seen:
                seen.add(link.target)
                queue.append(link.target)
    return False


def _check_depth(network: Network, block: str) -> None:
    deepest = max((len(list(network.blocks_around(node))) for node in network.inside(block)), default=0)
    if deepest > DEEPEST:
        raise EditError(Problem("too_deep", block, values={"limit": DEEPEST}))


def _with_ports(
    network: Network, block: Node, ids: frozenset[str], width: float, height: float
) -> Network:
    """Ports where links cross the border, and the links led through them."""
    entering = [link for link in network.links if link.target in ids and link.source not in ids]
    leaving = [link for link in network.links if link.source in ids and link.target not in ids]
    inside = [network.nodes[node_id] for node_id in ids]
    above = min(node.y for node in inside) - height - _GAP
    below = max(node.y for node in inside) + height + _GAP
    replaced: dict[Link, tuple[Link, ...]] = {}
    for crossing, kind, y in ((entering, "BlockInput", above), (leaving, "BlockOutput", below)):
        made: list[Node] = []
        sharing: dict[tuple[str, str], list[Link]] = {}
        for link in crossing:
            sharing.setdefault((link.source, link.source_port), []).append(link)
        for (source, _), links in sharing.items():
            within = network.nodes[links[0].target if kind == "BlockInput" else source]
            name = _free_name(network.nodes[source].name, made)
            made.append(Node(network.fresh_id(kind), kind, name, {}, within.x, y, block.id))
            network = network.with_nodes(made)
            replaced |= _led_through(block.id, made[-1], links)
        network = network.with_nodes(_side_by_side(made, width))
    led = (new for link in network.links for new in replaced.get(link, (link,)))
    return network.with_links(dict.fromkeys(led))


def _side_by_side(ports: list[Node], width: float) -> list[Node]:
    """Ports in one row, in their order, on the average over the nodes that they belong to."""
    placed: list[float] = []
    for port in ports:
        placed.append(max(port.x, placed[-1] + width + _GAP) if placed else port.x)
    wide = sum(placed) - sum(port.x for port in ports)
    aside = round(wide / max(len(ports), 1) / _GRID) * _GRID
    return [replace(port, x=x - aside) for port, x in zip(ports, placed, strict=True)]


def _free_name(name: str, made: list[Node]) -> str:
    """`name`, or with a number where another port has it."""
    taken = {port.name for port in made}
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name} ({number})"
    return found


def _led_through(block: str, port: Node, links: list[Link]) -> dict[Link, tuple[Link, ...]]:
    """Each crossing link as one outside and one inside of the border."""
    if port.kind == "BlockInput":
        return {
            link: (
                Link(link.source, block, link.source_port, port.id),
                Link(port.id, link.target, "out", link.target_port),
            )
            for link in links
        }
    return {
        link: (
            Link(link.source, port.id, link.source_port, "in"),
            Link(block, link.target, port.id, link.target_port),
        )
        for link in links
    }


def _healed(network: Network, block: str, ports: set[str]) -> Iterable[Link]:
    """The links without the block: what ran through a port runs straight."""
    into = {link.target_port: link for link in network.incoming[block]}
    out = {port: links_into(network, network.nodes[port]) for port in ports}

    def source_of(node_id: str, port: str) -> tuple[str, str] | None:
        passed: set[tuple[str, str]] = set()  # a file may hold a loop
        while (node_id, port) not in passed:
            passed.add((node_id, port))
            if node_id == block:
                links = out.get(port, ())
                if not links:
                    return None
                node_id, port = links[0].source, links[0].source_port
            elif node_id in ports:
                link = into.get(node_id)
                if link is None:
                    return None
                node_id, port = link.source, link.source_port
            else:
                return node_id, port
        return None

    seen: set[Link] = set()
    for link in network.links:
        if link.target == block or link.target in ports:
            continue
        found = source_of(link.source, link.source_port)
        if found is not None:
            straight = Link(found[0], link.target, found[1], link.target_port)
            if straight in seen:
                names = [network.nodes[end].name for end in straight.touches]
                values = {"source": names[0], "target": names[1]}
                raise EditError(Problem("ungroup_links_twice", block, values=values))
            seen.add(straight)
            yield straight
