"""What is written beside the network: comments, and coloured frames under some of its nodes."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from engine.network.layers import complete
from engine.network.model import Node
from gui.canvas.geometry import COMMENT_MARGIN, TITLE_HEIGHT, card_size, comment_text
from gui.canvas.items.node_item import READABLE, NodeItem, fitting, line
from gui.canvas.ports import Port
from gui.guard import guarded
from gui.theme import FRAME_COLORS, color, ui_font

_GRIP = 6.0
_HANDLE = 16.0


class CommentItem(NodeItem):
    """Words on a card of their own."""

    plain = False

    def __init__(self, node: Node, dots: tuple[Port, ...] = (), second: str = "") -> None:
        self._area = QRectF(QPointF(0, 0), card_size(node))
        super().__init__(node, dots, second)

    def show_node(self, node: Node, dots: tuple[Port, ...], second: str = "") -> None:
        self.prepareGeometryChange()
        self._area = QRectF(QPointF(0, 0), card_size(node))
        self._shape_card()
        super().show_node(node, dots, second)

    @property
    def card(self) -> QRectF:
        return self._area

    @property
    def height(self) -> float:
        return self._area.height()

    def on_name(self, point: QPointF) -> bool:
        return False  # a comment shows its words, not its name

    @guarded(None)
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        painter.fillPath(self._card, color("warning_ground"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._border())
        painter.drawPath(self._card)
        self._draw_ring(painter)
        if option.levelOfDetailFromTransform(painter.worldTransform()) < READABLE:
            return
        text = comment_text(self.node)
        painter.setPen(color("text" if text else "muted"))
        painter.setFont(ui_font(13))
        inside = self.card.adjusted(COMMENT_MARGIN, COMMENT_MARGIN, -COMMENT_MARGIN, -COMMENT_MARGIN)
        words = text or QCoreApplication.translate("Canvas", "Write in the inspector")
        painter.drawText(inside, Qt.TextFlag.TextWordWrap.value, words)


class FrameItem(NodeItem):
    """A coloured ground with a title; only the title, the border and the handle in its lower right
    corner answer to the mouse."""

    plain = False

    def __init__(self, node: Node, dots: tuple[Port, ...] = (), second: str = "") -> None:
        self._area = QRectF(QPointF(0, 0), card_size(node))
        super().__init__(node, dots, second)
        self.setZValue(-2)

    def show_node(self, node: Node, dots: tuple[Port, ...], second: str = "") -> None:
        self.resize(QRectF(QPointF(0, 0), card_size(node)))
        super().show_node(node, dots, second)

    def resize(self, area: QRectF) -> None:
        """Another size, from its corner."""
        self.prepareGeometryChange()
        self._area = area
        self._shape_card()
        self.update()

    @property
    def card(self) -> QRectF:
        return self._area

    @property
    def height(self) -> float:
        return self._area.height()

    @property
    def name_box(self) -> QRectF:
        return QRectF(12, 7, self.card.width() - 24, TITLE_HEIGHT - 14)

    def on_handle(self, point: QPointF) -> bool:
        """Whether a scene point is where the frame is taken to make it larger."""
        return self._handle.contains(point - self.pos())

    @property
    def _handle(self) -> QRectF:
        corner = self.card.bottomRight()
        return QRectF(corner - QPointF(_HANDLE, _HANDLE), corner)

    def _shape_card(self) -> None:
        super()._shape_card()
        inside = QPainterPath()
        inside.addRect(self.card.adjusted(_GRIP, TITLE_HEIGHT, -_GRIP, -_GRIP))
        handle = QPainterPath()
        handle.addRect(self._handle)
        self._grip = self._card.subtracted(inside).united(handle)

    def _write(self) -> None:
        font = ui_font(13, QFont.Weight.Medium)
        self._name = line(fitting(font, self._shown_name(), self.card.width() - 24), font)

    @guarded(QPainterPath())
    def shape(self) -> QPainterPath:
        return self._grip

    @guarded(None)
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        shade = frame_color(self.node)
        painter.fillPath(self._card, _faint(shade, 0.12))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(_faint(shade, 1.0 if self.hovered else 0.6), 1))
        painter.drawPath(self._card)
        self._draw_ring(painter)
        if option.levelOfDetailFromTransform(painter.worldTransform()) < READABLE:
            return
        self.write_out()
        painter.setPen(color("text"))
        painter.setFont(ui_font(13, QFont.Weight.Medium))
        painter.drawStaticText(QPointF(12, (TITLE_HEIGHT - self._name.size().height()) / 2), self._name)
        painter.setPen(QPen(shade, 1.5))
        corner = self.card.bottomRight() - QPointF(4, 4)
        for away in (4, 8):
            painter.drawLine(corner - QPointF(away, 0), corner - QPointF(0, away))


def frame_color(node: Node) -> QColor:
    """The colour that a frame names; grey for a name that is none."""
    return QColor(FRAME_COLORS.get(str(complete(node)["color"]), FRAME_COLORS["grey"]))


def _faint(shade: QColor, alpha: float) -> QColor:
    result = QColor(shade)
    result.setAlphaF(alpha)
    return result
