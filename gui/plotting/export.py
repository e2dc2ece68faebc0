"""A panel as a picture or a table: clipboard, PNG, SVG, CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QGuiApplication, QPainter, QPixmap, QRegion
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from gui.theme import color

#: A spreadsheet takes a cell that begins like this for a formula and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def copy_picture(widget: QWidget) -> None:
    QGuiApplication.clipboard().setPixmap(_grab(widget))


def save_png(widget: QWidget, path: Path) -> None:
    """At the screen's own resolution. Raises OSError."""
    if not _grab(widget).save(str(path), "PNG"):
        raise OSError(f"cannot write {path}")


def save_svg(widget: QWidget, path: Path, title: str) -> None:
    """Raises OSError."""
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setTitle(title)
    generator.setSize(widget.size())
    generator.setViewBox(QRect(QPoint(0, 0), QSize(widget.size())))
    painter = QPainter()
    if not painter.begin(generator):
        raise OSError(f"cannot write {path}")
    painter.fillRect(widget.rect(), color("surface"))
    widget.render(painter, QPoint(0, 0), QRegion(), QWidget.RenderFlag.DrawChildren)
    painter.end()


def _grab(widget: QWidget) -> QPixmap:
    """On the ground of the theme: the widget itself may leave it to its parent."""
    ratio = widget.devicePixelRatioF()
    result = QPixmap(widget.size() * ratio)
    result.setDevicePixelRatio(ratio)
    result.fill(color("surface"))
    widget.render(result, QPoint(0, 0), QRegion(), QWidget.RenderFlag.DrawChildren)
    return result


def save_csv(path: Path, headers: Sequence[str], rows: NDArray[Any]) -> None:
    """headers (c,), rows (r, c). Every number reads back as it was, in its own precision; NaN is an
    empty cell.
    Raises OSError."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([harmless(header) for header in headers])
        for row in rows:
            writer.writerow([number(value) for value in row])


def harmless(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula."""
    return "'" + text if text.startswith(_FORMULA) else text


def number(value: Any) -> str:
    """The shortest text that reads back as `value`: as a float32 where it is one."""
    wide = float(value)
    if math.isnan(wide):
        return ""
    if wide.is_integer() and abs(wide) < 1e15:
        return str(int(wide))
    with np.errstate(over="ignore"):
        narrow = np.float32(wide)
    return str(narrow) if float(narrow) == wide else repr(wide)
