"""Which gesture a press of the mouse begins, by what lies under it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QMouseEvent

from engine.network.model import Link
from gui.canvas.blocks import toggle
from gui.canvas.gestures.connect import ConnectGesture
from gui.canvas.gestures.duplicate import DuplicateGesture
from gui.canvas.gestures.gesture import SLACK, Gesture
from gui.canvas.gestures.link import LinkGesture
from gui.canvas.gestures.move import MoveGesture
from gui.canvas.gestures.pan import PanGesture
from gui.canvas.gestures.resize import ResizeGesture
from gui.canvas.gestures.select import SelectGesture
from gui.canvas.items.block_item import BlockItem
from gui.canvas.items.link_item import LinkItem
from gui.canvas.items.node_item import READABLE, NodeItem
from gui.canvas.items.note_items import FrameItem
from gui.canvas.ports import REACH, Port, ends_of
from gui.canvas.scene import CanvasScene

if TYPE_CHECKING:
    from gui.canvas.view import CanvasView

#: Screen pixels within which a dragged wire jumps to a port.
_SNAP = 24.0
_ADDING = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.ControlModifier


class Pointer:
    """Selects what is pressed, and says what a drag from there will do."""

    def __init__(self, view: CanvasView, scene: CanvasScene) -> None:
        self._view = view
        self._scene = scene
        self._editor = scene.editor

    def press(self, event: QMouseEvent, *, panning: bool) -> Gesture | None:
        """The gesture that this press begins, None for a mere click."""
        point = self._view.mapToScene(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton or panning:
            return PanGesture(self._view, point)
        adding = bool(event.modifiers() & _ADDING)
        target = self.target(point)
        if isinstance(target, Port):
            return self._wire(target)
        if isinstance(target, NodeItem):
            copying = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            return self._press_node(target, point, adding, copying)
        if isinstance(target, LinkItem):
            return self._press_link(target, point, adding)
        self._clear_links(adding)
        return SelectGesture(self._scene, point, adding)

    def target(self, point: QPointF) -> Port | NodeItem | LinkItem | None:
        """What a press at a scene point would act on. Ports only where they are drawn."""
        port = self._scene.port_near(point, REACH) if self._view.zoom >= READABLE else None
        return port or self._scene.target_at(point)

    def step_into(self, point: QPointF) -> bool:
        """Step into the block at a scene point; False when there is none."""
        target = self.target(point)
        if not isinstance(target, BlockItem) or target.on_toggle(point):
            return False
        self._editor.enter(target.node.id)
        return True

    def select_at(self, point: QPointF) -> None:
        """Select what lies here, unless it is part of the selection already."""
        target = self.target(point)
        node_id = target.node if isinstance(target, Port) else None
        if isinstance(target, NodeItem):
            node_id = target.node.id
        link = target.link if isinstance(target, LinkItem) else None
        if node_id in self._editor.selection or link in self._scene.selected_links:
            return
        self._scene.select_links(frozenset() if link is None else frozenset({link}))
        self._editor.select(frozenset() if node_id is None else frozenset({node_id}))

    def _press_node(
        self, item: NodeItem, point: QPointF, adding: bool, copying: bool
    ) -> Gesture | None:
        node_id = item.node.id
        if isinstance(item, BlockItem) and item.on_toggle(point):
            toggle(self._scene, node_id)
            return None
        if isinstance(item, FrameItem) and item.on_handle(point):
            self._editor.select(frozenset({node_id}))
            return ResizeGesture(self._scene, item, point)
        if item.on_badge(point):
            self._editor.select(frozenset({node_id}))
            self._view.badge_clicked.emit(node_id)
            return None
        selection = self._editor.selection
        self._clear_links(adding)
        if adding:
            self._editor.select(selection ^ {node_id})
        elif node_id not in selection:
            self._editor.select(frozenset({node_id}))
        if node_id not in self._editor.selection:
            return None
        only = None if adding else node_id
        slack = SLACK / self._view.zoom
        if copying:
            return DuplicateGesture(self._scene, point, slack, only)
        return MoveGesture(self._view.glide, point, slack, only)

    def _press_link(self, item: LinkItem, point: QPointF, adding: bool) -> Gesture:
        links = self._scene.selected_links if adding else frozenset()
        self._scene.select_links(links ^ {item.link})
        if not adding:
            self._editor.select(frozenset())
        link = item.link
        end = min(ends_of(link), key=lambda port: self._away(port, point))
        return LinkGesture(point, SLACK / self._view.zoom, partial(self._wire, end, link))

    def _wire(self, port: Port, lifted: Link | None = None) -> Gesture:
        dropped = self._view.quick_add.open_for
        return ConnectGesture(self._scene, port, _SNAP / self._view.zoom, dropped, lifted)

    def _away(self, port: Port, point: QPointF) -> float:
        return (self._scene.node_item(port.node).anchor(port) - point).manhattanLength()

    def _clear_links(self, adding: bool) -> None:
        if not adding:
            self._scene.select_links(frozenset())
