"""Where links run: straight from port to port, or in a lane beside the cards in between."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from engine.network.model import Link
from gui.canvas.cells import Cells
from gui.canvas.geometry import lane_beside, may_hide, way, way_bounds
from gui.canvas.items.link_item import REACH, LinkItem
from gui.canvas.ports import Port
from gui.theme import GRID

if TYPE_CHECKING:
    from gui.canvas.scene import CanvasScene

_HALF = REACH / 2
_NAMES = attrgetter("source", "target", "source_port", "target_port")


class Router:
    """Sets the paths of the link items of one scene. It keeps a map of the cards of its own: asked for
    what lies along a path, Qt asks every item near it for its outline."""

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        self._cards: Cells[str] = Cells()
        #: Links so long that a card may lie in their way, by the room in which it would.
        self._long: Cells[Link] = Cells()
        #: By the x of each lane the links in it, and from where to where.
        self._lanes: dict[float, dict[Link, tuple[float, float]]] = defaultdict(dict)
        self._lane_of: dict[Link, float] = {}
        #: Long links in whose room something has changed.
        self._disturbed: set[Link] = set()

    def card_moved(self, node_id: str) -> None:
        """A card came, or lies elsewhere, or has another size."""
        item = self._scene.node_item(node_id)
        if item.node.kind == "Frame":  # a ground: links run over it
            return
        before, now = self._cards.rect(node_id), item.scene_card
        if before != now:
            self._disturb(before)
            self._disturb(now)
            self._cards.put(node_id, now)

    def card_gone(self, node_id: str) -> None:
        self._disturb(self._cards.rect(node_id))
        self._cards.drop(node_id)

    def run(self, item: LinkItem) -> None:
        if item.link in self._disturbed or item.ends != self._ends(item.link):
            self._disturb(self._long.rect(item.link))
            self._run(item)

    def run_long(self, items: Mapping[Link, LinkItem]) -> None:
        """Cards may have come before the long links, or gone."""
        disturbed, self._disturbed = self._disturbed, set()
        for link in sorted(disturbed, key=_NAMES):  # always in the same order
            self._run(items[link])

    def forget(self, link: Link) -> None:
        self._disturb(self._long.rect(link))
        self._leave(link)
        self._disturbed.discard(link)

    def _disturb(self, area: QRectF) -> None:
        if not area.isNull():
            self._disturbed |= self._long.touching(area)

    def _run(self, item: LinkItem) -> None:
        link = item.link
        start, end = self._ends(link)
        self._leave(link)
        if not may_hide(start, end):
            item.run_between(start, end)
            return
        lane = self._lane(link, start, end)
        item.run_between(start, end, lane)
        room = way_bounds(start, end) | way_bounds(start, end, lane)
        self._long.put(link, room.adjusted(-_HALF, -_HALF, _HALF, _HALF))
        if lane is not None:
            self._lanes[lane][link] = (start.y(), end.y())
            self._lane_of[link] = lane

    def _ends(self, link: Link) -> tuple[QPointF, QPointF]:
        source, target = self._scene.node_item(link.source), self._scene.node_item(link.target)
        return (
            source.anchor(Port(link.source, link.source_port, True)),
            target.anchor(Port(link.target, link.target_port, False)),
        )

    def _leave(self, link: Link) -> None:
        self._long.drop(link)
        lane = self._lane_of.pop(link, None)
        if lane is not None:
            del self._lanes[lane][link]

    def _lane(self, link: Link, start: QPointF, end: QPointF) -> float | None:
        """None for straight on; else straight down from its source, or aside at once and down to its
        target, if that is free; else beside the cards."""
        cards = self._cards_over(link, way(start, end))
        if not cards:
            return None
        for column in (start.x(), end.x()) if start.x() != end.x() else ():
            taken = self._is_taken(column, start, end)
            if not taken and not self._cards_over(link, way(start, end, column)):
                return column
        lane = lane_beside(cards)
        while self._is_taken(lane, start, end):
            lane += 2 * GRID
        return lane

    def _is_taken(self, lane: float, start: QPointF, end: QPointF) -> bool:
        """Whether another link runs there, so that they would look like one."""
        spans = self._lanes[lane].values() if lane in self._lanes else ()
        return any(low < end.y() + REACH and high > start.y() - REACH for low, high in spans)

    def _cards_over(self, link: Link, points: list[QPointF]) -> list[QRectF]:
        """The cards that a way would run behind."""
        block = self._scene.node_item(link.source).node.block
        found = []
        for start, end in pairwise(points):
            part = QRectF(start, end).normalized().adjusted(-_HALF, -_HALF, _HALF, _HALF)
            for key in self._cards.touching(part):
                # Links of other blocks have ways of their own.
                if key in link.touches or self._scene.node_item(key).node.block != block:
                    continue
                card = self._cards.rect(key)
                if _crosses(start, end, card.adjusted(-_HALF, -_HALF, _HALF, _HALF)):
                    found.append(card)
        return found


def _crosses(start: QPointF, end: QPointF, rect: QRectF) -> bool:
    """Whether a line meets a rectangle that lies in its own: not when all four corners are on one side
    of it."""
    way = end - start
    sides = [
        way.x() * (y - start.y()) - way.y() * (x - start.x())
        for x in (rect.left(), rect.right())
        for y in (rect.top(), rect.bottom())
    ]
    return min(sides) <= 0 <= max(sides)
