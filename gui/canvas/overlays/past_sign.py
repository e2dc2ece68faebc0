"""The sign on the canvas that one looks at the past; a click leads back to the present."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QPainter

from gui.canvas.overlays.overlay import MARGIN, Overlay
from gui.canvas.paper import PaperView
from gui.theme import CORNER, GRID, color, ui_font

_HEIGHT = 3 * GRID


class PastSign(Overlay):
    """In the middle of the upper edge; where the lens switch is in its way, below that."""

    clicked = Signal()

    def __init__(self, view: PaperView, lens_switch: Overlay) -> None:
        super().__init__(view)
        self._lens_switch = lens_switch
        self._text = ""

    @property
    def text(self) -> str:
        return self._text

    def show_text(self, text: str) -> None:
        """ "" takes the sign away."""
        if text != self._text:
            before = self.rect
            self._text = text
            self.redraw()
            self.view.viewport().update(before)

    @property
    def rect(self) -> QRect:
        if not self._text:
            return QRect()
        width = QFontMetrics(_font()).horizontalAdvance(self._text) + 3 * GRID
        rect = QRect(0, MARGIN, width, _HEIGHT)
        rect.moveLeft((self.view.viewport().width() - width) // 2)
        switch = self._lens_switch.rect
        if rect.adjusted(-GRID, 0, GRID, 0).intersects(switch):
            rect.moveTopLeft(switch.bottomLeft() + QPoint(0, GRID))
        return rect

    def paint(self, painter: QPainter, size: QSize) -> None:
        box = QRectF(QPointF(0, 0), size).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(color("warning"))
        painter.setBrush(color("warning_ground"))
        painter.drawRoundedRect(box, CORNER, CORNER)
        painter.setPen(color("text" if self.hovered else "warning"))
        painter.setFont(_font())
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._text)

    def click(self, place: QPoint) -> None:
        self.clicked.emit()

    def help_text(self) -> str:
        return self.tr("Panels and canvas show a recorded state. Click to return to the present.")


def _font() -> QFont:
    return ui_font(12, QFont.Weight.Medium)
