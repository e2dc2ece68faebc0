"""The program's own SVG icons, tinted with the theme."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

import resources
from gui.theme import appearance


def icon(name: str, color: QColor | None = None) -> QIcon:
    """resources/icons/<name>.svg in `color` (the text colour by default), with a muted twin for the
    disabled state."""
    theme = appearance.theme
    result = QIcon()
    shades = (
        (color.name() if color is not None else theme.text, QIcon.Mode.Normal),
        (theme.line, QIcon.Mode.Disabled),
    )
    for shade, mode in shades:
        for ratio in (1.0, 2.0):
            result.addPixmap(pixmap(name, shade, 16, ratio), mode)
    return result


@lru_cache(maxsize=512)
def pixmap(name: str, color: str, size: int = 16, ratio: float = 1.0) -> QPixmap:
    """One icon drawn at `size` device-independent pixels."""
    text = resources.path("icons", f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(text.replace("currentColor", color).encode()))
    result = QPixmap(round(size * ratio), round(size * ratio))
    result.fill(Qt.GlobalColor.transparent)
    painter = QPainter(result)
    renderer.render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    result.setDevicePixelRatio(ratio)
    return result
