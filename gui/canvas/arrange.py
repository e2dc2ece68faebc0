"""Arranging the selection, or the whole level one is on, from top to bottom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from PySide6.QtCore import QObject, Slot

from engine.network.arrange import Box, Position, arrange
from engine.network.edits import Edit, MoveNodes, SetParameter, Together
from engine.network.model import Network
from gui.background import Background
from gui.canvas.geometry import node_rect
from gui.canvas.glide import Glide
from gui.canvas.guides import united
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
        """Where a card, or the frame of an opened block, lies inside its block, and how large it is."""
        rects = {key: node_rect(network, network.nodes[key]) for key in ids}
        return {key: Box(r.x(), r.y(), r.width(), r.height()) for key, r in rects.items()}

    def _others(self, network: Network, block: str, moving: Mapping[str, Box]) -> list[Box]:
        still = (key for key in network.children.get(block, ()) if key not in moving)
        cards = [
            key for key in still if network.nodes[key].kind not in _LOOSE and self._scene.shows(key)
        ]
        return list(self._boxes(network, cards).values())

    def _move(self, positions: Mapping[str, Position]) -> None:
        editor = self._scene.editor
        network = editor.network
        moved: dict[str, Position] = {}
        for key, (x, y) in positions.items():
            node = network.nodes[key]
            # The frame of an opened block may begin farther left or higher than the block's (x, y).
            rect = node_rect(network, node)
            to = (node.x + x - rect.x(), node.y + y - rect.y())
            if to != (node.x, node.y):
                moved[key] = to
        if moved:
            edit = Together((MoveNodes(moved), *refitted_frames(network, moved)))
            self._glide.over(moved, lambda: editor.edit(edit, self.tr("Arrange")))


def refitted_frames(network: Network, moved: Mapping[str, Position]) -> Iterator[Edit]:
    """Frames go with what lies on them: the edits that lay each around it again."""
    after = MoveNodes(moved).apply(network)
    for frame in network.nodes.values():
        if frame.kind != "Frame":
            continue
        ground = node_rect(network, frame)
        beside = (network.nodes[key] for key in network.children.get(frame.block, ()))
        on_it = [node for node in beside if ground.contains(node_rect(network, node))]
        on_it.remove(frame)
        if moved.keys().isdisjoint(node.id for node in on_it):
            continue
        old = united(node_rect(network, node) for node in on_it)
        new = united(node_rect(after, after.nodes[node.id]) for node in on_it)
        place = ground.topLeft() + new.topLeft() - old.topLeft()
        grown = ground.size() + new.size() - old.size()
        yield MoveNodes({frame.id: (place.x(), place.y())})
        yield SetParameter(frame.id, "width", round(grown.width()))
        yield SetParameter(frame.id, "height", round(grown.height()))


def level(scene: CanvasScene) -> list[str]:
    """The nodes of the block that one has stepped into, without what lies in opened blocks."""
    nodes = [item.node for item in scene.node_items()]
    shown = {node.id for node in nodes}
    return [node.id for node in nodes if node.block not in shown]
