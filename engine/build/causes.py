"""Which earlier node is responsible when a shape does not fit."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping

from engine.build.report import NodeShape, Shape
from engine.network.layers import LAYERS
from engine.network.model import Network

#: Parameters that say outright how large an axis of the output is, with that axis (-1: the last).
_SIZES = {"out_channels": 1, "out_features": -1, "embedding_dim": -1}


class Ancestry:
    """The nodes before a node, along first inputs, nearest first, with the shapes found so far."""

    def __init__(self, network: Network, shapes: Mapping[str, NodeShape]) -> None:
        self._network = network
        self._shapes = shapes

    def output(self, node_id: str) -> Shape:
        shape = self._shapes[node_id].output
        return shape if shape is not None else ()

    def axes(self, node_id: str) -> tuple[str, ...]:
        return self._shapes[node_id].axes

    def before(self, node_id: str) -> Iterator[str]:
        links = self._network.incoming[node_id]
        while links:
            yield links[0].source
            links = self._network.incoming[links[0].source]

    def up_to(self, node_id: str) -> list[str]:
        """`node_id` and the nodes before it."""
        return [node_id, *self.before(node_id)]

    def changed_rank(self, source: str) -> str:
        """The nearest node, `source` itself included, whose output has another number of axes than
        its input; the first node when none has."""
        path = self.up_to(source)
        for later, earlier in itertools.pairwise(path):
            if len(self.output(later)) != len(self.output(earlier)):
                return later
        return path[-1]

    def shrank_most(self, node_id: str, axis: int) -> str | None:
        """The node before `node_id` that reduced this axis by the largest factor; None when none
        did."""
        path = list(self.before(node_id))
        best, largest = None, 1.0
        for later, earlier in itertools.pairwise(path):
            factor = (_at(self.output(earlier), axis) or 1) / (
                _at(self.output(later), axis) or math.inf
            )
            if factor > largest:
                best, largest = later, factor
        return best

    def set_size(self, node_id: str, axis: int) -> str:
        """The nearest node, `node_id` itself included, that decided the size of `axis` (1 is the
        first after the batch)."""
        path = self.up_to(node_id)
        for later, earlier in itertools.pairwise(path):
            if self._says(later, axis) or _at(self.output(later), axis) != _at(
                self.output(earlier), axis
            ):
                return later
        return path[-1]

    def _says(self, node_id: str, axis: int) -> bool:
        layer = LAYERS[self._network.nodes[node_id].kind]
        last = len(self.output(node_id))
        return any(
            (place if place > 0 else last) == axis and layer.parameter(name) is not None
            for name, place in _SIZES.items()
        )


def _at(shape: Shape, axis: int) -> int | None:
    return shape[axis - 1] if len(shape) >= axis else None
