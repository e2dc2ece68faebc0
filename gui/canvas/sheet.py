"""A share of the diagram as it looks from afar: shapes of one colour together, to be drawn at once.

Thousands of cards cannot be painted one by one in the time of a frame; what takes the time is asking
each of them. A sheet asks its items once, and again when one of them has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGraphicsItem

Item = TypeVar("Item", bound="SheetItem")


class SheetItem(QGraphicsItem):
    """An item that is drawn by itself close up, and from afar together with others."""

    #: Where it is drawn from afar; told of every change.
    sheet: Sheet[Any] | None = None

    def update(self, *area: Any) -> None:
        """Qt's own, called for every change of looks."""
        if self.sheet is not None:
            self.sheet.spoil()
        super().update(*area)

    def setPos(self, *place: Any) -> None:
        if self.sheet is not None:
            self.sheet.spoil()
        super().setPos(*place)


class Sheet(Generic[Item]):
    """refresh: paints the view anew. Qt does not know where it would have to, for it never painted
    these items itself."""

    def __init__(self, items: Sequence[Item], refresh: Callable[[], None]) -> None:
        self.items = items
        self._refresh = refresh
        self._stale = True
        self._bounds = QRectF()
        for item in items:
            item.sheet = self

    def spoil(self) -> None:
        """An item on it has changed."""
        if not self._stale:
            self._stale = True
            self._refresh()

    def draw(self, painter: QPainter, exposed: QRectF, scale: float) -> None:
        if self._stale:
            self._stale = False
            self._bounds = QRectF()
            self._look()
        if self._bounds.intersects(exposed):
            self._paint(painter, scale)

    def _look(self) -> None:
        """Ask the items what they look like, and where."""
        raise NotImplementedError

    def _paint(self, painter: QPainter, scale: float) -> None:
        raise NotImplementedError
