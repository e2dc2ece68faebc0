"""What of a network is in sight, and where: the level one is on, and the insides of opened blocks."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QPointF

from engine.network.model import Network, clamp_position
from gui.canvas.geometry import INSIDE


class Places:
    """Of one network, seen from within the block `level` ("": from outside all blocks)."""

    def __init__(self, network: Network, level: str) -> None:
        self._network = network
        self._level = level

    def shows(self, node_id: str) -> bool:
        """Whether the node lies on the level, or in opened blocks only."""
        nodes = self._network.nodes
        if node_id not in nodes:
            return False
        block = nodes[node_id].block
        while block != self._level:
            if not block or not nodes[block].open:
                return False
            block = nodes[block].block
        return True

    def is_open(self, node_id: str) -> bool:
        """Whether the node is a block whose inside is shown in place."""
        node = self._network.nodes[node_id]
        return node.kind == "Block" and node.open

    def shown(self) -> Iterator[str]:
        """Every node in sight, blocks before what lies in them."""
        queue = list(self._network.children.get(self._level, ()))
        for node_id in queue:  # grows while it is walked
            yield node_id
            if self.is_open(node_id):
                queue.extend(self._network.children.get(node_id, ()))

    def around(self, node_id: str) -> Iterator[str]:
        """The opened blocks that a node in sight lies in, the innermost first."""
        block = self._network.nodes[node_id].block
        while block != self._level:
            yield block
            block = self._network.nodes[block].block

    def corner(self, node_id: str) -> tuple[float, float]:
        """Where a node in sight has its (x, y), in scene coordinates."""
        node = self._network.nodes[node_id]
        origin = self._origin(node_id)
        return clamp_position(origin.x() + node.x, origin.y() + node.y)

    def relative(self, node_id: str, x: float, y: float) -> tuple[float, float]:
        """A place of the scene as a node in the same block as this one has it."""
        origin = self._origin(node_id)
        return x - origin.x(), y - origin.y()

    def inside_of(self, block: str, x: float, y: float) -> tuple[float, float]:
        """A place of the scene as nodes in an opened block, or on the level, have it."""
        if block == self._level:
            return x, y
        left, top = self.corner(block)
        return x - left - INSIDE.x(), y - top - INSIDE.y()

    def _origin(self, node_id: str) -> QPointF:
        origin = QPointF()
        for block in self.around(node_id):
            node = self._network.nodes[block]
            origin += QPointF(*clamp_position(node.x, node.y)) + INSIDE
        return origin
