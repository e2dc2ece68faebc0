"""The quiet dots behind the diagram."""

from __future__ import annotations

import math
from functools import cache

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen, QPolygonF

from gui.theme import GRID, color

#: Dots closer together than this on screen would be a grey haze; then every second one is left out.
_CLOSEST = 8.0
#: Dots are drawn in squares of this many by this many: one call instead of 1,024.
_SIDE = 32


@cache
def _square(step: float) -> QPolygonF:
    places = [index * step for index in range(_SIDE)]
    return QPolygonF([QPointF(x, y) for y in places for x in places])


def draw_grid(painter: QPainter, exposed: QRectF, scale: float) -> None:
    """Dots at every grid crossing in `exposed` (scene units), fewer when zoomed out."""
    step = float(GRID)
    while step * scale < _CLOSEST:
        step *= 2
    # About one pixel of the screen at any zoom; a cosmetic pen counts pixels of the device.
    pen = QPen(color("line"), painter.device().devicePixelRatio())
    pen.setCosmetic(True)
    painter.setPen(pen)
    size = step * _SIDE
    columns = range(math.floor(exposed.left() / size), math.ceil(exposed.right() / size))
    rows = range(math.floor(exposed.top() / size), math.ceil(exposed.bottom() / size))
    for column in columns:
        for row in rows:
            corner = QPointF(column * size, row * size)
            painter.translate(corner)
            painter.drawPoints(_square(step))
            painter.translate(-corner)
