"""The link that takes in the card that is carried over it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsPathItem

from engine.network.layers import LAYERS
from engine.network.model import Link
from engine.network.rewire import can_insert, is_loose
from gui.canvas.items.link_item import LinkItem
from gui.canvas.scene import CanvasScene
from gui.theme import GRID, color

#: How far around its middle a card looks for a link, in scene units.
_WIDE, _HIGH = 4.0 * GRID, 2.0 * GRID
_GLOW = 5.0


class WireTarget:
    """Lights up the link under the middle of a card, above all cards: the one that is carried often
    hides the link. `block`: the block that the card lies in; None for a new one, which may go into any.
    """

    def __init__(self, scene: CanvasScene, block: str | None) -> None:
        self._scene = scene
        self._block = block
        self.link: Link | None = None
        self._glow = QGraphicsPathItem()
        self._glow.setZValue(8)
        round_cap = Qt.PenCapStyle.RoundCap
        self._glow.setPen(QPen(color("accent"), _GLOW, Qt.PenStyle.SolidLine, round_cap))

    def over(self, card: QRectF) -> None:
        middle = card.center()
        area = QRectF(middle.x() - _WIDE, middle.y() - _HIGH, 2 * _WIDE, 2 * _HIGH)
        items = [item for item in self._scene.items(area) if isinstance(item, LinkItem)]
        fitting = [item for item in items if self._takes(item.link)]
        found = min(fitting, key=lambda item: _away(item, middle), default=None)
        self.link = None if found is None else found.link
        if found is None:
            self.clear()
            return
        self._glow.setPath(found.path)
        if self._glow.scene() is None:
            self._scene.addItem(self._glow)

    def clear(self) -> None:
        if self._glow.scene() is not None:
            self._scene.removeItem(self._glow)

    def _takes(self, link: Link) -> bool:
        nodes = self._scene.editor.network.nodes
        return self._block is None or nodes[link.source].block == self._block


def for_kind(scene: CanvasScene, kind: str) -> WireTarget | None:
    """None for a layer through which no tensor runs."""
    layer = LAYERS[kind]
    return WireTarget(scene, None) if layer.inputs and layer.outputs else None


def for_node(scene: CanvasScene, node_id: str) -> WireTarget | None:
    """None for a node that is linked already, or through which no tensor runs."""
    network = scene.editor.network
    node = network.nodes[node_id]
    if not (is_loose(network, node_id) and can_insert(network, node)):
        return None
    return WireTarget(scene, node.block)


def _away(item: LinkItem, point: QPointF) -> float:
    return (item.label.pos() - point).manhattanLength()
