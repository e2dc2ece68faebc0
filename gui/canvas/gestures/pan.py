"""Moving the paper under the cursor."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QGraphicsView

from gui.canvas.gestures.gesture import Gesture


class PanGesture(Gesture):
    """The point that was pressed stays under the cursor. Looking elsewhere is no edit."""

    def __init__(self, view: QGraphicsView, point: QPointF) -> None:
        self._view = view
        self._press = point

    def move(self, point: QPointF) -> None:
        way = self._view.transform().map(self._press) - self._view.transform().map(point)
        for bar, step in (
            (self._view.horizontalScrollBar(), way.x()),
            (self._view.verticalScrollBar(), way.y()),
        ):
            bar.setValue(bar.value() + round(step))
