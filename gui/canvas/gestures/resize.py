"""Dragging the corner of a frame."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSizeF

from engine.network.edits import SetParameter, Together
from gui.canvas.geometry import snap
from gui.canvas.gestures.gesture import Gesture
from gui.canvas.items.note_items import FrameItem
from gui.canvas.scene import CanvasScene

_SMALLEST = 64


class ResizeGesture(Gesture):
    """The lower right corner follows the cursor on the grid; releasing makes one edit."""

    def __init__(self, scene: CanvasScene, item: FrameItem, point: QPointF) -> None:
        self._scene = scene
        self._node = item.node
        self._before = QRectF(item.card)
        self._offset = item.scene_card.bottomRight() - point

    def move(self, point: QPointF) -> None:
        item = self._item()
        if item is not None:
            item.resize(QRectF(QPointF(0, 0), self._size(point)))

    def finish(self, point: QPointF) -> None:
        size = self._size(point)
        if size == self._before.size():
            self.cancel()
            return
        sides = (("width", size.width()), ("height", size.height()))
        edits = (SetParameter(self._node.id, name, round(value)) for name, value in sides)
        title = QCoreApplication.translate("Canvas", "Resize")
        self._scene.editor.edit(Together(tuple(edits)), title)

    def cancel(self) -> None:
        item = self._item()
        if item is not None:
            item.show_node(self._scene.editor.network.nodes[self._node.id], ())

    def _size(self, point: QPointF) -> QSizeF:
        wanted = point + self._offset - QPointF(*self._scene.position(self._node.id))
        width, height = snap(wanted.x(), wanted.y())
        return QSizeF(max(width, _SMALLEST), max(height, _SMALLEST))

    def _item(self) -> FrameItem | None:
        """None when an undo took the frame away meanwhile."""
        if not self._scene.shows(self._node.id):
            return None
        item = self._scene.node_item(self._node.id)
        return item if isinstance(item, FrameItem) else None
