"""Pictures of widgets against pictures that somebody has looked at.

BACKLIT_PICTURES=new writes them anew, into tests/screenshots: look at each before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QCursor, QHoverEvent, QImage
from PySide6.QtWidgets import QApplication, QWidget

SHOTS = Path(__file__).parent / "screenshots"
FAILED = Path(__file__).parent.parent / "build" / "pictures"

#: A pixel differs when a channel does by more than this; so many of them may.
TOLERANCE = 16
SHARE = 0.002
OUTSIDE = QPointF(-1, -1)


def assert_looks_like(widget: QWidget, name: str) -> None:
    """`widget` as it is on screen equals tests/screenshots/<name>.png."""
    # The mouse of an earlier test would leave something lit up.
    QCursor.setPos(widget.mapToGlobal(QPoint(2, widget.height() - 2)))
    for child in widget.findChildren(QWidget):
        child.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
        QApplication.sendEvent(child, QEvent(QEvent.Type.Leave))
        QApplication.sendEvent(child, QHoverEvent(QEvent.Type.HoverLeave, OUTSIDE, OUTSIDE, OUTSIDE))
    found = settled(widget)
    path = SHOTS / f"{name}.png"
    if os.environ.get("BACKLIT_PICTURES") == "new":
        assert found.save(str(path))
        return
    expected = QImage(str(path))
    assert not expected.isNull(), f"{path} is missing"
    share = differing_share(pixels(found), pixels(expected))
    if share > SHARE:
        FAILED.mkdir(parents=True, exist_ok=True)
        found.save(str(FAILED / f"{name}.png"))
    assert share <= SHARE, f"{share:.2%} of the pixels differ; see {FAILED / name}.png"


def settled(widget: QWidget) -> QImage:
    """The picture once layouts have come to rest: the first that equals the one before."""
    before = widget.grab().toImage()
    for _ in range(50):
        QApplication.processEvents()
        after = widget.grab().toImage()
        if after == before:
            return after
        before = after
    raise AssertionError("the picture does not come to rest")


def pixels(image: QImage) -> NDArray[np.uint8]:
    """RGB (height, width, 3)."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return flat[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def differing_share(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Share of pixels that differ; 1.0 for pictures of different size."""
    if first.shape != second.shape:
        return 1.0
    difference = np.abs(first.astype(int) - second).max(axis=2)
    return float((difference > TOLERANCE).mean())
