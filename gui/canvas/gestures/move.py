"""Dragging the selected nodes over the grid."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QPointF

from engine.network.edits import MoveNodes
from gui.canvas import placing
from gui.canvas.gestures import wire_target
from gui.canvas.gestures.gesture import Gesture
from gui.canvas.glide import Glide
from gui.canvas.guides import Guides
from gui.canvas.scene import CanvasScene


class MoveGesture(Gesture):
    """Cards follow the cursor, in line with others or on the grid; releasing makes one MoveNodes.
    One card that no link touches goes into the link it is dropped on.

    slack: how far the mouse may go before a click is a drag, in scene units.
    clicked: the node that alone stays selected after a mere click."""

    def __init__(self, glide: Glide, point: QPointF, slack: float, clicked: str | None) -> None:
        self._glide = glide
        self._scene = scene = glide.scene
        self._press = point
        self._slack = slack
        self._clicked = clicked
        self._before = {key: scene.position(key) for key in moved_with(scene, scene.editor.selection)}
        self._now: dict[str, tuple[float, float]] = {}
        self._guides: Guides | None = None
        only = scene.editor.selected
        self._target = None if only is None else wire_target.for_node(scene, only)

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
            if self._target is not None:
                (node_id,) = now
                self._target.over(self._scene.node_item(node_id).scene_card)

    def finish(self, point: QPointF) -> None:
        self.move(point)
        self._clear()
        if not self._now and self._clicked is not None:
            self._scene.editor.select(frozenset({self._clicked}))
        if self._target is not None and self._target.link is not None:
            ((node_id, place),) = self._now.items()
            placing.insert_node(self._glide, node_id, self._target.link, *place)
        elif self._now and self._now != self._before:
            title = QCoreApplication.translate("Canvas", "Move")
            to = {key: self._scene.relative(key, *place) for key, place in self._now.items()}
            self._scene.editor.edit(MoveNodes(to), title)

    def _clear(self) -> None:
        if self._guides is not None:
            self._guides.clear()
        if self._target is not None:
            self._target.clear()

    def cancel(self) -> None:
        self._clear()
        # Where the network has them now: an undo may have ended the drag.
        there = [key for key in self._before if self._scene.shows(key)]
        self._scene.place({key: self._scene.position(key) for key in there})


def moved_with(scene: CanvasScene, ids: Iterable[str]) -> list[str]:
    """The nodes in sight that a drag of `ids` moves: what lies on a frame goes with it; what lies in
    an opened block is moved by the block."""
    network = scene.editor.network
    found = {key: None for key in ids if scene.shows(key)}
    for key in list(found):
        if network.nodes[key].kind == "Frame":
            ground = scene.card_rect(key)
            beside = (other for other in network.children.get(network.nodes[key].block, ()))
            found |= {other: None for other in beside if ground.contains(scene.card_rect(other))}
    return [key for key in found if found.keys().isdisjoint(network.blocks_around(key))]
