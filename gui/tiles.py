"""What lists of layers and blocks are made of: icons on the colour of their family, as on the cards of
the canvas, and titles."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QIcon, QPainter, QPainterPath, QPixmap
from PySide6.QtWidgets import QListWidgetItem

from gui import icons
from gui.theme import CORNER, LIGHT, color, contrast, family_color, ui_font

TILE = 20  #: px
ROW = 28  #: px, the height of a row


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


def title_row(text: str) -> QListWidgetItem:
    """It cannot be chosen."""
    item = QListWidgetItem(text)
    item.setFlags(Qt.ItemFlag.NoItemFlags)
    item.setFont(ui_font(12, QFont.Weight.Medium))
    item.setForeground(color("muted"))
    item.setSizeHint(QSize(0, ROW))
    item.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
    return item
