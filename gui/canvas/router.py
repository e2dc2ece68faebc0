"""Where links run: straight from port to port, or in a lane beside the cards in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from engine.network.model import Link
from gui.canvas.geometry import lane_beside, may_hide
from gui.canvas.link_item import LinkItem
from gui.canvas.node_item import NodeItem
from gui.canvas.ports import Port
from gui.theme import GRID

if TYPE_CHECKING:
    from gui.canvas.scene import CanvasScene


class Router:
    """Sets the paths of the link items of one scene."""

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        #: Links so long that a card may lie in their way.
        self._long: set[Link] = set()

    def run(self, item: LinkItem) -> None:
        link = item.link
        scene = self._scene
        start = scene.node_item(link.source).anchor(Port(link.source, link.source_port, True))
        end = scene.node_item(link.target).anchor(Port(link.target, link.target_port, False))
        item.run_between(start, end)
        self._long.discard(link)
        if may_hide(start, end):
            self._long.add(link)
            cards = self._cards_over(item)
            if cards and self._runs_in_a_column(item, start, end):
                return
            lane = lane_beside(cards) if cards else None
            while lane is not None:
                item.run_between(start, end, lane)
                lane = lane + 2 * GRID if self._shares_lane(item) else None

    def run_long(self, items: Mapping[Link, LinkItem]) -> None:
        """Cards may have come before the long links, or gone."""
        for link in list(self._long):
            self.run(items[link])

    def forget(self, link: Link) -> None:
        self._long.discard(link)

    def _runs_in_a_column(self, item: LinkItem, start: QPointF, end: QPointF) -> bool:
        """Straight down from its source, or aside at once and down to its target, if that is free."""
        for lane in (start.x(), end.x()) if start.x() != end.x() else ():
            item.run_between(start, end, lane)
            if not self._cards_over(item) and not self._shares_lane(item):
                return True
        return False

    def _shares_lane(self, line: LinkItem) -> bool:
        """Whether another link runs over this one, so that they would look like one."""
        others = (item for item in self._scene.items(line.shape()) if isinstance(item, LinkItem))
        return any(other is not line and other.lane == line.lane for other in others)

    def _cards_over(self, line: LinkItem) -> list[QRectF]:
        found = (item for item in self._scene.items(line.shape()) if isinstance(item, NodeItem))
        block = self._scene.node_item(line.link.source).node.block
        return [
            item.scene_card
            for item in found
            # A frame is a ground: links run over it. Links of other blocks have ways of their own.
            if item.node.block == block and item.node.kind != "Frame"
            if item.node.id not in line.link.touches
        ]
