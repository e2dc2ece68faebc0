"""Dragging the selected nodes over the grid."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPointF

from engine.network.edits import MoveNodes
from engine.network.model import clamp_position
from gui.canvas.gesture import Gesture
from gui.canvas.guides import Guides
from gui.canvas.scene import CanvasScene


class MoveGesture(Gesture):
    """Cards follow the cursor, in line with others or on the grid; releasing makes one MoveNodes.

    slack: how far the mouse may go before a click is a drag, in scene units.
    clicked: the node that alone stays selected after a mere click."""

    def __init__(self, scene: CanvasScene, point: QPointF, slack: float, clicked: str | None) -> None:
        self._scene = scene
        self._press = point
        self._slack = slack
        self._clicked = clicked
        nodes = scene.editor.network.nodes
        self._before = {key: (nodes[key].x, nodes[key].y) for key in scene.editor.selection}
        self._now: dict[str, tuple[float, float]] = {}
        self._guides: Guides | None = None

    def move(self, point: QPointF) -> None:
        way = point - self._press
        if not self._now and way.manhattanLength() < self._slack:
            return
        if self._guides is None:
            self._guides = Guides(self._scene, self._before)
        now = self._guides.settle(self._before, way)
        if now != self._now:
            self._now = now
            self._scene.place(now)

    def finish(self, point: QPointF) -> None:
        self.move(point)
        self._clear_guides()
        if not self._now and self._clicked is not None:
            self._scene.editor.select(frozenset({self._clicked}))
        if self._now and self._now != self._before:
            title = QCoreApplication.translate("Canvas", "Move")
            self._scene.editor.edit(MoveNodes(self._now), title)

    def _clear_guides(self) -> None:
        if self._guides is not None:
            self._guides.clear()

    def cancel(self) -> None:
        self._clear_guides()
        # Where the network has them now: an undo may have ended the drag.
        nodes = self._scene.editor.network.nodes
        there = (key for key in self._before if key in nodes)
        self._scene.place({key: clamp_position(nodes[key].x, nodes[key].y) for key in there})
