"""The widget that draws feature maps: all of them in a grid, or one large."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.telemetry.frame import FeatureMaps
from gui.guard import guarded
from gui.plotting.map_picture import Array, Cells, Scale, arrange, atlas, scale_of
from gui.plotting.plots import number_text
from gui.theme import DARK, GRID, LIGHT, appearance, color, contrast, number_font

#: px beside a number that is written into its value.
NUMBER_MARGIN = 6


@dataclass(frozen=True)
class Place:
    """One value of one map."""

    channel: int
    y: int
    x: int
    value: float


class MapGrid(QWidget):
    """`hovered` carries the `Place` under the mouse or None, `enlarged` when a map was opened or
    closed. Click or Enter opens a map; click, Enter or Escape goes back; arrows move."""

    hovered = Signal(object)
    enlarged = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(8 * GRID, 5 * GRID)
        self.setAccessibleName(self.tr("Feature maps"))
        self.maps: FeatureMaps | None = None
        self.per_map = True
        self.large: int | None = None
        self.place: Place | None = None
        self._values: Array = np.empty((0, 1, 1), np.float32)
        self._scale = Scale(np.ones(0), False)
        self._cells = Cells(1, 0, 0, 1, 1, 0)
        self._picture: QImage | None = None
        self._step = 1
        appearance.changed.connect(self._forget_picture)

    @property
    def scale(self) -> Scale:
        return self._scale

    @property
    def shown_channels(self) -> range:
        """The maps in sight."""
        return range(len(self._values)) if self.large is None else range(self.large, self.large + 1)

    def show_maps(self, maps: FeatureMaps) -> None:
        same = self.maps is not None and self.maps.values.shape == maps.values.shape
        self.maps = maps
        self._values = np.nan_to_num(maps.values, nan=0.0, posinf=0.0, neginf=0.0)
        if not same:
            self.large = self.place = None
        self._rescale()
        if self.place is not None:
            self._point_at(self.place.channel, self.place.y, self.place.x)

    def set_per_map(self, on: bool) -> None:
        """Scale each map by its own largest value, or all by that of the layer."""
        self.per_map = on
        self._rescale()

    def enlarge(self, channel: int | None) -> None:
        """Show one map alone; None shows all."""
        if channel is None or channel in range(len(self._values)):
            self.large = channel
            self._lay_out()
            self.enlarged.emit()

    def rect_of(self, channel: int, y: int | None = None, x: int | None = None) -> QRectF:
        """Where a map, or one value of it, is drawn."""
        left, top = self._cells.origin(0 if self.large is not None else channel)
        width, height = self._cells.width, self._cells.height
        if y is None or x is None:
            return QRectF(left, top, width, height)
        rows, columns = self._values.shape[1:]
        across, down = width / columns, height / rows
        return QRectF(left + x * across, top + y * down, across, down)

    def _rescale(self) -> None:
        self._scale = scale_of(self._values, self.per_map)
        self._lay_out()

    def _lay_out(self) -> None:
        size = self._values.shape[1:]
        room = (float(self.width()), float(self.height()))
        count = len(self.shown_channels)
        self._cells = arrange(max(count, 1), size, room, self.devicePixelRatioF())
        self._forget_picture()

    def _forget_picture(self) -> None:
        self._picture = None
        self.update()

    # Painting

    @guarded(None)
    def paintEvent(self, event: QPaintEvent) -> None:
        if not len(self._values):
            return
        shown = self.shown_channels
        if self._picture is None:
            side = max(self._cells.width, self._cells.height) * self.devicePixelRatioF()
            part = slice(shown.start, shown.stop)
            scale = Scale(self._scale.limits[part], self._scale.signed)
            self._picture, self._step = atlas(self._values[part], scale, int(side))
        picture = self._picture
        painter = QPainter(self)
        height = picture.height() / len(shown)
        for index in range(len(shown)):
            source = QRectF(0, index * height, picture.width(), height)
            painter.drawImage(self.rect_of(shown[index]), picture, source)
        if self.large is not None:
            self._paint_numbers(painter, self.large)
        self._paint_place(painter)
        painter.end()

    def _paint_numbers(self, painter: QPainter, channel: int) -> None:
        rows, columns = self._values.shape[1:]
        limit = float(self._scale.limits[channel])
        # Two digits of the largest value; smaller ones lose theirs, as their colour does.
        digits = min(max(1 - math.floor(math.log10(limit)), 0), 4)
        painter.setFont(number_font(12))
        need = painter.fontMetrics().horizontalAdvance(f"{-limit:.{digits}f}") + NUMBER_MARGIN
        if self._cells.width / columns < need:
            return
        values = self._values[channel]
        rgb = self._scale.colors(values, limit)
        for y in range(rows):
            for x in range(columns):
                ground = QColor(*(int(part) for part in rgb[y, x])).name()
                inks = (LIGHT.text, DARK.text)
                painter.setPen(QColor(max(inks, key=lambda ink: contrast(ink, ground))))
                text = f"{values[y, x]:z.{digits}f}".replace("-", "−")
                painter.drawText(self.rect_of(channel, y, x), Qt.AlignmentFlag.AlignCenter, text)

    def _paint_place(self, painter: QPainter) -> None:
        place = self.place
        if place is None or place.channel not in self.shown_channels:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.large is None:
            painter.setPen(QPen(color("accent"), 2))
            painter.drawRect(self.rect_of(place.channel).adjusted(-1, -1, 1, 1))
        spot = self.rect_of(place.channel, place.y, place.x)
        if spot.width() >= 3:
            # Two outlines: one of them is seen on any colour.
            painter.setPen(QPen(color("surface"), 1))
            painter.drawRect(spot.adjusted(-1, -1, 0, 0))
            painter.setPen(QPen(color("text"), 1))
            painter.drawRect(spot.adjusted(-2, -2, 1, 1))

    # Mouse and keys

    def _point_at(self, channel: int, y: int, x: int) -> None:
        rows, columns = self._values.shape[1:]
        if channel in range(len(self._values)):
            y, x = min(max(y, 0), rows - 1), min(max(x, 0), columns - 1)
            self._set_place(Place(channel, y, x, float(self._values[channel, y, x])))

    def _set_place(self, place: Place | None) -> None:
        if place != self.place:
            self.place = place
            self.hovered.emit(place)
            self.update()

    def _at(self, point: QPointF) -> Place | None:
        index = self._cells.at(point.x(), point.y(), len(self.shown_channels))
        if index is None or not len(self._values):
            return None
        channel = self.shown_channels[index]
        place = self.rect_of(channel)
        rows, columns = self._values.shape[1:]
        y = min(int((point.y() - place.top()) / place.height() * rows), rows - 1)
        x = min(int((point.x() - place.left()) / place.width() * columns), columns - 1)
        return Place(channel, y, x, float(self._values[channel, y, x]))

    @guarded(None)
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._set_place(self._at(event.position()))

    @guarded(None)
    def leaveEvent(self, event: QEvent) -> None:
        self._set_place(None)

    @guarded(None)
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        place = self._at(event.position())
        if self.large is not None:
            self.enlarge(None)
        elif place is not None:
            self.enlarge(place.channel)

    @guarded(None)
    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = Qt.Key
        key = event.key()
        if key == keys.Key_Escape and self.large is not None:
            self.enlarge(None)
        elif key in (keys.Key_Return, keys.Key_Enter, keys.Key_Space):
            self._toggle()
        elif key in (keys.Key_Left, keys.Key_Right, keys.Key_Up, keys.Key_Down):
            step = {keys.Key_Left: (0, -1), keys.Key_Right: (0, 1)}.get(
                keys(key), (-1 if key == keys.Key_Up else 1, 0)
            )
            self._move(*step)
        else:
            super().keyPressEvent(event)

    def _toggle(self) -> None:
        if self.large is not None:
            self.enlarge(None)
        else:
            self.enlarge(self.place.channel if self.place is not None else 0)

    def _move(self, down: int, right: int) -> None:
        """To the next map, or to the next value of the large one."""
        place = self.place
        if place is None:
            self._point_at(self.large or 0, 0, 0)
        elif self.large is not None:
            self._point_at(place.channel, place.y + down, place.x + right)
        else:
            self._point_at(place.channel + down * self._cells.columns + right, place.y, place.x)

    @guarded(None)
    def resizeEvent(self, event: QResizeEvent) -> None:
        self._lay_out()


class ScaleBar(QWidget):
    """The colours of a scale with the numbers at its ends ("max" where each map has its own)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(2 * GRID)
        self.setMinimumWidth(12 * GRID)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._ends = ("", "")
        self._scale = Scale(np.ones(1), False)
        appearance.changed.connect(self.update)

    @property
    def ends(self) -> tuple[str, str]:
        """What is written at its ends."""
        return self._ends

    def show_scale(self, scale: Scale, limit: float | None) -> None:
        """limit: the value at the end; None when every map has its own."""
        high = self.tr("max") if limit is None else number_text(limit)
        self._ends, self._scale = ("−" + high if scale.signed else "0", high), scale
        self.update()

    @guarded(None)
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(number_font(12))
        painter.setPen(color("muted"))
        metrics = painter.fontMetrics()
        low, high = (metrics.horizontalAdvance(text) for text in self._ends)
        gap = GRID * 3 // 4
        bar = QRectF(self.rect()).adjusted(low + gap, 4, -(high + gap), -4)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), middle | Qt.AlignmentFlag.AlignLeft, self._ends[0])
        painter.drawText(self.rect(), middle | Qt.AlignmentFlag.AlignRight, self._ends[1])
        table = self._scale.table()
        row = QImage(table.tobytes(), 256, 1, 768, QImage.Format.Format_RGB888)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, row, QRectF(0, 0, 256, 1))
        painter.end()
