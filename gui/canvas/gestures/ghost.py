"""The outline of a card that hangs on the cursor until it is dropped."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsRectItem

from engine.network.arrange import Position
from gui.canvas.geometry import NODE_HEIGHT, NODE_WIDTH, snap
from gui.theme import color


class Ghost(QGraphicsRectItem):
    def __init__(self) -> None:
        super().__init__(QRectF(0, 0, NODE_WIDTH, NODE_HEIGHT))
        self.setZValue(10)
        self.setPen(QPen(color("accent"), 1.5, Qt.PenStyle.DashLine))
        self.setBrush(color("accent", 0.08))


def corner(point: QPointF) -> Position:
    """Where a dropped card begins: its middle goes to the cursor, its corner to the grid."""
    return snap(point.x() - NODE_WIDTH / 2, point.y() - NODE_HEIGHT / 2)
