"""Which rectangles lie near a place, found without looking through all of them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Iterator
from typing import Generic, TypeVar

from PySide6.QtCore import QRectF

Key = TypeVar("Key", bound=Hashable)

#: Side of a square of the plane, in scene units: a few cards fit into one.
_SIDE = 512.0
#: What covers more squares than this is looked at every time instead.
_MOST = 64


class Cells(Generic[Key]):
    """Rectangles by key, sorted into squares of the plane."""

    def __init__(self) -> None:
        self._rects: dict[Key, QRectF] = {}
        self._squares: dict[tuple[int, int], set[Key]] = {}
        self._large: set[Key] = set()

    def rect(self, key: Key) -> QRectF:
        """Where `key` lies; an empty rectangle when it is not here."""
        return self._rects.get(key, QRectF())

    def put(self, key: Key, rect: QRectF) -> None:
        self.drop(key)
        self._rects[key] = rect
        for members in self._holding(rect):
            members.add(key)

    def drop(self, key: Key) -> None:
        rect = self._rects.pop(key, None)
        if rect is not None:
            for members in self._holding(rect):
                members.discard(key)

    def touching(self, area: QRectF) -> set[Key]:
        """Keys of the rectangles that touch `area`."""
        squares = _squares(area)
        if squares is None:
            found: Iterable[Key] = self._rects
        else:
            parts = (self._squares[square] for square in squares if square in self._squares)
            found = self._large.union(*parts)
        return {key for key in found if self._rects[key].intersects(area)}

    def _holding(self, rect: QRectF) -> Iterator[set[Key]]:
        squares = _squares(rect)
        if squares is None:
            yield self._large
        else:
            for square in squares:
                yield self._squares.setdefault(square, set())


def _squares(rect: QRectF) -> list[tuple[int, int]] | None:
    """The squares that a rectangle covers; None when they are too many."""
    left, right = math.floor(rect.left() / _SIDE), math.floor(rect.right() / _SIDE)
    top, bottom = math.floor(rect.top() / _SIDE), math.floor(rect.bottom() / _SIDE)
    if (right - left + 1) * (bottom - top + 1) > _MOST:
        return None
    return [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]
