"""The name of the lens in the upper left corner; a click offers the others."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QMenu

from gui.canvas.lens import Lens
from gui.canvas.overlays.overlay import MARGIN, Overlay
from gui.canvas.paper import PaperView
from gui.theme import CORNER, GRID, color, ui_font

_HEIGHT = 3 * GRID
_ARROW = GRID


class LensSwitch(Overlay):
    def __init__(self, view: PaperView, lens: Lens) -> None:
        super().__init__(view)
        self._lens = lens
        #: The menu of lenses; without one a click goes on to the next.
        self.menu: QMenu | None = None
        self._width = 0
        lens.chosen.connect(self._follow)
        self._follow()

    @property
    def rect(self) -> QRect:
        return QRect(MARGIN, MARGIN, self._width, _HEIGHT)

    @Slot()
    def _follow(self) -> None:
        text = QFontMetrics(_font()).horizontalAdvance(self._lens.title())
        self._width = text + _ARROW + 3 * GRID
        self.redraw()

    def paint(self, painter: QPainter, size: QSize) -> None:
        box = QRectF(QPointF(0, 0), size).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(color("muted" if self.hovered else "line"), 1))
        painter.setBrush(color("raised" if self.hovered else "surface"))
        painter.drawRoundedRect(box, CORNER, CORNER)
        painter.setPen(color("text"))
        painter.setFont(_font())
        words = QRectF(GRID, 0, size.width() - 2 * GRID, size.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self._lens.title())
        painter.setPen(QPen(color("muted"), 1.5))
        right, middle = size.width() - GRID, size.height() / 2
        tip = [(-_ARROW, -2), (-_ARROW / 2, 2), (0, -2)]
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF([QPointF(right + x, middle + y) for x, y in tip]))

    def click(self, place: QPoint) -> None:
        if self.menu is None:
            self._lens.choose_next()
        else:
            corner = self.rect.bottomLeft() + QPoint(0, GRID // 2)
            self.menu.popup(self.view.viewport().mapToGlobal(corner))

    def help_text(self) -> str:
        return self.tr("What the colours of cards and links show")


def _font() -> QFont:
    return ui_font(12, QFont.Weight.Medium)
