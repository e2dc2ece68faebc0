"""A layer dragged from the palette onto the canvas."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QPointF

from engine.network.layers import LAYERS
from gui.canvas import placing
from gui.canvas.geometry import snap
from gui.canvas.gestures import wire_target
from gui.canvas.gestures.gesture import Gesture
from gui.canvas.gestures.ghost import Ghost, corner
from gui.canvas.glide import Glide

MIME_TYPE = "application/x-backlit-layer"


def mime_data(kind: str) -> QMimeData:
    """What a drag from the palette carries: the layer's kind as UTF-8."""
    data = QMimeData()
    data.setData(MIME_TYPE, kind.encode())
    return data


def kind_in(data: QMimeData) -> str | None:
    """The layer that is dragged, or None when it is something else."""
    kind = bytes(data.data(MIME_TYPE).data()).decode("utf-8", errors="replace")
    return kind if kind in LAYERS else None


class DropGesture(Gesture):
    """The outline of a card hangs on the cursor; dropping makes one AddNode, or puts the new node into
    the link under it."""

    def __init__(self, glide: Glide, kind: str) -> None:
        self._glide = glide
        self._scene = scene = glide.scene
        self._kind = kind
        self._ghost = Ghost()
        scene.addItem(self._ghost)
        self._target = wire_target.for_kind(scene, kind)

    def move(self, point: QPointF) -> None:
        self._ghost.setPos(*corner(point))
        if self._target is not None:
            self._target.over(self._ghost.sceneBoundingRect())

    def finish(self, point: QPointF) -> None:
        self.move(point)
        self.cancel()
        place = corner(point)
        if self._target is not None and self._target.link is not None:
            placing.insert(self._glide, self._kind, self._target.link, *place)
        else:
            block = self._scene.block_at(point)
            inside = snap(*self._scene.places.inside_of(block, *place))
            placing.add_at(self._scene.editor, self._kind, *inside, block)

    def cancel(self) -> None:
        self._scene.removeItem(self._ghost)
        if self._target is not None:
            self._target.clear()
