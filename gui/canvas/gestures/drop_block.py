"""A block dragged from the library onto the canvas."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QMimeData, QPointF

from engine.network.copies import moved, roots
from engine.network.model import Network
from gui.canvas.copying import add_copies
from gui.canvas.geometry import snap
from gui.canvas.gestures.gesture import Gesture
from gui.canvas.gestures.ghost import Ghost, corner
from gui.canvas.scene import CanvasScene

_MIME_TYPE = "application/x-backlit-block"


def block_mime_data(path: Path) -> QMimeData:
    """What a drag from the library carries: where the block's file lies."""
    data = QMimeData()
    data.setData(_MIME_TYPE, str(path).encode())
    return data


def block_in(data: QMimeData) -> Network | None:
    """The block that is dragged, if it is one of the library's; other files are not read."""
    if not data.hasFormat(_MIME_TYPE):
        return None
    # It reads files, and nobody drags one before the window is there.
    from engine.project import library

    name = bytes(data.data(_MIME_TYPE).data()).decode("utf-8", errors="replace")
    path = next((entry.path for entry in library.entries() if str(entry.path) == name), None)
    found = None if path is None else library.load(path)
    return found if isinstance(found, Network) else None


class BlockDropGesture(Gesture):
    """The outline of the block's card hangs on the cursor; dropping adds the block, one undo step."""

    def __init__(self, scene: CanvasScene, block: Network) -> None:
        self._scene = scene
        self._block = block
        self._ghost = Ghost()
        scene.addItem(self._ghost)

    def move(self, point: QPointF) -> None:
        self._ghost.setPos(*corner(point))

    def finish(self, point: QPointF) -> None:
        self.cancel()
        around = self._scene.block_at(point)
        place = snap(*self._scene.places.inside_of(around, *corner(point)))
        [root] = roots(self._block)
        title = QCoreApplication.translate("Canvas", "Add {kind}").format(kind=root.name)
        add_copies(self._scene.editor, moved(self._block, {root.id: place}, around), title)

    def cancel(self) -> None:
        if self._ghost.scene() is not None:
            self._scene.removeItem(self._ghost)
