"""The dots where links begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from engine.network.model import Link, Network, Node
from engine.network.ports import input_ports, output_ports
from gui.theme import color

RADIUS = 4.0
GROWN = 6.0
#: Scene units around a dot's centre that answer to the mouse.
REACH = 10.0


@dataclass(frozen=True)
class Port:
    node: str
    name: str
    output: bool


class PortLook(Enum):
    """At rest, under the cursor, or, while a wire is dragged, ready for it or not."""

    REST = "rest"
    HOVER = "hover"
    READY = "ready"
    CLOSED = "closed"


def ports_of(network: Network, node: Node) -> tuple[Port, ...]:
    """The ports a node shows; one of each for a kind that is not known here."""
    return (
        *(Port(node.id, name, False) for name in input_ports(network, node)),
        *(Port(node.id, name, True) for name in output_ports(network, node)),
    )


def place(ports: tuple[Port, ...], port: Port, card: QRectF) -> QPointF:
    """Centre of `port` on a card: inputs on the upper edge, outputs on the lower one. A port that the
    kind does not have (an unknown file) lies in the middle."""
    row = [other for other in ports if other.output == port.output]
    share = (row.index(port) + 1) / (len(row) + 1) if port in row else 0.5
    return QPointF(card.left() + card.width() * share, card.bottom() if port.output else card.top())


def link_between(one: Port, other: Port) -> Link | None:
    """The link from whichever is the output to whichever is the input; None for two of a kind."""
    if one.output == other.output:
        return None
    source, target = (one, other) if one.output else (other, one)
    return Link(source.node, target.node, source.name, target.name)


def ends_of(link: Link) -> tuple[Port, Port]:
    """The output port a link leaves, and the input port it enters."""
    return Port(link.source, link.source_port, True), Port(link.target, link.target_port, False)


def draw_port(painter: QPainter, centre: QPointF, look: PortLook, selected: bool) -> None:
    ground, edge, radius = color("surface"), color("accent" if selected else "muted"), RADIUS
    if look is PortLook.HOVER:
        ground, edge, radius = color("accent"), color("surface"), GROWN
    elif look is PortLook.READY:
        ground, edge, radius = color("selection"), color("accent"), GROWN - 1
    elif look is PortLook.CLOSED:
        edge, radius = color("line"), RADIUS - 1
    painter.setBrush(ground)
    painter.setPen(QPen(edge, 1.5))
    painter.drawEllipse(centre, radius, radius)
