"""A small map of the whole network in the lower right corner, while not all of it is in sight.

It is drawn by the view and is no widget: over a widget the view could not scroll its pixels, and
would have to draw everything anew for each step of panning.
"""

from __future__ import annotations

from collections import defaultdict

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QRect, QRectF, QSizeF, Qt, Slot
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import QToolTip

from engine.network.layers import LAYERS
from engine.network.model import Changes
from gui.canvas.geometry import NODE_HEIGHT, NODE_WIDTH
from gui.canvas.paper import PaperView
from gui.canvas.scene import CanvasScene
from gui.guard import guarded
from gui.theme import GRID, MINIMAP_SIZE, appearance, color, family_color

_MARGIN = 2 * GRID
_PADDING = GRID
#: A card is never smaller than this on the map, in px; nor is the map.
_DOT = 1.5
_NARROWEST = 6 * GRID
#: The view must be so many times as large as the map.
_SMALLEST_VIEW = 2


class Minimap(QObject):
    def __init__(self, view: PaperView, scene: CanvasScene) -> None:
        super().__init__(view)
        self._view = view
        self._scene = scene
        self._wanted = True
        self._dragging = False
        #: What is on the map: family and place of each card; None when it has to be looked at again.
        self._cards: dict[str, tuple[str, QRectF]] | None = None
        #: Where all of them lie, in the scene.
        self._world = QRectF()
        self._map: QPixmap | None = None
        #: Where the map was drawn last, in the viewport.
        self._drawn = QRect()
        scene.editor.changed.connect(self._follow)
        for signal in (scene.editor.replaced, scene.editor.level_changed, appearance.changed):
            signal.connect(self._forget)
        view.zoom_changed.connect(self.refresh)
        view.viewport().installEventFilter(self)

    # What it shows

    @property
    def wanted(self) -> bool:
        return self._wanted

    @Slot(bool)
    def set_wanted(self, wanted: bool) -> None:
        self._wanted = wanted
        self.refresh()

    @property
    def rect(self) -> QRect:
        """Where it lies in the viewport; empty while it is not shown."""
        world = self.world
        if self._dragging:  # it stays under the mouse, even when all has come into sight
            return self._drawn
        viewport = self._view.viewport().rect()
        large = min(viewport.width() - 2 * _MARGIN, viewport.height() - 2 * _MARGIN)
        if not self._wanted or world.isEmpty() or large < _SMALLEST_VIEW * MINIMAP_SIZE.height():
            return QRect()
        if self._in_sight().contains(world):
            return QRect()
        size = world.size() * self._scale() + QSizeF(2 * _PADDING, 2 * _PADDING)
        result = QRect(
            0, 0, round(max(size.width(), _NARROWEST)), round(max(size.height(), _NARROWEST))
        )
        result.moveBottomRight(viewport.bottomRight() - QPoint(_MARGIN, _MARGIN))
        return result

    @property
    def world(self) -> QRectF:
        """What it is a map of, in the scene."""
        if self._cards is None:
            self._cards = {item.node.id: self._card(item.node.id) for item in self._scene.node_items()}
            self._measure()
        return self._world

    def scene_point(self, place: QPointF) -> QPointF:
        """What a point of the viewport stands for on the map."""
        return self.world.center() + (place - QRectF(self.rect).center()) / self._scale()

    # Drawing, for the view

    def draw(self) -> None:
        """After all else in the viewport's paint event."""
        self._drawn = rect = self.rect
        if rect.isEmpty():
            return
        ratio = self._view.devicePixelRatioF()
        if self._map is None or self._map.size() != rect.size() * ratio:
            self._map = self._draw_map(rect, ratio)
        painter = QPainter(self._view.viewport())
        painter.drawPixmap(rect.topLeft(), self._map)
        frame = QRectF(rect).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(color("accent"), 1))
        painter.setBrush(color("accent", 0.12))
        painter.drawRect(self._mark(rect) & frame)
        painter.setPen(QPen(color("line"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(frame)
        painter.end()

    def scrolled(self, dx: int, dy: int) -> None:
        """The view moved its pixels, the map among them."""
        self._view.viewport().update(self._drawn.translated(dx, dy))
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        self._view.viewport().update(self._drawn)
        self._view.viewport().update(self.rect)

    @Slot(object)
    def _follow(self, changes: Changes) -> None:
        """Most edits move nothing: the map is the same after them."""
        if self._cards is None:
            return
        nodes = self._scene.editor.network.nodes
        touched = [nodes[key] for key in (*changes.added, *changes.changed)]
        if changes.removed or any(node.block or node.kind == "Block" for node in touched):
            self._forget()  # an opened block has the size of what lies in it
            return
        now = {node.id: self._card(node.id) for node in touched if self._scene.shows(node.id)}
        if any(self._cards.get(key) != card for key, card in now.items()):
            self._cards |= now
            self._map = None
            self._measure()
            self.refresh()

    @Slot()
    def _forget(self) -> None:
        self._cards = None
        self._map = None
        self.refresh()

    def _measure(self) -> None:
        self._world = QRectF()
        for _, rect in (self._cards or {}).values():
            self._world |= rect

    def _card(self, node_id: str) -> tuple[str, QRectF]:
        layer = LAYERS.get(self._scene.node_item(node_id).node.kind)
        return "unknown" if layer is None else layer.family, self._scene.card_rect(node_id)

    def _in_sight(self) -> QRectF:
        return self._view.mapToScene(self._view.viewport().rect()).boundingRect()

    def _scale(self) -> float:
        """Map pixels to a scene unit."""
        room = MINIMAP_SIZE - QSizeF(2 * _PADDING, 2 * _PADDING)
        return min(room.width() / self.world.width(), room.height() / self.world.height())

    def _mark(self, rect: QRect) -> QRectF:
        """What the view shows. Beside the network it still shows on which side."""
        scale, seen = self._scale(), self._in_sight()
        mark = QRectF(QPointF(0, 0), seen.size() * scale)
        mark.moveCenter(QRectF(rect).center() + (seen.center() - self.world.center()) * scale)
        inside = QRectF(rect).adjusted(2, 2, -2, -2)
        mark.moveLeft(min(max(mark.left(), inside.left() - mark.width() + 2), inside.right() - 2))
        mark.moveTop(min(max(mark.top(), inside.top() - mark.height() + 2), inside.bottom() - 2))
        return mark

    def _draw_map(self, rect: QRect, ratio: float) -> QPixmap:
        scale = self._scale()
        origin = QRectF(0, 0, rect.width(), rect.height()).center() - self.world.center() * scale
        by_family: dict[str, list[QRectF]] = defaultdict(list)
        wider, higher = (max(0.0, _DOT / scale - side) for side in (NODE_WIDTH, NODE_HEIGHT))
        for family, card in (self._cards or {}).values():
            by_family[family].append(card.adjusted(0, 0, wider, higher))
        result = QPixmap(rect.size() * ratio)
        result.setDevicePixelRatio(ratio)
        result.fill(color("surface"))
        painter = QPainter(result)
        painter.translate(origin)
        painter.scale(scale, scale)
        painter.setPen(Qt.PenStyle.NoPen)
        # Blocks and frames lie below what is in them.
        for family in sorted(by_family, key=lambda family: family != "structure"):
            painter.setBrush(family_color(family))
            painter.setOpacity(0.35 if family == "structure" else 1.0)
            painter.drawRects(by_family[family])
        painter.end()
        return result

    # The mouse

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """True for what happens on the map: it is not for the canvas below."""
        if event.type() == QEvent.Type.Resize:
            self.refresh()
        elif isinstance(event, QWheelEvent) and self.rect.contains(event.position().toPoint()):
            self._view.zoom_to(self._view.zoom * 1.2 ** (event.angleDelta().y() / 120))
            return True
        elif isinstance(event, QHelpEvent) and self.rect.contains(event.pos()):
            QToolTip.showText(event.globalPos(), self.tr("Click or drag to go there"))
            return True
        elif isinstance(event, QMouseEvent):
            return self._mouse(event)
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        presses = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
        inside = self.rect.contains(event.position().toPoint())
        if event.type() in presses and event.button() == Qt.MouseButton.LeftButton and inside:
            self._dragging = True
            self._go(event.position())
            return True
        if event.type() == QEvent.Type.MouseButtonRelease and self._dragging:
            self._dragging = False
            self.refresh()
            return True
        if event.type() == QEvent.Type.MouseMove and self._dragging:
            self._go(event.position())
            return True
        # Nothing below the map lights up; a gesture that began elsewhere goes on over it.
        return inside and event.buttons() == Qt.MouseButton.NoButton

    def _go(self, place: QPointF) -> None:
        world = self.world
        point = self.scene_point(place)
        point.setX(min(max(point.x(), world.left()), world.right()))
        point.setY(min(max(point.y(), world.top()), world.bottom()))
        self._view.centerOn(point)
        self.refresh()
