"""Dragging copies off the selected nodes, which stay where they are."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPointF, QRectF
from PySide6.QtGui import QPainter, QPen, Qt
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from engine.network.arrange import Position
from engine.network.copies import cut_out, moved, roots
from gui.canvas.copying import add_copies
from gui.canvas.gestures.gesture import Gesture
from gui.canvas.gestures.move import moved_with
from gui.canvas.guides import Guides, united
from gui.canvas.items.node_item import READABLE
from gui.canvas.scene import CanvasScene
from gui.guard import guarded
from gui.theme import CORNER, color


class DuplicateGesture(Gesture):
    """Outlines of the copies follow the cursor, in line with cards or on the grid; releasing adds the
    copies, in the blocks of their originals, as one undo step.

    slack: how far the mouse may go before a click is a drag, in scene units.
    clicked: the node that alone stays selected after a mere click."""

    def __init__(self, scene: CanvasScene, point: QPointF, slack: float, clicked: str | None) -> None:
        self._scene = scene
        self._press = point
        self._slack = slack
        self._clicked = clicked
        ids = moved_with(scene, scene.editor.selection)
        self._fragment = cut_out(scene.editor.network, ids)
        shown = [node.id for node in roots(self._fragment) if scene.shows(node.id)]
        self._before = {key: scene.position(key) for key in shown}
        self._now: dict[str, Position] = {}
        self._guides: Guides | None = None
        self._ghosts = Ghosts([scene.node_item(key).scene_card for key in shown])

    def move(self, point: QPointF) -> None:
        way = point - self._press
        if self._guides is None:
            if way.manhattanLength() < self._slack or not self._before:
                return
            self._guides = Guides(self._scene, self._before, copies=True)
            self._scene.addItem(self._ghosts)
        self._now = self._guides.settle(self._before, way)
        first = next(iter(self._before))
        self._ghosts.setPos(QPointF(*self._now[first]) - QPointF(*self._before[first]))

    def finish(self, point: QPointF) -> None:
        self.move(point)
        self.cancel()
        editor = self._scene.editor
        if self._now and self._now != self._before:
            places = {key: self._scene.relative(key, *place) for key, place in self._now.items()}
            copies = moved(self._fragment, places, None)
            add_copies(editor, copies, QCoreApplication.translate("Canvas", "Duplicate"))
        elif self._clicked is not None and not self._now:
            editor.select(frozenset({self._clicked}))

    def cancel(self) -> None:
        if self._guides is not None:
            self._guides.clear()
        if self._ghosts.scene() is not None:
            self._scene.removeItem(self._ghosts)


class Ghosts(QGraphicsItem):
    """Outlines of cards. One item for all of them: thousands may be dragged."""

    def __init__(self, cards: list[QRectF]) -> None:
        super().__init__()
        self.setZValue(10)
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)  # exposedRect
        self._cards = cards
        self._bounds = united(cards).adjusted(-2, -2, 2, 2)

    @guarded(QRectF())
    def boundingRect(self) -> QRectF:
        return self._bounds

    @guarded(None)
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        cards = [card for card in self._cards if card.intersects(option.exposedRect)]
        painter.setBrush(color("accent", 0.08))
        if option.levelOfDetailFromTransform(painter.worldTransform()) < READABLE:
            # Dashes could not be seen, and take ten times as long.
            pen = QPen(color("accent"), 1)
            pen.setCosmetic(True)
            painter.setPen(pen)
            painter.drawRects(cards)
            return
        painter.setPen(QPen(color("accent"), 1.5, Qt.PenStyle.DashLine))
        for card in cards:
            painter.drawRoundedRect(card, CORNER, CORNER)
