"""The paper that the diagram lies on: a grid to look at, zoom and pan to move about."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QInputDevice, QNativeGestureEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QFrame, QGraphicsView, QWidget

from engine.network.model import CANVAS_LIMIT
from gui.canvas.grid import draw_grid
from gui.guard import guarded
from gui.theme import appearance, color

SMALLEST, LARGEST = 0.05, 4.0
_ZOOM_STEP = 1.2


class PaperView(QGraphicsView):
    """`zoom_changed` carries the new scale, 1.0 being 100 %."""

    zoom_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.SmartViewportUpdate)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # The paper is larger than where nodes can lie, so that any of them can be centred.
        edge = 1.1 * CANVAS_LIMIT
        self.setSceneRect(QRectF(-edge, -edge, 2 * edge, 2 * edge))
        appearance.changed.connect(self._follow_theme)

    # Zoom

    @property
    def zoom(self) -> float:
        return self.transform().m11()

    @Slot()
    def zoom_in(self) -> None:
        self.zoom_to(self.zoom * _ZOOM_STEP)

    @Slot()
    def zoom_out(self) -> None:
        self.zoom_to(self.zoom / _ZOOM_STEP)

    @Slot()
    def zoom_reset(self) -> None:
        self.zoom_to(1.0)

    def zoom_to(self, scale: float, about: QPointF | None = None) -> None:
        """Scale so that the scene stays where it is at `about` (viewport px), or in the middle."""
        scale = max(SMALLEST, min(LARGEST, scale))
        about = QPointF(self.viewport().rect().center()) if about is None else about
        point = self.mapToScene(about.toPoint())
        factor = scale / self.zoom
        self.scale(factor, factor)
        away = self.mapFromScene(point) - about.toPoint()
        self.pan(away)
        self.zoom_changed.emit(self.zoom)

    def pan(self, by: QPoint) -> None:
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() + by.x())
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() + by.y())

    @Slot()
    def _follow_theme(self) -> None:
        self.viewport().update()

    # Qt

    @guarded(None)
    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        area = QRectF(rect)
        painter.fillRect(area, color("canvas"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        draw_grid(painter, area, self.zoom)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    @guarded(False)
    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.zoom_to(self.zoom * (1 + event.value()), event.position())
            return True
        return super().viewportEvent(event)

    @guarded(None)
    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel zooms about the cursor; two fingers on a touch pad, or Shift, pan."""
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        pad = event.device() and event.device().type() == QInputDevice.DeviceType.TouchPad
        fingers = pad or event.phase() != Qt.ScrollPhase.NoScrollPhase
        turn = event.angleDelta()
        if control or not (fingers or shift or turn.y() == 0):
            self.zoom_to(self.zoom * _ZOOM_STEP ** (turn.y() / 120), event.position())
        elif shift and not fingers:
            self.pan(QPoint(-(turn.x() or turn.y()), 0))
        else:
            self.pan(-(event.pixelDelta() if not event.pixelDelta().isNull() else turn / 2))
        event.accept()
