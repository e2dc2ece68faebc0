"""The icon of a node in lists: its family's tile, with the mark of a problem where it has one."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPen, QPixmap

from engine.network.layers import LAYERS
from gui.theme import appearance, color
from gui.tiles import TILE, tile

#: px. The mark reaches over the edge of the tile.
SIZE = TILE + 2
#: Over its lower right corner.
_MARK = QRectF(SIZE - 11, SIZE - 11, 11, 11)


def node_icon(kind: str, wrong: bool) -> QIcon:
    """As on its card; with `wrong`, marked in a way that is seen without colour, too."""
    layer = LAYERS.get(kind)
    return _icon("unknown" if layer is None else layer.family, wrong, appearance.theme.name)


@lru_cache(maxsize=64)
def _icon(family: str, wrong: bool, theme: str) -> QIcon:
    plain, marked = tile(family), QIcon()
    for ratio in (1, 2):
        picture = QPixmap(SIZE * ratio, SIZE * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.drawPixmap(0, 1, plain.pixmap(QSize(TILE, TILE), ratio))
        if wrong:
            _draw_mark(painter)
        painter.end()
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):
            marked.addPixmap(picture, mode)
    return marked


def _draw_mark(painter: QPainter) -> None:
    """The exclamation mark of the cards, smaller."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(color("surface"), 1))
    painter.setBrush(color("error"))
    painter.drawEllipse(_MARK)
    stroke = QPen(color("surface"), 1.5)
    stroke.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(stroke)
    painter.drawLine(_MARK.center() + QPointF(0, -2.5), _MARK.center() + QPointF(0, 0.25))
    painter.drawPoint(_MARK.center() + QPointF(0, 2.5))
