"""Arranging the selection, or the whole level one is on, from top to bottom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QObject, Slot

from engine.network.arrange import Box, Position, arrange
from engine.network.edits import MoveNodes
from engine.network.model import Network
from gui.background import Background
from gui.canvas.glide import Glide
from gui.canvas.scene import CanvasScene

#: More nodes than this are arranged in another thread.
_MANY = 300
#: These lie where their author put them.
_LOOSE = frozenset({"Comment", "Frame"})


class Arranger(QObject):
    def __init__(self, glide: Glide) -> None:
        super().__init__(glide)
        self._scene = glide.scene
        self._glide = glide
        self._background = Background(self)

    @property
    def busy(self) -> bool:
        return self._background.busy

    @Slot()
    def arrange(self) -> None:
        """Two or more selected nodes, or else all of this level; one undo step."""
        network = self._scene.editor.network
        selection = [key for key in self._scene.editor.selection if self._scene.shows(key)]
        ids = selection if len(selection) > 1 else level(self._scene)
        work = self._work(network, ids)
        if len(ids) <= _MANY:
            self._move(work())
            return

        def done(positions: Mapping[str, Position] | None, error: Exception | None) -> None:
            if error is not None:
                raise error
            if positions is not None and self._scene.editor.network is network:
                self._move(positions)  # an edit in between means: not now

        self._background.do(work, done)

    def _work(self, network: Network, ids: Iterable[str]) -> Callable[[], dict[str, Position]]:
        """What to compute, without the scene: it may run in another thread."""
        groups: dict[str, set[str]] = defaultdict(set)
        for key in ids:
            if network.nodes[key].kind not in _LOOSE:
                groups[network.nodes[key].block].add(key)
        boxes = {block: self._boxes(network, children) for block, children in groups.items()}
        others = {block: self._others(network, block, boxes[block]) for block in boxes}

        def work() -> dict[str, Position]:
            result: dict[str, Position] = {}
            for block, inside in boxes.items():
                links = (link.touches for link in network.links if inside.keys() >= set(link.touches))
                result |= arrange(inside, links, others[block])
            return result

        return work

    def _boxes(self, network: Network, ids: Iterable[str]) -> dict[str, Box]:
        """Where a card lies inside its block, and how much room it needs."""
        sizes = {key: self._scene.card_rect(key).size() for key in ids}
        nodes = network.nodes
        return {
            key: Box(nodes[key].x, nodes[key].y, size.width(), size.height())
            for key, size in sizes.items()
        }

    def _others(self, network: Network, block: str, moving: Mapping[str, Box]) -> list[Box]:
        still = (key for key in network.children.get(block, ()) if key not in moving)
        cards = [
            key for key in still if network.nodes[key].kind not in _LOOSE and self._scene.shows(key)
        ]
        return list(self._boxes(network, cards).values())

    def _move(self, positions: Mapping[str, Position]) -> None:
        editor = self._scene.editor
        nodes = editor.network.nodes
        moved = {key: to for key, to in positions.items() if to != (nodes[key].x, nodes[key].y)}
        if moved:
            title = self.tr("Arrange")
            self._glide.over(moved, lambda: editor.edit(MoveNodes(moved), title))


def level(scene: CanvasScene) -> list[str]:
    """The nodes of the block that one has stepped into, without what lies in opened blocks."""
    nodes = [item.node for item in scene.node_items()]
    shown = {node.id for node in nodes}
    return [node.id for node in nodes if node.block not in shown]
