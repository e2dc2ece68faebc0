"""A plot with its heading and legend above it, where they cover no curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from gui.guard import guarded
from gui.plotting.plots import Plot, Style, ink_of
from gui.theme import CORNER, GRID, appearance, color, number_font, ui_font

ROW = 5 * GRID // 2  #: px, height of a legend row
_SWATCH = 3 * GRID // 2
_GAP = GRID + GRID // 4
_LEAST = 7 * GRID  #: px; a narrower legend stays empty
_COUNT = 3 * GRID  #: px for "+7" in the last row


@dataclass(frozen=True)
class Entry:
    """A curve in the legend. `widest`: the longest value to leave room for."""

    key: str
    label: str
    style: Style
    value: str = ""
    widest: str = "0.0000"


class Legend(QWidget):
    """A heading and entries in as many rows as they need. `clicked` carries the key of an entry."""

    clicked = Signal(str)

    def __init__(self, heading: str = "", clickable: bool = False) -> None:
        super().__init__()
        self._heading = heading
        self._entries: tuple[Entry, ...] = ()
        self._strong = ""
        self._most_rows = 4
        self._clickable = clickable
        self._places: list[QRectF] = []
        self._laid_out: object = None
        self._rows = 1
        self._left_out = 0
        self._label_font = ui_font(12)
        self._heading_font = ui_font(12, QFont.Weight.Medium)
        self._value_font = number_font(12)
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMouseTracking(clickable)
        appearance.changed.connect(self.update)

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self._entries

    def set_heading(self, heading: str) -> None:
        if heading != self._heading:
            self._heading = heading
            self._laid_out = None
            self.updateGeometry()
            self.update()

    def set_entries(self, entries: Sequence[Entry], strong: str = "") -> None:
        """`strong`: the key of the entry to highlight."""
        entries = tuple(entries)
        if entries == self._entries and strong == self._strong:
            return
        rows = self._lay_out(self.width())
        self._entries, self._strong = entries, strong
        if self._lay_out(self.width()) != rows:
            self.updateGeometry()
        self.update()

    def set_most_rows(self, rows: int) -> None:
        """What does not fit into so many rows is counted at their end."""
        if rows != self._most_rows:
            self._most_rows = rows
            self.updateGeometry()
            self.update()

    def place_of(self, key: str) -> QRectF:
        """Where an entry is drawn."""
        self._lay_out(self.width())
        return next(place for place, entry in self._placed() if entry.key == key)

    def hasHeightForWidth(self) -> bool:
        return True

    @guarded(ROW)
    def heightForWidth(self, width: int) -> int:
        return self._lay_out(width) * ROW

    @guarded(QSize(GRID, ROW))
    def sizeHint(self) -> QSize:
        return QSize(20 * GRID, self._lay_out(max(self.width(), 20 * GRID)) * ROW)

    def minimumSizeHint(self) -> QSize:
        return QSize(GRID, ROW)

    def _lay_out(self, width: int) -> int:
        """Give every entry its place; the number of rows. Values do not move anything."""
        key = (width, self._most_rows, tuple((e.label, e.widest) for e in self._entries))
        if key != self._laid_out:
            self._laid_out = key
            self._rows = self._place_entries(width)
        return self._rows

    def _place_entries(self, width: int) -> int:
        labels = QFontMetrics(self._label_font)
        numbers = QFontMetrics(self._value_font)
        left = 0.0
        if self._heading:
            left = QFontMetrics(self._heading_font).horizontalAdvance(self._heading) + _GAP
        x, row = left, 0
        self._places = []
        for entry in self._entries:
            value = numbers.horizontalAdvance(entry.widest) + GRID // 2 if entry.widest else 0
            need = _SWATCH + GRID // 2 + labels.horizontalAdvance(entry.label) + GRID // 2 + value
            if x > 0 and x + need > width and self._places:
                x, row = 0.0, row + 1
            if row >= self._most_rows:
                break
            self._places.append(QRectF(x, row * ROW, min(need, max(width - x, 1)), ROW))
            x += need + _GAP
        if len(self._places) < len(self._entries):
            # A number cut short would be another number: the count of the rest gets its own room.
            while len(self._places) > 1 and self._places[-1].right() > width - _COUNT:
                self._places.pop()
        self._left_out = len(self._entries) - len(self._places)
        if width < _LEAST:
            self._places, self._left_out, row = [], 0, 0
        return min(row, self._most_rows - 1) + 1

    def _placed(self) -> list[tuple[QRectF, Entry]]:
        return list(zip(self._places, self._entries, strict=False))

    @guarded(None)
    def paintEvent(self, event: QPaintEvent) -> None:
        self._lay_out(self.width())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._heading:
            painter.setFont(self._heading_font)
            painter.setPen(color("text"))
            painter.drawText(QRectF(0, 0, self.width(), ROW), _MIDDLE, self._heading)
        for place, entry in self._placed():
            self._paint_entry(painter, place, entry)
        if self._left_out:
            painter.setFont(self._label_font)
            painter.setPen(color("muted"))
            ground = QRectF(self.width() - _COUNT, (self._most_rows - 1) * ROW, _COUNT, ROW)
            painter.drawText(ground, _MIDDLE | Qt.AlignmentFlag.AlignRight, f"+{self._left_out}")
        painter.end()

    def _paint_entry(self, painter: QPainter, place: QRectF, entry: Entry) -> None:
        strong = bool(self._strong) and entry.key == self._strong
        if strong:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color("selection"))
            painter.drawRoundedRect(place.adjusted(-4, 1, 0, -1), CORNER, CORNER)
        middle = place.center().y()
        ink = ink_of(entry.style)
        painter.setPen(QPen(ink, max(entry.style.width, 1.5)))
        painter.drawLine(QPointF(place.left(), middle), QPointF(place.left() + _SWATCH - 2, middle))
        if entry.style.dots:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            painter.drawEllipse(QPointF(place.left() + _SWATCH / 2 - 1, middle), 3, 3)
        rest = place.adjusted(_SWATCH + GRID // 2, 0, 0, 0)
        painter.setFont(self._label_font)
        painter.setPen(color("text" if strong else "muted"))
        metrics = painter.fontMetrics()
        room = rest.width()
        if entry.value:
            room -= QFontMetrics(self._value_font).horizontalAdvance(entry.widest) + GRID // 2
        label = metrics.elidedText(entry.label, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(rest, _MIDDLE, label)
        if entry.value:
            painter.setFont(self._value_font)
            painter.setPen(color("text"))
            rest.setLeft(rest.left() + metrics.horizontalAdvance(label) + GRID // 2)
            painter.drawText(rest, _MIDDLE, entry.value)

    @guarded(None)
    def mousePressEvent(self, event: QMouseEvent) -> None:
        key = self._key_at(event.position())
        if self._clickable and key:
            self.clicked.emit(key)

    @guarded(None)
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        hand = self._clickable and bool(self._key_at(event.position()))
        shape = Qt.CursorShape.PointingHandCursor if hand else Qt.CursorShape.ArrowCursor
        self.setCursor(shape)

    def _key_at(self, point: QPointF) -> str:
        return next((entry.key for place, entry in self._placed() if place.contains(point)), "")


_MIDDLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class Chart(QWidget):
    """`legend` above `plot`. front: before the legend, in its row."""

    def __init__(self, legend: Legend, plot: Plot, front: QWidget | None = None) -> None:
        super().__init__()
        self.legend = legend
        self.plot = plot
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 4)
        if front is None:
            column.addWidget(legend)
        else:
            row = QHBoxLayout()
            row.setSpacing(GRID)
            row.addWidget(front, 0, Qt.AlignmentFlag.AlignTop)
            row.addWidget(legend, 1)
            column.addLayout(row)
        column.addWidget(plot, 1)
