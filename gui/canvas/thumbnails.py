"""The strip of feature maps on a card."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from engine.telemetry.frame import Array
from gui import colors
from gui.canvas.geometry import NODE_HEIGHT, NODE_WIDTH, STRIP_HEIGHT
from gui.theme import color

_CELL = 36.0
_SPACE = 4.0
_MOST = 4


class Strip:
    """Up to four feature maps (k, height, width) of one node, on one colour scale."""

    def __init__(self, maps: Array) -> None:
        self._maps = maps[:_MOST]
        self.recolor()

    def recolor(self) -> None:
        """Make the pictures again: the neutral colour of signed maps belongs to the theme."""
        count, height, width = self._maps.shape
        # One tall picture, so that all maps of a node share one scale.
        rgb = colors.colored(np.reshape(self._maps, (count * height, width)))
        self._image: QImage = colors.image(rgb)

    def draw(self, painter: QPainter) -> None:
        count, height, width = self._maps.shape
        # Single pixels stay square and sharp; a picture larger than its cell must be averaged.
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, max(height, width) > 2 * _CELL)
        scale = _CELL / max(height, width)
        row = count * _CELL + (count - 1) * _SPACE
        left = (NODE_WIDTH - row) / 2
        for index in range(count):
            cell = QRectF(left + index * (_CELL + _SPACE), NODE_HEIGHT, _CELL, _CELL)
            picture = QRectF(0, 0, width * scale, height * scale)
            picture.moveCenter(cell.center())
            painter.fillRect(cell, color("raised"))
            painter.drawImage(picture, self._image, QRectF(0, index * height, width, height))


assert _CELL + _SPACE == STRIP_HEIGHT
