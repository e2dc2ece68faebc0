"""A block on the canvas: closed it is a card, opened a frame around what lies in it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from engine.network.expand import repeats
from engine.network.model import Node
from gui.canvas.geometry import PADDING, TITLE_HEIGHT
from gui.canvas.items.node_item import (
    FROST,
    READABLE,
    NodeItem,
    draw_badge,
    draw_frost,
    fitting,
    line,
)
from gui.canvas.ports import Port
from gui.guard import guarded
from gui.theme import CORNER, GRID, color, family_color, ui_font

_TOGGLE = 16.0
#: The cards behind the first one of a repeated block, and how far each reaches out.
_COPIES, _STEP = 2, 4.0
#: The border of an opened block answers to the mouse this far inwards.
_GRIP = 6.0


class BlockItem(NodeItem):
    """What opened and closed blocks have in common: a sign to close or open them."""

    plain = False

    @property
    def toggle(self) -> QRectF:
        """The sign, in the item's own coordinates."""
        return QRectF()

    def on_toggle(self, point: QPointF) -> bool:
        """Whether a scene point is on the sign."""
        return self.toggle.adjusted(-3, -3, 3, 3).contains(point - self.pos())


class ClosedBlockItem(BlockItem):
    """A card with a + that opens it in place; several cards deep when the block is repeated."""

    @property
    def toggle(self) -> QRectF:
        return QRectF(self.card.right() - 26, 25, _TOGGLE, _TOGGLE)

    def _second_line(self, room: float) -> str:
        return super()._second_line(room - _TOGGLE - GRID)

    def _draw_card(self, painter: QPainter) -> None:
        if repeats(self.node) > 1:
            painter.setPen(QPen(color("line"), 1))
            painter.setBrush(color("raised"))
            for number in range(_COPIES, 0, -1):
                away = number * _STEP
                painter.drawRoundedRect(self.card.translated(away, -away), CORNER, CORNER)
        super()._draw_card(painter)

    def _draw_text(self, painter: QPainter) -> None:
        super()._draw_text(painter)
        draw_toggle(painter, self.toggle, opened=False, hovered=self.hovered)


class OpenBlockItem(BlockItem):
    """A frame with a title. What lies in it are items of their own, above it; only the title and the
    border answer to the mouse, so that one can draw inside."""

    def __init__(self, node: Node, dots: tuple[Port, ...] = (), second: str = "") -> None:
        self._frame = QRectF(0, 0, 2 * PADDING, TITLE_HEIGHT + PADDING)
        self._corner = QPointF()
        super().__init__(node, dots, second)
        self.setZValue(-1)

    def put(self, corner: QPointF) -> None:
        """The frame comes with it; what lies inside is put by itself."""
        self.setPos(self.pos() + corner - self._corner)
        self._corner = QPointF(corner)

    def fit(self, frame: QRectF) -> bool:
        """Reach around `frame`, in scene coordinates. True when it did not before."""
        if frame == self.scene_card:
            return False
        self.prepareGeometryChange()
        self.setPos(frame.topLeft())
        self._frame = QRectF(QPointF(0, 0), frame.size())
        self._shape_card()
        self._rewrite()
        return True

    @property
    def corner(self) -> QPointF:
        return QPointF(self._corner)

    @property
    def card(self) -> QRectF:
        return self._frame

    @property
    def height(self) -> float:
        return self._frame.height()

    @property
    def toggle(self) -> QRectF:
        return QRectF(self.card.right() - 24, (TITLE_HEIGHT - _TOGGLE) / 2, _TOGGLE, _TOGGLE)

    @property
    def name_box(self) -> QRectF:
        return QRectF(12, 7, self._badge.left() - 12 - GRID, TITLE_HEIGHT - 14)

    def on_badge(self, point: QPointF) -> bool:
        return self.problem and self._badge.contains(point - self.pos())

    @property
    def _badge(self) -> QRectF:
        return QRectF(self.toggle.left() - 22, (TITLE_HEIGHT - 14) / 2, 14, 14)

    def _shape_card(self) -> None:
        super()._shape_card()
        whole = self.card
        inside = QPainterPath()
        inside.addRect(whole.adjusted(_GRIP, TITLE_HEIGHT, -_GRIP, -_GRIP))
        self._grip = self._card.subtracted(inside)

    def _write(self) -> None:
        """Its name, and how many copies it stands for."""
        font = ui_font(13, QFont.Weight.Medium)
        room = self.card.width() - 28 - 48 - (FROST + 4 if self.frozen else 0)
        self._name = line(fitting(font, self._shown_name(), room), font)
        small = ui_font(12)
        left = room - self._name.size().width() - GRID
        self._summary = line(fitting(small, self._second, left) if left > 3 * GRID else "", small)

    @guarded(QPainterPath())
    def shape(self) -> QPainterPath:
        return self._grip

    @guarded(None)
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.fillPath(self._card, color("window"))
        painter.fillPath(self._card, ground("structure"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._border())
        painter.drawPath(self._card)
        self._draw_ring(painter)
        if option.levelOfDetailFromTransform(painter.worldTransform()) < READABLE:
            return
        self.write_out()
        middle = TITLE_HEIGHT / 2
        painter.setPen(color("text"))
        painter.setFont(ui_font(13, QFont.Weight.Medium))
        painter.drawStaticText(QPointF(12, middle - self._name.size().height() / 2), self._name)
        painter.setPen(color("muted"))
        painter.setFont(ui_font(12))
        left = 12 + self._name.size().width() + GRID
        painter.drawStaticText(QPointF(left, middle - self._summary.size().height() / 2), self._summary)
        draw_toggle(painter, self.toggle, opened=True, hovered=self.hovered)
        if self.frozen:
            right = self._badge.left() if self.problem or self.fault else self._badge.right()
            draw_frost(painter, QPointF(right - FROST - 2, middle - FROST / 2))
        if self.problem or self.fault:
            draw_badge(painter, self._badge)
        self._draw_ports(painter)


def ground(family: str) -> QColor:
    """A breath of the family's colour."""
    shade = family_color(family)
    shade.setAlphaF(0.08)
    return shade


def draw_toggle(painter: QPainter, box: QRectF, *, opened: bool, hovered: bool) -> None:
    """A + that opens, a − that closes."""
    painter.setPen(QPen(color("muted" if hovered else "line"), 1))
    painter.setBrush(color("surface"))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
    painter.setPen(QPen(color("text" if hovered else "muted"), 1.5))
    centre = box.center()
    painter.drawLine(centre + QPointF(-3.5, 0), centre + QPointF(3.5, 0))
    if not opened:
        painter.drawLine(centre + QPointF(0, -3.5), centre + QPointF(0, 3.5))
