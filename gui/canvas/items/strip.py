"""The strip on a card: what its node makes of one sample, drawn by kind.

Prepared once for each new thumbnail, not once a repaint."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPen

from engine.messages import shown
from engine.telemetry.thumbnail import Array, Thumbnail
from gui import colors
from gui.canvas.geometry import NODE_HEIGHT, NODE_WIDTH, STRIP_HEIGHT
from gui.canvas.items.strip_words import verdict
from gui.plotting.map_picture import input_picture
from gui.theme import appearance, color, number_font, ui_font

_CELL = 36.0
_SPACE = 4.0
_MOST = 4
_ROW = _MOST * _CELL + (_MOST - 1) * _SPACE
#: Where things are drawn on the card.
_AREA = QRectF((NODE_WIDTH - _ROW) / 2, NODE_HEIGHT, _ROW, _CELL)
_FADED = 0.6
_WIDEST_BAR = 16.0
_NAME_HEIGHT = 12.0


class Strip:
    """One thumbnail. What untrained weights make is drawn faded, with a ring in the corner."""

    def __init__(self, thumbnail: Thumbnail) -> None:
        self.thumbnail = thumbnail
        #: Made when it is drawn for the first time: most cards of a large network are out of sight.
        self._picture: _Picture | None = None

    def recolor(self) -> None:
        """Make the pictures again: colours belong to the theme."""
        self._picture = None

    def draw(self, painter: QPainter) -> None:
        if self._picture is None:
            self._picture = _PICTURES[self.thumbnail.kind](self.thumbnail)
        opacity = painter.opacity()
        painter.setOpacity(opacity * (1.0 if self.thumbnail.trained else _FADED))
        self._picture.draw(painter)
        painter.setOpacity(opacity)
        self._picture.write(painter)
        if not self.thumbnail.trained:
            _draw_ring(painter)


def _draw_ring(painter: QPainter) -> None:
    painter.setPen(QPen(color("muted"), 1.25))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(QPointF((_AREA.right() + NODE_WIDTH) / 2, _AREA.bottom() - 3), 2.5, 2.5)


class _Picture:
    def draw(self, painter: QPainter) -> None:
        raise NotImplementedError

    def write(self, painter: QPainter) -> None:
        """The words on it: they are to be read, trained or not."""


class _Tiles(_Picture):
    """Squares in a row: maps, heads of attention, boundaries, or the sample itself."""

    def __init__(self, images: list[QImage], point: tuple[float, float] | None = None) -> None:
        self._images = images
        self._point = point
        count = len(images)
        row = count * _CELL + (count - 1) * _SPACE
        self._left = (NODE_WIDTH - row) / 2

    def cell(self, index: int) -> QRectF:
        return QRectF(self._left + index * (_CELL + _SPACE), _AREA.top(), _CELL, _CELL)

    def draw(self, painter: QPainter) -> None:
        for index, image in enumerate(self._images):
            cell = self.cell(index)
            longest = max(image.width(), image.height())
            # Single pixels stay square and sharp; a picture larger than its cell must be averaged.
            smooth = longest > 2 * _CELL or self._point is not None
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
            scale = _CELL / longest
            picture = QRectF(0, 0, image.width() * scale, image.height() * scale)
            picture.moveCenter(cell.center())
            painter.fillRect(cell, color("raised"))
            painter.drawImage(picture, image)
            if self._point is not None:
                _mark(painter, cell, self._point)


class _Heat(_Picture):
    """A sequence: time to the right, one row a feature."""

    def __init__(self, values: Array) -> None:
        self._image = colors.image(colors.colored(values.T))

    def draw(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        painter.drawImage(_AREA, self._image)


class _Bars(_Picture):
    """From zero up, and down for negative values."""

    def __init__(self, values: Array, shades: list[QColor], area: QRectF, top: float) -> None:
        finite = np.nan_to_num(values.astype(float), nan=0.0, posinf=0.0, neginf=0.0)
        top, bottom = max(top, finite.max(initial=0.0)), min(0.0, finite.min(initial=0.0))
        scale = area.height() / ((top - bottom) or 1.0)
        self.step = min(area.width() / len(finite), _WIDEST_BAR)
        self.left = area.center().x() - self.step * len(finite) / 2
        self._zero = area.bottom() + bottom * scale
        gap = 0.0 if self.step < 2 else 1.0 if self.step < 8 else 2.0
        self._bars = [
            (
                QRectF(
                    self.left + at * self.step + gap / 2,
                    self._zero - max(value * scale, 0.0),
                    self.step - gap,
                    max(abs(value) * scale, 0.5),
                ),
                shade,
            )
            for at, (value, shade) in enumerate(zip(finite, shades, strict=True))
        ]
        self._ends = (
            QPointF(self.left, self._zero),
            QPointF(2 * area.center().x() - self.left, self._zero),
        )

    def draw(self, painter: QPainter) -> None:
        painter.setPen(QPen(color("line"), 1))
        painter.drawLine(*self._ends)
        for bar, shade in self._bars:
            painter.fillRect(bar, shade)


class _Classes(_Picture):
    """A bar a class. The predicted one is green when it is right and red when it is not; the name
    of the true one stands out."""

    def __init__(self, thumbnail: Thumbnail) -> None:
        self._thumbnail = thumbnail
        names = [shown(name) for name in thumbnail.names]
        self._names = names if _fit(names) else []
        area = _AREA.adjusted(0, 0, 0, -_NAME_HEIGHT if self._names else 0)
        shades = [color("muted")] * len(thumbnail.values)
        if thumbnail.predicted is not None:
            right = thumbnail.label is None or thumbnail.label == thumbnail.predicted
            shades[thumbnail.predicted] = color("good" if right else "error")
        likely = thumbnail.low >= 0 and thumbnail.high <= 1
        self._bars = _Bars(thumbnail.values, shades, area, 1.0 if likely else 0.0)

    def draw(self, painter: QPainter) -> None:
        self._bars.draw(painter)

    def write(self, painter: QPainter) -> None:
        for at, name in enumerate(self._names):
            place = QRectF(0, _AREA.bottom() - _NAME_HEIGHT, self._bars.step, _NAME_HEIGHT)
            place.moveLeft(self._bars.left + at * self._bars.step)
            true = at == self._thumbnail.label
            painter.setFont(_name_font(true))
            painter.setPen(color("text" if true else "muted"))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, name)


class _Regions(_Picture):
    """The plane in the colours of its classes, and what is said of the sample."""

    def __init__(self, thumbnail: Thumbnail) -> None:
        self._thumbnail = thumbnail
        self._image = colors.image(_region_colors(thumbnail.values))

    def draw(self, painter: QPainter) -> None:
        cell = QRectF(_AREA.topLeft(), _AREA.topLeft() + QPointF(_CELL, _CELL))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(cell, self._image)
        if self._thumbnail.point is not None:
            _mark(painter, cell, self._thumbnail.point)

    def write(self, painter: QPainter) -> None:
        words = _AREA.adjusted(_CELL + 10, 2, 0, -2)
        painter.setFont(ui_font(12))
        for line, alignment, token in zip(
            verdict(self._thumbnail),
            (Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignBottom),
            ("text", "muted"),
            strict=True,
        ):
            text = QFontMetricsF(ui_font(12)).elidedText(
                line, Qt.TextElideMode.ElideRight, words.width()
            )
            painter.setPen(color(token))
            painter.drawText(words, alignment, text)


def _maps(thumbnail: Thumbnail) -> _Tiles:
    values = thumbnail.values[:_MOST]
    count, height, width = values.shape
    # One tall picture, so that all maps of a node share one scale.
    tall = colors.image(colors.colored(np.reshape(values, (count * height, width))))
    images = [tall.copy(0, at * height, width, height) for at in range(count)]
    return _Tiles(images, thumbnail.point)


def _sample(thumbnail: Thumbnail) -> _Tiles:
    picture = input_picture(thumbnail.values)
    assert picture is not None
    return _Tiles([picture])


def _vector(thumbnail: Thumbnail) -> _Bars:
    """The length says how much; the colour, which sign: pale bars would be lost on a light ground."""
    ends = colors.diverging_table()[[0, -1]].tolist()
    negative, positive = (QColor(*rgb) for rgb in ends)
    shades = [negative if value < 0 else positive for value in thumbnail.values]
    return _Bars(thumbnail.values, shades, _AREA, 0.0)


def _histogram(thumbnail: Thumbnail) -> _Bars:
    return _Bars(thumbnail.values, [color("muted")] * len(thumbnail.values), _AREA, 0.0)


_PICTURES: Mapping[str, Callable[[Thumbnail], _Picture]] = {
    "image": _sample,
    "maps": _maps,
    "attention": _maps,
    "boundary": _maps,
    "sequence": lambda thumbnail: _Heat(thumbnail.values),
    "vector": _vector,
    "histogram": _histogram,
    "classes": _Classes,
    "regions": _Regions,
}


def _region_colors(chances: Array) -> Array:
    """RGB (side, side, 3) of probabilities (classes, side, side): two classes are the two signs."""
    if len(chances) == 2:
        index = np.nan_to_num(chances[1] - chances[0] + 1) * 127.5
        return colors.diverging_table()[np.clip(index, 0, 255).astype(np.uint8)]
    series = appearance.theme.series
    full = np.array([_rgb(QColor(series[at % len(series)])) for at in range(len(chances))])
    sure = (chances.max(axis=0) * len(chances) - 1) / (len(chances) - 1)
    ground = np.array(_rgb(color("surface")))
    mixed = ground + sure[..., None] * (full[chances.argmax(axis=0)] - ground)
    return np.clip(np.nan_to_num(mixed), 0, 255).astype(np.uint8)


def _rgb(shade: QColor) -> tuple[float, float, float]:
    return 255 * shade.redF(), 255 * shade.greenF(), 255 * shade.blueF()


def _mark(painter: QPainter, cell: QRectF, point: tuple[float, float]) -> None:
    """Where the sample lies."""
    place = QPointF(cell.left() + point[0] * _CELL, cell.top() + point[1] * _CELL)
    painter.setPen(QPen(color("text"), 1))
    painter.setBrush(color("surface"))
    painter.drawEllipse(place, 2, 2)


def _name_font(true: bool) -> QFont:
    font = number_font(10)
    font.setWeight(QFont.Weight.Bold if true else QFont.Weight.Normal)
    return font


def _fit(names: list[str]) -> bool:
    """Whether every name has room below its bar."""
    if not names:
        return False
    width = QFontMetricsF(_name_font(True)).horizontalAdvance
    return max(map(width, names)) <= min(_AREA.width() / len(names), _WIDEST_BAR)


assert _CELL + _SPACE == STRIP_HEIGHT
