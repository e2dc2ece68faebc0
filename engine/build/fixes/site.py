"""What a candidate for a fix is made from: the broken place, and edits that put nodes into it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from engine.build.fit import pair
from engine.build.report import Shape, ShapeReport
from engine.network.edits import (
    AddNode,
    Connect,
    Disconnect,
    Edit,
    MoveNodes,
    RemoveNodes,
    SetParameter,
    Together,
)
from engine.network.layers import LAYERS, new_node
from engine.network.model import Link, Network, Node, ParameterValue
from engine.network.ports import input_ports, output_ports
from engine.network.problem import Problem

#: Scene units from a card to the one below, and what a card takes more when it shows pictures.
_ROW, _STRIP = 88.0, 40.0
#: From a card to the one beside it.
_COLUMN = 216.0

#: Kinds with their parameters, one after the other.
Chain = tuple[tuple[str, Mapping[str, ParameterValue]], ...]


@dataclass(frozen=True)
class Candidate:
    """A fix that is not proven yet. `shows`: the node whose new output shape tells what it does."""

    code: str
    edit: Edit
    values: Mapping[str, Any] = field(default_factory=dict)
    shows: str = ""


@dataclass(frozen=True)
class Data:
    """What the chosen data asks of the network."""

    title: str
    sample: Shape
    classes: int


@dataclass(frozen=True)
class Site:
    """One problem of a diagram; `data` is None while the data set is not known."""

    network: Network
    report: ShapeReport
    problem: Problem
    data: Data | None

    @cached_property
    def node(self) -> Node:
        """Where it shows. KeyError for a problem of the network as a whole."""
        return self.network.nodes[self.problem.node or ""]

    @cached_property
    def cause(self) -> Node | None:
        return self.network.nodes.get(self.problem.cause or "")

    @property
    def into(self) -> tuple[Link, ...]:
        return self.network.incoming[self.node.id]

    def name(self, node_id: str) -> str:
        return self.network.nodes[node_id].name

    def set(self, node: Node, name: str, value: ParameterValue) -> Candidate:
        """Another value for one parameter."""
        declared = LAYERS[node.kind].parameter(name)
        before = node.parameters.get(name, declared.default if declared else "")
        own = node.id == self.problem.node
        values = {
            "node": node.name,
            "parameter": name,
            "value": size_text(value),
            "before": size_text(before),
        }
        code = "set_parameter" if own else "set_parameter_of"
        return Candidate(code, SetParameter(node.id, name, value), values, node.id)

    def insert(self, link: Link, *chain: tuple[str, Mapping[str, ParameterValue]]) -> Candidate:
        """New nodes on a link."""
        edit, ids = insertion(self.network, link, chain)
        values = {
            "kinds": chain_text(chain),
            "source": self.name(link.source),
            "target": self.name(link.target),
        }
        several = len(self.network.incoming[link.target]) > 1
        return Candidate("insert_after" if several else "insert", edit, values, ids[-1])

    def bypass(self, node: Node) -> Candidate | None:
        """Without a node in the middle: what it read is read by those who read it."""
        links = self.network.incoming[node.id]
        if len(links) != 1:
            return None
        targets = [self.name(link.target) for link in self.network.outgoing[node.id]]
        values = {"node": node.name, "source": self.name(links[0].source)}
        values["targets"] = ", ".join(targets)
        return Candidate("remove" if targets else "remove_last", Bypass(node.id), values)


@dataclass(frozen=True)
class Bypass:
    """A node with one input goes; the links that left it leave its source, in their old places."""

    id: str

    def apply(self, network: Network) -> Network:
        source = network.incoming[self.id][0]
        links: dict[Link, None] = {}  # in order, and none twice
        for link in network.links:
            kept = link
            if link.source == self.id:
                kept = replace(link, source=source.source, source_port=source.source_port)
            links[kept] = None
        return RemoveNodes(frozenset({self.id})).apply(network.with_links(links))


@dataclass(frozen=True)
class Reroute:
    """A link is replaced by others, in its place: Concat joins its inputs in the order of links."""

    link: Link
    links: tuple[Link, ...]

    def apply(self, network: Network) -> Network:
        found: list[Link] = []
        for link in network.links:
            found += self.links if link == self.link else (link,)
        return network.with_links(found)


def insertion(network: Network, link: Link, chain: Chain) -> tuple[Edit, tuple[str, ...]]:
    """The edit that puts new nodes on a link, and their ids. Cards below make room."""
    source, target = network.nodes[link.source], network.nodes[link.target]
    top = source.y + row(source.kind)
    room = sum(row(kind) for kind, _ in chain)
    shift = max(0.0, room - (target.y - top)) if source.y < target.y else 0.0
    moved = {
        node.id: (node.x, node.y + shift)
        for node_id in network.children.get(target.block, ())
        if shift and (node := network.nodes[node_id]).y >= target.y
    }
    grown = MoveNodes(moved).apply(network)
    nodes = []
    for kind, parameters in chain:
        x = free_column(grown, target.block, target.x, top, row(kind))
        node = fresh(grown, kind, parameters, x, top, target.block)
        grown = grown.with_nodes([node])
        nodes.append(node)
        top += row(kind)
    edits = [AddNode(node) for node in nodes]
    reroute = Reroute(link, tuple(_through(grown, link, nodes)))
    return Together((MoveNodes(moved), *edits, reroute)), tuple(node.id for node in nodes)


def appending(network: Network, source: Node, chain: Chain) -> tuple[Edit, tuple[str, ...]]:
    """The edit that puts new nodes below one that nothing follows, and their ids."""
    edits: list[Edit] = []
    before, ids = source, []
    for kind, parameters in chain:
        y = before.y + row(before.kind)
        x = free_column(network, source.block, before.x, y, row(kind))
        node = fresh(network, kind, parameters, x, y, source.block)
        network = network.with_nodes([node])
        port = output_ports(network, before)[0]
        edits += [AddNode(node), Connect(Link(before.id, node.id, port, LAYERS[kind].inputs[0]))]
        before = node
        ids.append(node.id)
    return Together(tuple(edits)), tuple(ids)


def fresh(
    network: Network,
    kind: str,
    parameters: Mapping[str, ParameterValue],
    x: float,
    y: float,
    block: str,
) -> Node:
    node = new_node(network, kind, x, y)
    return replace(node, parameters={**node.parameters, **parameters}, block=block)


def row(kind: str) -> float:
    """From the upper edge of a card to that of the next."""
    layer = LAYERS.get(kind)
    pictured = layer is not None and layer.family in ("convolution", "pooling")
    return _ROW + (_STRIP if pictured else 0.0)


def free_column(network: Network, block: str, x: float, y: float, height: float) -> float:
    """The first x, from the given one to the right, where no card is in the way."""
    cards = (network.nodes[node_id] for node_id in network.children.get(block, ()))
    taken = [node.x for node in cards if node.y < y + height and node.y + row(node.kind) > y]
    near = _COLUMN - 1  # a sum of fractions may miss its target by a little
    while any(abs(other - x) < near for other in taken):
        x = min(other for other in taken if abs(other - x) < near) + _COLUMN
    return x


def unlink(network: Network, link: Link) -> Candidate:
    values = {
        "source": network.nodes[link.source].name,
        "target": network.nodes[link.target].name,
    }
    return Candidate("disconnect", Disconnect(frozenset({link})), values)


def size_text(value: ParameterValue) -> str:
    """A value as the inspector shows it: a size of two numbers as 3 × 5."""
    if isinstance(value, tuple):
        return " × ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def chain_text(chain: Chain) -> str:
    """The layers in words; what makes one convolution differ from another is said."""
    return " + ".join(map(_layer_text, chain))


def _layer_text(layer: tuple[str, Mapping[str, ParameterValue]]) -> str:
    kind, parameters = layer
    if kind != "Conv2d":
        return kind
    height, width = pair(parameters["kernel_size"])
    stride = parameters.get("stride", 1)
    return f"{kind} {height} × {width}" + ("" if stride == 1 else f", stride {size_text(stride)}")


def plain_size(height: int, width: int) -> ParameterValue:
    """A size as one number where one is enough."""
    return height if height == width else (height, width)


def _through(network: Network, link: Link, nodes: Iterable[Node]) -> Iterator[Link]:
    source, port = link.source, link.source_port
    for node in nodes:
        yield Link(source, node.id, port, input_ports(network, node)[0])
        source, port = node.id, output_ports(network, node)[0]
    yield Link(source, link.target, port, link.target_port)
