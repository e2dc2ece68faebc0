"""The diagram from afar, where no word can be read: thousands of cards in the time of a frame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem

from gui.canvas.geometry import NODE_WIDTH
from gui.canvas.items.link_item import LinkItem
from gui.canvas.items.node_item import BAND, NodeItem
from gui.canvas.scene import CanvasScene
from gui.canvas.sheet import Item, Sheet
from gui.theme import color

#: Items on a sheet: what is made anew when one of them changes.
_SHARE = 128
#: Below this zoom nobody sees the quiet border of a card, nor whether a corner of a link is round.
_EDGED = 0.2
#: Links are never fainter than a line of this width, marks never narrower; in px.
_FAINTEST, _MARK = 0.3, 1.25


class Overview:
    """Draws what the items of a scene show, without asking each of them to paint."""

    def __init__(self, scene: CanvasScene, refresh: Callable[[], None]) -> None:
        self._scene = scene
        self._refresh = refresh
        self._singles = SingleSheet([], refresh)
        self._cards: list[Sheet[NodeItem]] = []
        self._links: list[Sheet[LinkItem]] = []

    def forget(self) -> None:
        """Let go of items that are gone."""
        self._cards, self._links = [], []
        self._singles = SingleSheet([], self._refresh)

    def draw(self, painter: QPainter, exposed: QRectF, scale: float) -> None:
        """exposed: the part of the scene that is to be drawn. scale: px to a scene unit."""
        nodes = list(self._scene.node_items())
        cards = [item for item in nodes if item.plain]
        self._cards = self._shared(self._cards, cards, CardSheet)
        self._links = self._shared(self._links, list(self._scene.link_items()), LinkSheet)
        singles = sorted((item for item in nodes if not item.plain), key=QGraphicsItem.zValue)
        if singles != self._singles.items:
            self._singles = SingleSheet(singles, self._refresh)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._singles.draw(painter, exposed, scale)
        for item in singles:
            if item.zValue() < 0:
                _paint(painter, item, exposed)
        for links in self._links:
            links.draw(painter, exposed, scale)
        for sheet in self._cards:
            sheet.draw(painter, exposed, scale)
        for item in singles:
            if item.zValue() >= 0:
                _paint(painter, item, exposed)
        for passing in self._scene.passing:
            _paint(painter, passing, exposed)

    def _shared(
        self, sheets: list[Sheet[Item]], items: list[Item], make: type[Sheet[Item]]
    ) -> list[Sheet[Item]]:
        """These items on sheets; a sheet that holds the right ones already stays."""
        result = []
        for number, at in enumerate(range(0, len(items), _SHARE)):
            share = items[at : at + _SHARE]
            fits = number < len(sheets) and sheets[number].items == share
            result.append(sheets[number] if fits else make(share, self._refresh))
        return result


def _paint(painter: QPainter, item: QGraphicsItem, exposed: QRectF) -> None:
    if item.isVisible() and item.sceneBoundingRect().intersects(exposed):
        painter.save()
        painter.setTransform(item.sceneTransform(), True)
        item.paint(painter, QStyleOptionGraphicsItem(), None)
        painter.restore()


class SingleSheet(Sheet[NodeItem]):
    """Of items that are few and each like no other: they paint themselves, and are only watched."""

    def _look(self) -> None:
        pass


class CardSheet(Sheet[NodeItem]):
    def _paint(self, painter: QPainter, scale: float) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        if scale >= _EDGED:
            painter.setBrush(color("line"))
            for rects in self._grounds.values():
                painter.drawRects([rect.adjusted(-1, -1, 1, 1) for rect in rects])
        for shade, rects in (*self._grounds.items(), *self._bands.items()):
            painter.setBrush(QColor.fromRgba(shade))
            painter.drawRects(rects)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for (token, width, dashed), rects in self._marks.items():
            pen = QPen(color(token), max(width, _MARK / scale))
            pen.setStyle(Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.drawRects(rects)

    def _look(self) -> None:
        self._grounds: dict[int, list[QRectF]] = defaultdict(list)
        self._bands: dict[int, list[QRectF]] = defaultdict(list)
        self._marks: dict[tuple[str, float, bool], list[QRectF]] = defaultdict(list)
        shades: dict[tuple[str, int | None], tuple[int, int]] = {}
        for item in self.items:
            corner = item.pos()
            left, top = corner.x() + 0.5, corner.y() + 0.5
            ground = QRectF(left, top, NODE_WIDTH - 1, item.height - 1)
            look = (item.family, None if item.tint is None else item.tint.rgba())
            if look not in shades:
                shades[look] = (item.ground.rgba(), item.shade.rgba())
            self._grounds[shades[look][0]].append(ground)
            self._bands[shades[look][1]].append(QRectF(left, top, BAND - 0.5, item.band_height - 1))
            if item.edge[0] != "line":
                self._marks[item.edge].append(ground.adjusted(-0.5, -0.5, 0.5, 0.5))
            if item.selected:
                self._marks["accent", 2.0, False].append(ground.adjusted(-3.5, -3.5, 3.5, 3.5))
        for rects in self._grounds.values():
            for rect in rects:
                self._bounds |= rect
        self._bounds.adjust(-8, -8, 8, 8)


#: By colour, width and whether they are lifted: level and upright lines, and all others.
_Lines = dict[tuple[str, float, bool], tuple[list[QLineF], list[QLineF]]]


class LinkSheet(Sheet[LinkItem]):
    def _paint(self, painter: QPainter, scale: float) -> None:
        """Level and upright lines need no smoothing; without it, and opaque, they take a tenth of the
        time. What is narrower than a pixel is fainter instead."""
        ratio = painter.device().devicePixelRatio()
        for (token, width, lifted), (straight, sloped) in self._lines(scale >= _EDGED).items():
            fine = max(width * scale, _FAINTEST) * ratio
            shade = _over_canvas(token, (0.25 if lifted else 1.0) * min(fine, 1.0))
            pen = QPen(shade, max(fine, 1.0))
            pen.setCosmetic(True)
            pen.setStyle(Qt.PenStyle.DashLine if lifted else Qt.PenStyle.SolidLine)
            painter.setPen(pen)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, fine > 1.0)
            painter.drawLines(straight)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawLines(sloped)

    def _look(self) -> None:
        self._known: dict[bool, _Lines] = {}
        for item in self.items:
            self._bounds |= item.boundingRect()

    def _lines(self, rounded: bool) -> _Lines:
        if rounded not in self._known:
            lines = self._known[rounded] = {}
            for item in self.items:
                key = (item.token(), item.drawn_width, item.lifted)
                straight, sloped = lines.setdefault(key, ([], []))
                for start, end in pairwise(item.way(rounded=rounded)):
                    upright = start.x() == end.x() or start.y() == end.y()
                    (straight if upright else sloped).append(QLineF(start, end))
        return self._known[rounded]


def _over_canvas(token: str, share: float) -> QColor:
    """A theme colour as it looks where it covers this share of the canvas."""
    ink, ground = color(token), color("canvas")
    red, green, blue = (
        round(over * share + under * (1 - share))
        for over, under in (
            (ink.red(), ground.red()),
            (ink.green(), ground.green()),
            (ink.blue(), ground.blue()),
        )
    )
    return QColor(red, green, blue)
