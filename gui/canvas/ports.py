"""The dots where links begin and end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPen

from engine.network.layers import LAYERS
from engine.network.model import Link, Node
from gui.canvas.geometry import NODE_WIDTH
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


def ports_of(node: Node) -> tuple[Port, ...]:
    """The ports a node shows; one of each for a kind that is not known here."""
    layer = LAYERS.get(node.kind)
    inputs = ("in",) if layer is None else layer.inputs
    outputs = ("out",) if layer is None else layer.outputs
    return (
        *(Port(node.id, name, False) for name in inputs),
        *(Port(node.id, name, True) for name in outputs),
    )


def place(ports: tuple[Port, ...], port: Port, height: float) -> QPointF:
    """Centre of `port` on a card of this height: inputs on the upper edge, outputs on the lower
    one. A port that the kind does not have (an unknown file) lies in the middle."""
    row = [other for other in ports if other.output == port.output]
    share = (row.index(port) + 1) / (len(row) + 1) if port in row else 0.5
    return QPointF(NODE_WIDTH * share, height if port.output else 0.0)


def link_between(one: Port, other: Port) -> Link | None:
    """The link from whichever is the output to whichever is the input; None for two of a kind."""
    if one.output == other.output:
        return None
    source, target = (one, other) if one.output else (other, one)
    return Link(source.node, target.node, source.name, target.name)


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
