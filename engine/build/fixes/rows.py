"""Candidates that change the number of axes: Flatten and pooling put in, moved or taken out, and an
output layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from engine.build.fixes.site import Bypass, Candidate, Chain, Reroute, Site, appending, chain_text, row
from engine.network.edits import EditError, MoveNodes
from engine.network.layers import LAYERS
from engine.network.model import Link, Network, Node
from engine.network.ports import input_ports, output_ports
from engine.network.problem import Problem

_FLATTEN: Chain = (("Flatten", {}),)
_POOLED: Chain = (("AdaptiveAvgPool2d", {"output_size": 1}), ("Flatten", {}))


def flatten_later(site: Site) -> Iterator[Candidate]:
    """Flatten behind the layers that need an image, or not at all."""
    flatten = site.cause
    if flatten is None or flatten.kind != "Flatten" or len(site.network.incoming[flatten.id]) != 1:
        return
    chain = list(_single_file(site.network, site.node))
    for last, after in zip(chain, [*chain[1:], None], strict=True):
        if after is None or LAYERS[after.kind].family == "linear":
            move = MoveBehind(flatten.id, last.id)
            values = {"node": flatten.name, "after": last.name}
            yield Candidate("move_behind", move, values, flatten.id)
            break
    removed = site.bypass(flatten)
    if removed is not None:
        yield removed


def _single_file(network: Network, node: Node) -> Iterator[Node]:
    """`node` and those behind it, up to a fork or a joint."""
    seen: set[str] = set()
    while node.kind in LAYERS and node.id not in seen:
        seen.add(node.id)
        yield node
        links = network.outgoing[node.id]
        if len(links) != 1 or len(network.incoming[links[0].target]) != 1:
            return
        node = network.nodes[links[0].target]


@dataclass(frozen=True)
class MoveBehind:
    """A node with one input and one output changes its place to behind another further down; the
    cards between move up into the gap."""

    id: str
    after: str

    def apply(self, network: Network) -> Network:
        node = network.nodes[self.id]
        height = row(node.kind)
        lifted = Bypass(self.id).apply(network)
        last = lifted.nodes[self.after]
        moved = {
            other.id: (other.x, other.y - height)
            for child in lifted.children.get(node.block, ())
            if node.y < (other := lifted.nodes[child]).y <= last.y
        }
        place = last.y + row(last.kind) - (height if moved else 0.0)
        lifted = MoveNodes(moved).apply(lifted)
        placed = lifted.with_nodes([replace(node, x=last.x, y=place)])
        ends = (output_ports(placed, last), input_ports(placed, node), output_ports(placed, node))
        if not all(ends):  # the way out of a block has nothing behind it
            raise EditError(Problem("cannot_insert", node.id, values={"node": node.name}))
        source, port, out = (ports[0] for ports in ends)
        into = Link(last.id, node.id, source, port)
        behind = lifted.outgoing[last.id]
        if not behind:
            return placed.with_links([*placed.links, into])
        for link in behind:
            leaving = Link(node.id, link.target, out, link.target_port)
            placed = Reroute(link, (leaving,)).apply(placed)
        return placed.with_links([*placed.links, into])


def one_row(site: Site) -> Iterator[Candidate]:
    """Flatten before the first Linear, or an output layer that gives a score for each class."""
    cause = site.cause
    if cause is None:
        return
    for link in site.network.incoming[cause.id]:
        yield site.insert(link, *_FLATTEN)
        yield site.insert(link, *_POOLED)
    yield from output_layer(site)


def output_layer(site: Site) -> Iterator[Candidate]:
    """A Linear with one output for each class at the end, before a Softmax."""
    if site.data is None or site.problem.node is None:
        return
    linear: Chain = (("Linear", {"out_features": site.data.classes}),)
    shape = site.report.nodes[site.node.id].output or ()
    last = site.node.kind == "Softmax"
    if len(shape) == 1:
        ways = [linear]
    else:
        ways = [(*_FLATTEN, *linear)]
        if len(shape) == 3:
            ways.append((*_POOLED, *linear))
    for chain in ways:
        if last:
            yield site.insert(site.into[0], *chain)
        else:
            yield _at_the_end(site, chain)


def _at_the_end(site: Site, chain: Chain) -> Candidate:
    edit, ids = appending(site.network, site.node, chain)
    values = {"kinds": chain_text(chain), "source": site.node.name}
    return Candidate("append", edit, values, ids[-1])


def pooled_before(site: Site) -> Iterator[Candidate]:
    """The mean of each channel in place of every pixel."""
    for link in site.into:
        flatten = site.network.nodes[link.source].kind == "Flatten"
        for at in site.network.incoming[link.source] if flatten else (link,):
            shape = site.report.shape_on(at)
            if shape is not None and len(shape) == 3:
                yield site.insert(at, _POOLED[0])


def embedded(site: Site) -> Iterator[Candidate]:
    """Vectors in place of the numbers of words."""
    for link in site.into:
        found = site.report.nodes.get(link.source)
        if found is not None and found.dtype == "int64":
            yield site.insert(link, ("Embedding", {}))


def left_out(site: Site) -> Iterator[Candidate]:
    """Without the node that does not fit."""
    found = site.bypass(site.node) if site.problem.node is not None else None
    if found is not None:
        yield found


CANDIDATES = {
    "image_was_flattened": (flatten_later, left_out),
    "wrong_axes": (flatten_later, embedded, left_out),
    "output_not_one_row": (one_row,),
    "no_output_layer": (output_layer,),
    "outputs_unlike_classes": (output_layer,),
    "nothing_to_learn": (output_layer,),
    "no_output": (output_layer,),
    "layer_too_large": (pooled_before,),
    "window_too_large": (left_out,),
    "window_larger_than_image": (left_out,),
    "needs_whole_numbers": (left_out,),
    "torch_refused": (left_out,),
    "unknown_kind": (left_out,),
    "no_such_axis": (left_out,),
}
