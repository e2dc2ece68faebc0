"""Thin lines that show, while a card is dragged, with which other card it is in line."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence

from PySide6.QtCore import QLineF, QPointF, QRectF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from engine.network.arrange import Position
from gui.canvas.geometry import snap
from gui.canvas.scene import CanvasScene
from gui.guard import guarded
from gui.theme import color

#: Screen pixels within which a card jumps into line with another; zoomed out, no farther than this
#: many scene units.
_REACH, _FARTHEST = 6.0, 12.0
#: How far a line reaches beyond the cards it joins.
_OVER = 12.0
#: Two sides closer than this are in line.
_SAME = 0.01

#: A side or middle, and from where to where the card reaches along it.
_Side = tuple[float, float, float]


class Sides:
    """Sides and middles of the cards that stay, in one direction, sorted once a drag."""

    def __init__(self, sides: Iterable[_Side]) -> None:
        self._sides = sorted(sides)

    def pull(self, places: Sequence[float], reach: float) -> float | None:
        """The shortest way of any of `places` to a side, None when none is within `reach`."""
        ways = []
        for place in places:
            at = bisect_left(self._sides, (place,))
            ways += [side[0] - place for side in self._sides[max(0, at - 1) : at + 1]]
        best = min(ways, key=abs, default=math.inf)
        return best if abs(best) <= reach else None

    def along(self, place: float, first: float, last: float) -> tuple[float, float] | None:
        """From where to where those cards reach that have a side here, first … last included."""
        at = bisect_left(self._sides, (place - _SAME,))
        end = bisect_left(self._sides, (place + _SAME,))
        if at == end:
            return None
        low = min(first, *(side[1] for side in self._sides[at:end]))
        high = max(last, *(side[2] for side in self._sides[at:end]))
        return low - _OVER, high + _OVER


class Guides:
    """Settles dragged cards: in line with a card in sight where one is near, else on the grid.

    copies: whether it is copies that are dragged, so that the cards themselves stay."""

    def __init__(self, scene: CanvasScene, moving: Collection[str], *, copies: bool = False) -> None:
        self._scene = scene
        self._lines = GuideLines()
        shown = [key for key in moving if scene.shows(key)]
        self._box = united(scene.card_rect(key) for key in shown)
        network = scene.editor.network
        going = set[str]()
        if not copies:
            going = set(moving).union(*(network.inside(key) for key in moving))
        cards = [scene.card_rect(key) for key in _in_sight(scene) if key not in going]
        self._across = Sides(side for card in cards for side in _upright(card))
        self._down = Sides(side for card in cards for side in _level(card))
        zoom = max((view.transform().m11() for view in scene.views()), default=1.0)
        self._reach = min(_REACH / zoom, _FARTHEST)
        scene.addItem(self._lines)

    def settle(self, before: Mapping[str, Position], way: QPointF) -> dict[str, Position]:
        """Where cards that were at `before` go when they are dragged this way."""
        moved = self._box.translated(way)
        dx = self._across.pull([side[0] for side in _upright(moved)], self._reach)
        dy = self._down.pull([side[0] for side in _level(moved)], self._reach)
        result = {}
        for key, (x, y) in before.items():
            on_grid = snap(x + way.x(), y + way.y())
            result[key] = (
                on_grid[0] if dx is None else x + way.x() + dx,
                on_grid[1] if dy is None else y + way.y() + dy,
            )
        if result:
            key, (x, y) = next(iter(result.items()))
            self._show(self._box.translated(x - before[key][0], y - before[key][1]))
        return result

    def clear(self) -> None:
        if self._lines.scene() is not None:
            self._scene.removeItem(self._lines)

    def _show(self, moved: QRectF) -> None:
        lines = []
        for x, top, bottom in _upright(moved):
            reach = self._across.along(x, top, bottom)
            if reach is not None:
                lines.append(QLineF(x, reach[0], x, reach[1]))
        for y, left, right in _level(moved):
            reach = self._down.along(y, left, right)
            if reach is not None:
                lines.append(QLineF(reach[0], y, reach[1], y))
        self._lines.show_lines(lines)


def united(areas: Iterable[QRectF]) -> QRectF:
    whole = QRectF()
    for area in areas:
        whole = whole.united(area)
    return whole


def _upright(card: QRectF) -> list[_Side]:
    return [(x, card.top(), card.bottom()) for x in (card.left(), card.center().x(), card.right())]


def _level(card: QRectF) -> list[_Side]:
    return [(y, card.left(), card.right()) for y in (card.top(), card.center().y(), card.bottom())]


def _in_sight(scene: CanvasScene) -> frozenset[str]:
    area = united(view.mapToScene(view.viewport().rect()).boundingRect() for view in scene.views())
    return scene.items_in(area)


class GuideLines(QGraphicsItem):
    """Above all cards, in the scene of the drag."""

    def __init__(self) -> None:
        super().__init__()
        self.setZValue(9)
        self._lines: list[QLineF] = []
        self._bounds = QRectF()

    def show_lines(self, lines: list[QLineF]) -> None:
        if lines == self._lines:
            return
        self.prepareGeometryChange()
        self._lines = lines
        self._bounds = QRectF()
        for line in lines:
            box = QRectF(line.p1(), line.p2()).normalized().adjusted(-1, -1, 1, 1)
            self._bounds = self._bounds.united(box)
        self.update()

    @guarded(QRectF())
    def boundingRect(self) -> QRectF:
        return self._bounds

    @guarded(None)
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        pen = QPen(color("accent"), 1)
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.drawLines(self._lines)
