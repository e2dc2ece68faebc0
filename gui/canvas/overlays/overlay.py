"""Something small in a corner of the view that stays where it is while the diagram moves below it.

It is drawn by the view and is no widget, for the reason that `gui.canvas.overlays.minimap` gives.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt, Slot
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPixmap, QWheelEvent
from PySide6.QtWidgets import QToolTip

from gui.canvas.paper import PaperView
from gui.guard import guarded
from gui.theme import GRID, appearance

MARGIN = 2 * GRID
_PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)


class Overlay(QObject):
    """A subclass says where it lies, draws itself and answers to a click; its picture is kept."""

    def __init__(self, view: PaperView) -> None:
        super().__init__(view)
        self.view = view
        self.hovered = False
        self._picture: QPixmap | None = None
        #: Where it was drawn last, in the viewport.
        self._drawn = QRect()
        appearance.changed.connect(self.redraw)
        view.viewport().installEventFilter(self)

    # For subclasses

    @property
    def rect(self) -> QRect:
        """Where it lies in the viewport; empty while it is not shown."""
        raise NotImplementedError

    def paint(self, painter: QPainter, size: QSize) -> None:
        raise NotImplementedError

    def click(self, place: QPoint) -> None:
        """At a point of the viewport inside of it."""

    def help_text(self) -> str:
        return ""

    # For the view

    def draw(self) -> None:
        """After the scene in the viewport's paint event."""
        self._drawn = rect = self.rect
        if rect.isEmpty():
            return
        ratio = self.view.devicePixelRatioF()
        if self._picture is None or self._picture.size() != rect.size() * ratio:
            self._picture = QPixmap(rect.size() * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(self._picture)
            painter.setRenderHints(
                QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing
            )
            self.paint(painter, rect.size())
            painter.end()
        painter = QPainter(self.view.viewport())
        painter.drawPixmap(rect.topLeft(), self._picture)
        painter.end()

    def scrolled(self, dx: int, dy: int) -> None:
        """The view moved its pixels, the overlay's among them."""
        self.view.viewport().update(self._drawn.translated(dx, dy))
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """It may lie elsewhere."""
        self.view.viewport().update(self._drawn)
        self.view.viewport().update(self.rect)

    @Slot()
    def redraw(self) -> None:
        """It looks different."""
        self._picture = None
        self.refresh()

    # The mouse

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """True for what happens on it: it is not for the canvas below."""
        if event.type() == QEvent.Type.Resize:
            self.refresh()
        elif event.type() == QEvent.Type.Leave:
            self._hover(False)
        elif isinstance(event, QWheelEvent):
            return self.rect.contains(event.position().toPoint())
        elif isinstance(event, QHelpEvent) and self.rect.contains(event.pos()):
            QToolTip.showText(event.globalPos(), self.help_text(), self.view)
            return True
        elif isinstance(event, QMouseEvent):
            return self._mouse(event)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        place = event.position().toPoint()
        inside = self.rect.contains(place)
        idle = event.buttons() == Qt.MouseButton.NoButton
        self._hover(inside and idle)
        if inside and event.type() in _PRESSES:
            if event.button() == Qt.MouseButton.LeftButton:
                self.click(place)
            return True
        # Nothing below lights up; a gesture that began elsewhere goes on over it.
        return inside and idle and event.type() == QEvent.Type.MouseMove

    def _hover(self, hovered: bool) -> None:
        if hovered != self.hovered:
            self.hovered = hovered
            self.redraw()
