"""The diagram as a picture: PNG at twice the size, or SVG and PDF whose words stay words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QRectF, QSizeF
from PySide6.QtGui import QImage, QImageWriter, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsItem

from engine.project import atomic
from gui.canvas.items.link_item import LinkItem, ShapeLabel
from gui.canvas.items.node_item import NodeItem
from gui.canvas.scene import CanvasScene
from gui.theme import DIAGRAM_MARGIN, color

#: Suffixes, the usual choice first.
FORMATS = ("png", "svg", "pdf")
_PNG_SCALE = 2.0
#: What Qt can paint on, in px a side, and what a computer has memory for, in px in all.
_LONGEST_SIDE, _MOST_PIXELS = 32_000, 100_000_000
#: One px on the screen is so many points on paper: letters of 12 px print at 9 pt.
_POINTS = 0.75
#: Readers show no page with a longer side than this, in points (PDF 1.7, annex C).
_LONGEST_PAGE = 14_400.0
#: Icons are drawn as small pictures; in an SVG they stay sharp up to this zoom.
_SVG_DETAIL = 4


def save_diagram(scene: CanvasScene, path: Path) -> float:
    """Write what the canvas holds into `path`, in the format of its suffix (one of FORMATS), whole or
    not at all. Returns the scale of a PNG, 1.0 for the others; raises FileProblem."""
    draw = {"png": _png, "svg": _svg, "pdf": _pdf}[path.suffix.lower().removeprefix(".")]
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    with _at_rest(scene):
        scale = draw(scene, contents(scene), buffer, path.stem)
    atomic.save(path, bytes(buffer.data().data()))
    return scale


def contents(scene: CanvasScene) -> QRectF:
    """Everything on the canvas and a margin around it; at least the margin."""
    area = QRectF()
    for item in _drawn(scene):
        if isinstance(item, NodeItem):
            shown = QRectF(item.pos(), scene.card_rect(item.node.id).size())
            area |= shown
        elif isinstance(item, ShapeLabel):
            area |= item.box.translated(item.pos())
        else:
            area |= item.sceneBoundingRect()
    area.adjust(-DIAGRAM_MARGIN, -DIAGRAM_MARGIN, DIAGRAM_MARGIN, DIAGRAM_MARGIN)
    return area.toAlignedRect().toRectF()


def _drawn(scene: CanvasScene) -> Iterator[QGraphicsItem]:
    for item in scene.items():
        if isinstance(item, NodeItem | LinkItem | ShapeLabel):
            yield item


@contextmanager
def _at_rest(scene: CanvasScene) -> Iterator[None]:
    """Nothing selected and nothing lit by the mouse, for a moment."""
    changed: list[tuple[NodeItem | LinkItem, bool, bool]] = []
    for item in _drawn(scene):
        if isinstance(item, NodeItem | LinkItem) and (item.selected or item.hovered):
            changed.append((item, item.selected, item.hovered))
            item.show_state(selected=False, hovered=False)
    try:
        yield
    finally:
        for item, selected, hovered in changed:
            item.show_state(selected=selected, hovered=hovered)


def _paint(scene: CanvasScene, painter: QPainter, target: QRectF, area: QRectF) -> None:
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
    painter.fillRect(target, color("canvas"))
    scene.render(painter, target, area)
    painter.end()


def _png(scene: CanvasScene, area: QRectF, device: QIODevice, title: str) -> float:
    """Smaller than twice the size where that would be too large for a picture."""
    fitting = math.sqrt(_MOST_PIXELS / (area.width() * area.height()))
    scale = min(_PNG_SCALE, _LONGEST_SIDE / max(area.width(), area.height()), fitting)
    size = (area.size() * scale).toSize().expandedTo(QSizeF(1, 1).toSize())
    image = QImage(size, QImage.Format.Format_RGB32)
    _paint(scene, QPainter(image), QRectF(image.rect()), area)
    writer = QImageWriter(device, QByteArray(b"png"))
    writer.setText("Title", title)
    writer.write(image)
    return scale


def _svg(scene: CanvasScene, area: QRectF, device: QIODevice, title: str) -> float:
    generator = QSvgGenerator()
    generator.setOutputDevice(device)
    generator.setTitle(title)
    generator.setDescription("Backlit")
    inside = QRectF(0, 0, area.width() * _SVG_DETAIL, area.height() * _SVG_DETAIL)
    generator.setSize(area.size().toSize())
    generator.setViewBox(inside)
    _paint(scene, QPainter(generator), inside, area)
    return 1.0


def _pdf(scene: CanvasScene, area: QRectF, device: QIODevice, title: str) -> float:
    points = min(_POINTS, _LONGEST_PAGE / max(area.width(), area.height()))
    writer = QPdfWriter(device)
    writer.setTitle(title)
    writer.setCreator("Backlit")
    writer.setPageMargins(QMarginsF())
    exact = QPageSize.SizeMatchPolicy.ExactMatch
    writer.setPageSize(QPageSize(area.size() * points, QPageSize.Unit.Point, title, exact))
    _paint(scene, QPainter(writer), QRectF(0, 0, writer.width(), writer.height()), area)
    return 1.0
