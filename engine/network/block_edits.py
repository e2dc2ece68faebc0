"""Making blocks of nodes and nodes of blocks, as edits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.network.edits import EditError
from engine.network.model import Link, Network, Node
from engine.network.ports import links_into
from engine.network.problem import Problem

#: Blocks within blocks within blocks ... more than a person can follow.
DEEPEST = 16
#: Between the row of ports and the nodes inside a new block.
_GAP = 48.0


@dataclass(frozen=True)
class GroupNodes:
    """The named nodes, which lie in one block or none, become the inside of a new block.

    Each tensor that enters or leaves them gets one port, named after the node outside that it comes
    from, or the node inside that makes it. `height`: of the tallest card, to place the ports."""

    ids: frozenset[str]
    name: str
    height: float = 88.0

    def apply(self, network: Network) -> Network:
        members = [node for node in network.nodes.values() if node.id in self.ids]
        if len(members) < len(self.ids) or not members:
            raise EditError(Problem("missing_node", None, values={"id": ", ".join(sorted(self.ids))}))
        around = members[0].block
        if any(node.block != around for node in members):
            raise EditError(Problem("other_blocks", members[0].id, values={}))
        if any(node.kind in ("BlockInput", "BlockOutput") for node in members):
            raise EditError(Problem("port_in_block", members[0].id, values={}))
        if _leads_back(network, self.ids):
            raise EditError(Problem("block_would_cycle", members[0].id, values={}))
        left, top = min(node.x for node in members), min(node.y for node in members)
        block = Node(network.fresh_id("Block"), "Block", self.name, {"repeat": 1}, left, top, around)
        inside = [replace(node, block=block.id, x=node.x - left, y=node.y - top) for node in members]
        grouped = network.with_nodes([block, *inside])
        _check_depth(grouped, block.id)
        return _with_ports(grouped, block, self.ids, self.height)


@dataclass(frozen=True)
class UngroupBlock:
    """The inside of a block takes its place; the block and its ports are gone."""

    id: str

    def apply(self, network: Network) -> Network:
        block = network.nodes.get(self.id)
        if block is None or block.kind != "Block":
            raise EditError(Problem("missing_node", None, values={"id": self.id}))
        children = [network.nodes[child] for child in network.children.get(self.id, ())]
        ports = {node.id for node in children if node.kind in ("BlockInput", "BlockOutput")}
        gone = ports | {self.id}
        freed = [
            replace(node, block=block.block, x=node.x + block.x, y=node.y + block.y)
            for node in children
            if node.id not in ports
        ]
        nodes = {key: node for key, node in network.nodes.items() if key not in gone}
        nodes.update((node.id, node) for node in freed)
        return replace(network, nodes=nodes, links=tuple(_healed(network, self.id, ports)))


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
    name are set together; no targets: it shows no longer."""

    id: str
    name: str
    targets: tuple[tuple[str, str], ...]

    def apply(self, network: Network) -> Network:
        block = _block(network, self.id)
        inside = set(network.inside(self.id))
        for target, _ in self.targets:
            if target not in inside:
                raise EditError(Problem("missing_node", None, values={"id": target}))
        raised = {name: targets for name, targets in block.raised.items() if name != self.name}
        if self.targets:
            raised[self.name] = self.targets
        return network.with_nodes([replace(block, raised=raised)])


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


def _with_ports(network: Network, block: Node, ids: frozenset[str], height: float) -> Network:
    """Ports where links cross the border, and the links led through them."""
    entering = [link for link in network.links if link.target in ids and link.source not in ids]
    leaving = [link for link in network.links if link.source in ids and link.target not in ids]
    inside = [network.nodes[node_id] for node_id in ids]
    low = max(node.y for node in inside) + height + _GAP
    replaced: dict[Link, tuple[Link, ...]] = {}
    for made, crossing, kind, y in (
        (set[tuple[str, str]](), entering, "BlockInput", -height - _GAP),
        (set[tuple[str, str]](), leaving, "BlockOutput", low),
    ):
        for source, port in dict.fromkeys((link.source, link.source_port) for link in crossing):
            sharing = [link for link in crossing if (link.source, link.source_port) == (source, port)]
            within = network.nodes[sharing[0].target if kind == "BlockInput" else source]
            name = _free_name(network.nodes[source].name, made)
            node = Node(network.fresh_id(kind), kind, name, {}, within.x, y, block.id)
            network = network.with_nodes([node])
            replaced |= _led_through(block.id, node, sharing)
    links: list[Link] = []
    for link in network.links:
        links += (new for new in replaced.get(link, (link,)) if new not in links)
    return network.with_links(links)


def _free_name(name: str, made: set[tuple[str, str]]) -> str:
    number = sum(1 for taken, _ in made if taken == name)
    made.add((name, str(number)))
    return name if number == 0 else f"{name} ({number + 1})"


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
        while True:
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

    seen: set[Link] = set()
    for link in network.links:
        if link.target == block or link.target in ports:
            continue
        found = source_of(link.source, link.source_port)
        if found is not None:
            straight = Link(found[0], link.target, found[1], link.target_port)
            if straight not in seen:
                seen.add(straight)
                yield straight
