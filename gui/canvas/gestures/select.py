"""A rubber band over the empty canvas."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsRectItem

from gui.canvas.gestures.gesture import Gesture
from gui.canvas.scene import CanvasScene
from gui.theme import color


class SelectGesture(Gesture):
    """Selects the cards it touches; with `add` besides those selected before. It is no edit."""

    def __init__(self, scene: CanvasScene, point: QPointF, add: bool) -> None:
        self._scene = scene
        self._press = point
        self._before = scene.editor.selection
        self._base = self._before if add else frozenset[str]()
        self._band = QGraphicsRectItem()
        self._band.setZValue(10)
        pen = QPen(color("accent"), 1)
        pen.setCosmetic(True)
        self._band.setPen(pen)
        self._band.setBrush(color("accent", 0.08))
        scene.addItem(self._band)
        scene.editor.select(self._base)

    def move(self, point: QPointF) -> None:
        area = QRectF(self._press, point).normalized()
        self._band.setRect(area)
        self._scene.editor.select(self._base | self._scene.items_in(area))

    def finish(self, point: QPointF) -> None:
        self._scene.removeItem(self._band)

    def cancel(self) -> None:
        self._scene.removeItem(self._band)
        self._scene.editor.select(self._before)
