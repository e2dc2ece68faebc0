"""Which earlier node is responsible when a shape does not fit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping

from engine.build.report import NodeShape, Shape
from engine.network.model import Network


class Ancestry:
    """The nodes before a node, along first inputs, nearest first, with the shapes found so far."""

    def __init__(self, network: Network, shapes: Mapping[str, NodeShape]) -> None:
        self._network = network
        self._shapes = shapes

    def output(self, node_id: str) -> Shape:
        shape = self._shapes[node_id].output
        return shape if shape is not None else ()

    def before(self, node_id: str) -> Iterator[str]:
        links = self._network.incoming[node_id]
        while links:
            yield links[0].source
            links = self._network.incoming[links[0].source]

    def changed_rank(self, node_id: str) -> str:
        """The nearest node before `node_id` whose output has another number of axes than its input;
        the first node when none has."""
        path = list(self.before(node_id))
        for later, earlier in itertools.pairwise(path):
            if len(self.output(later)) != len(self.output(earlier)):
                return later
        return path[-1]

    def shrank_most(self, node_id: str) -> str:
        """The node before `node_id` that reduced height x width by the largest factor."""
        path = list(self.before(node_id))
        best, largest = path[-1], 1.0
        for later, earlier in itertools.pairwise(path):
            factor = _area(self.output(earlier)) / max(_area(self.output(later)), 1)
            if factor > largest:
                best, largest = later, factor
        return best

    def set_size(self, node_id: str, axis: int) -> str:
        """The nearest node, `node_id` itself included, that decided the size of `axis` (1 is the
        first after the batch)."""
        path = [node_id, *self.before(node_id)]
        for later, earlier in itertools.pairwise(path):
            if _at(self.output(later), axis) != _at(self.output(earlier), axis):
                return later
        return path[-1]


def _area(shape: Shape) -> int:
    return math.prod(shape[1:])


def _at(shape: Shape, axis: int) -> int | None:
    return shape[axis - 1] if len(shape) >= axis else None
