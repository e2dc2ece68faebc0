"""Candidates that draw or delete links, and whole branches with them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from engine.build.fixes.site import Candidate, Site, free_column, fresh, row, unlink
from engine.network.edits import AddNode, Connect, Edit, RemoveNodes, Together
from engine.network.layers import LAYERS
from engine.network.model import Link, Network, Node
from engine.network.ports import free_inputs, input_ports, output_ports, port_title

#: So many sources of a missing input are tried, the nearest first.
_TRIED = 6


def missing_input(site: Site) -> Iterator[Candidate]:
    """A line from the nearest output that nothing reads yet, from another one, or a new Input."""
    found = _open_port(site)
    if found is None:
        return
    node, port = found
    network = site.network
    kinds = {other.kind for other in network.nodes.values()}
    if "Input" not in kinds and not node.block and site.data is not None:
        yield _new_input(site, node, port)
    behind = set(network.downstream(node.id))
    sources = [
        (other, out)
        for other_id in network.children.get(node.block, ())
        if other_id not in behind
        for other in [network.nodes[other_id]]
        for out in output_ports(network, other)
    ]
    sources.sort(key=lambda source: _distance(network, node, *source))
    for other, out in sources[:_TRIED]:
        link = Link(other.id, node.id, out, port)
        values = {
            "source": other.name,
            "node": node.name,
            "port": port_title(network, node, port),
        }
        yield Candidate("connect", Connect(link), values, site.node.id)


def _open_port(site: Site) -> tuple[Node, str] | None:
    """The node and its port that no line enters: the node itself, or a block around it through whose
    port it is fed."""
    network, node = site.network, site.node
    free = free_inputs(network, node)
    port = free[0] if free else input_ports(network, node)[0]
    while True:
        link = next((k for k in network.incoming[node.id] if k.target_port == port), None)
        if link is None:
            return node, port
        source = network.nodes[link.source]
        if source.kind != "BlockInput" or source.block not in network.nodes:
            return None
        node, port = network.nodes[source.block], source.id


def _distance(network: Network, node: Node, other: Node, port: str) -> tuple[bool, float]:
    """What nothing reads yet comes first; then what lies near, above rather than below."""
    read = any(link.source_port == port for link in network.outgoing[other.id])
    down = node.y - other.y
    return read, math.hypot(node.x - other.x, down if down > 0 else 4 * down)


def _new_input(site: Site, node: Node, port: str) -> Candidate:
    assert site.data is not None
    y = node.y - row("Input")
    x = free_column(site.network, node.block, node.x, y, row("Input"))
    new = fresh(site.network, "Input", {"shape": site.data.sample}, x, y, node.block)
    edit = Together((AddNode(new), Connect(Link(new.id, node.id, "out", port))))
    return Candidate("add_input", edit, {"node": node.name, "data": site.data.title}, new.id)


def unused(site: Site) -> Iterator[Candidate]:
    """A node that nothing reads either can go."""
    if not site.network.outgoing[site.node.id]:
        edit = RemoveNodes(frozenset({site.node.id}))
        yield Candidate("delete", edit, {"names": site.node.name})


def opened_cycle(site: Site) -> Iterator[Candidate]:
    """Without the link that leads back up, or another one of the circle."""
    network = site.network
    cycle = network.cycle
    following = zip(cycle, [*cycle[1:], *cycle[:1]], strict=True)
    links = [link for pair in following for link in network.outgoing[pair[0]] if link.target == pair[1]]
    height = {node_id: network.nodes[node_id].y for node_id in cycle}
    for link in sorted(links, key=lambda link: height[link.target] - height[link.source]):
        yield unlink(network, link)


def one_input(site: Site) -> Iterator[Candidate]:
    """One of the Inputs feeds what the others fed."""
    inputs = [node for node in site.network.nodes.values() if node.kind == "Input"]
    for kept in inputs:
        others = [node for node in inputs if node.id != kept.id]
        edits: list[Edit] = [RemoveNodes(frozenset(node.id for node in others))]
        for node in others:
            if node.block != kept.block:
                continue
            edits += [
                Connect(Link(kept.id, link.target, "out", link.target_port))
                for link in site.network.outgoing[node.id]
            ]
        names = ", ".join(node.name for node in others)
        values = {"node": kept.name, "names": names}
        yield Candidate("keep_input", Together(tuple(edits)), values, kept.id)


def one_end(site: Site) -> Iterator[Candidate]:
    """Without the nodes that lead to all ends but one."""
    network = site.network
    ends = [
        node.id
        for node in network.nodes.values()
        if _computes(node) and network.incoming[node.id] and not network.outgoing[node.id]
    ]
    for kept in ends:
        needed = _upstream(network, [kept])
        gone = _upstream(network, [end for end in ends if end != kept]) - needed
        if gone:
            names = ", ".join(node.name for node in network.nodes.values() if node.id in gone)
            values = {"names": names, "node": network.nodes[kept].name}
            yield Candidate("keep_end", RemoveNodes(frozenset(gone)), values, kept)


def _computes(node: Node) -> bool:
    layer = LAYERS.get(node.kind)
    return layer is None or layer.computes or node.kind == "Block"


def _upstream(network: Network, ids: list[str]) -> set[str]:
    """These nodes and all they are computed from."""
    seen, queue = set(ids), list(ids)
    for node_id in queue:  # grows while it is walked
        for link in network.incoming[node_id]:
            if link.source not in seen:
                seen.add(link.source)
                queue.append(link.source)
    return seen


CANDIDATES = {
    "input_missing": (missing_input, unused),
    "port_missing": (missing_input, unused),
    "cycle": (opened_cycle,),
    "several_inputs": (one_input,),
    "several_outputs": (one_end,),
}
