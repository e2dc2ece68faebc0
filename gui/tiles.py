"""A layer's icon on the colour of its family, as on the cards of the canvas."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QPainter, QPainterPath, QPixmap

from gui import icons
from gui.theme import CORNER, LIGHT, contrast, family_color

TILE = 20  #: px


@lru_cache
def tile(family: str) -> QIcon:
    ground = family_color(family)
    ink = max((LIGHT.text, LIGHT.surface), key=lambda shade: contrast(shade, ground.name()))
    result = QIcon()
    for ratio in (1, 2):
        picture = QPixmap(TILE * ratio, TILE * ratio)
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(0, 0, TILE, TILE, CORNER, CORNER)
        painter.fillPath(shape, ground)
        painter.drawPixmap(2, 2, icons.pixmap(f"family-{family}", ink, 16, float(ratio)))
        painter.end()
        result.addPixmap(picture, QIcon.Mode.Normal)
        result.addPixmap(picture, QIcon.Mode.Selected)
    return result
