"""What the colours and widths on the canvas mean, in its lower left corner. A click folds it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, QSizeF, Qt, Signal, Slot
from PySide6.QtGui import QBrush, QFont, QFontMetricsF, QLinearGradient, QPainter, QPen, QPolygonF

from gui.canvas.health import THICKEST, THINNEST
from gui.canvas.lens import Lens
from gui.canvas.overlays.legend_rows import Bar, Row, Stroke, Swatch, Wedge, Words
from gui.canvas.overlays.minimap import Minimap
from gui.canvas.overlays.overlay import MARGIN, Overlay
from gui.canvas.paper import PaperView
from gui.theme import CORNER, GRID, LEGEND_WIDTH, color, number_font, ui_font

_TITLE_HEIGHT = 3 * GRID
_LINE_HEIGHT = 2 * GRID + 2
_SCALE_HEIGHT = 4 * GRID
#: What a scale of links takes below its colours.
_LINK_HEIGHT = GRID
_BAR_HEIGHT = GRID
_INSIDE = LEGEND_WIDTH - 2 * GRID
_SAMPLE = 10.0  #: px a side of a swatch
_STROKE_LENGTH = 18.0


class Legend(Overlay):
    #: It was unfolded or folded, by a click.
    folded = Signal(bool)

    def __init__(self, view: PaperView, lens: Lens, minimap: Minimap) -> None:
        super().__init__(view)
        self._lens = lens
        self._minimap = minimap
        self._open = True
        self._title = ""
        self._rows: tuple[Row, ...] = ()
        #: What stands beside each other on a line, and the height of the line.
        self._lines: list[tuple[tuple[Row, ...], int]] = []
        self._height = _TITLE_HEIGHT
        lens.changed.connect(self._follow)
        lens.chosen.connect(self._follow)
        self._follow()

    # What it says

    @property
    def texts(self) -> tuple[str, ...]:
        """All that it says, for a test to read."""
        found = [self._title]
        for row in self._rows:
            found += row.marks if isinstance(row, Bar | Wedge) else [row.text]
        return tuple(text for text in found if text)

    @property
    def is_open(self) -> bool:
        return self._open

    def set_open(self, is_open: bool) -> None:
        if is_open != self._open:
            self._open = is_open
            self.redraw()
            self.folded.emit(not is_open)

    @Slot()
    def _follow(self) -> None:
        said = (self._lens.title(), self._lens.legend())
        if said != (self._title, self._rows):
            self._title, self._rows = said
            self._lines = _in_lines(self._rows)
            self._height = _TITLE_HEIGHT + sum(height for _, height in self._lines) + GRID
            self.redraw()

    # Where it lies

    @property
    def rect(self) -> QRect:
        """Folded where there is no room for all of it; never over the minimap."""
        viewport = self.view.viewport().rect()
        if not self._rows or viewport.width() < LEGEND_WIDTH + 2 * MARGIN:
            return QRect()
        for height in (self._height, _TITLE_HEIGHT) if self._open else (_TITLE_HEIGHT,):
            rect = QRect(0, 0, LEGEND_WIDTH, height)
            rect.moveBottomLeft(viewport.bottomLeft() + QPoint(MARGIN, -MARGIN))
            apart = rect.adjusted(0, 0, GRID, 0)
            if 2 * height < viewport.height() and not apart.intersects(self._minimap.rect):
                return rect
        return QRect()

    # Drawing

    def paint(self, painter: QPainter, size: QSize) -> None:
        box = QRectF(QPointF(0, 0), size).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(color("muted" if self.hovered else "line"), 1))
        painter.setBrush(color("surface"))
        painter.drawRoundedRect(box, CORNER, CORNER)
        open_here = size.height() > _TITLE_HEIGHT
        self._draw_title(painter, open_here)
        if not open_here:
            return
        top = float(_TITLE_HEIGHT)
        for rows, height in self._lines:
            for column, row in enumerate(rows):
                _draw_row(painter, row, QPointF(GRID + column * _INSIDE / 2, top))
            top += height

    def _draw_title(self, painter: QPainter, open_here: bool) -> None:
        painter.setPen(color("text"))
        painter.setFont(ui_font(12, QFont.Weight.DemiBold))
        line = QRectF(GRID, 0, _INSIDE, _TITLE_HEIGHT)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, self._title)
        painter.setPen(QPen(color("muted"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        bend = 2 if open_here else -2  # points to where it goes
        right, middle = line.right(), line.center().y()
        tip = [(-GRID, -bend), (-GRID / 2, bend), (0, -bend)]
        painter.drawPolyline(QPolygonF([QPointF(right + x, middle + y) for x, y in tip]))

    # The mouse

    def click(self, place: QPoint) -> None:
        if self.rect.top() + _TITLE_HEIGHT > place.y():
            self.set_open(not self._open)

    def help_text(self) -> str:
        if self._open:
            return self.tr("What the colours mean. Click its title to fold it.")
        return self.tr("What the colours mean. Click to unfold it.")


def _in_lines(rows: tuple[Row, ...]) -> list[tuple[tuple[Row, ...], int]]:
    """Rows below each other; swatches with short words go in pairs."""
    lines: list[tuple[tuple[Row, ...], int]] = []
    alone: Swatch | None = None
    for row in rows:
        if isinstance(row, Swatch) and alone is not None and _is_short(row) and _is_short(alone):
            lines[-1] = ((alone, row), _LINE_HEIGHT)
            alone = None
            continue
        alone = row if isinstance(row, Swatch) else None
        lines.append(((row,), _height_of(row)))
    return lines


def _is_short(row: Swatch) -> bool:
    room = _INSIDE / 2 - _SAMPLE - GRID - GRID / 2
    return QFontMetricsF(ui_font(12)).horizontalAdvance(row.text) <= room


def _height_of(row: Row) -> int:
    if isinstance(row, Bar | Wedge):
        return _SCALE_HEIGHT + (_LINK_HEIGHT if isinstance(row, Bar) and row.links else 0)
    return _LINE_HEIGHT


def _draw_row(painter: QPainter, row: Row, corner: QPointF) -> None:
    line = QRectF(corner, QSize(_INSIDE, _LINE_HEIGHT))
    match row:
        case Words():
            _write(painter, line, row.text)
        case Swatch():
            painter.setPen(QPen(color("line"), 1))
            painter.setBrush(color(row.token))
            side = QRectF(corner.x() + 0.5, line.center().y() - _SAMPLE / 2, _SAMPLE, _SAMPLE)
            painter.drawRoundedRect(side, 2, 2)
            _write(painter, line.adjusted(_SAMPLE + GRID, 0, 0, 0), row.text)
        case Stroke():
            painter.setPen(QPen(color(row.token), 3, c=Qt.PenCapStyle.FlatCap))
            start = QPointF(corner.x(), line.center().y())
            painter.drawLine(start, start + QPointF(_STROKE_LENGTH, 0))
            _write(painter, line.adjusted(_STROKE_LENGTH + GRID, 0, 0, 0), row.text)
        case Bar():
            _draw_bar(painter, row, corner)
        case Wedge():
            _draw_wedge(painter, corner + QPointF(0, GRID), QBrush(color("muted")))
            _write_marks(painter, corner + QPointF(0, 2 * GRID), row.marks)


def _draw_bar(painter: QPainter, row: Bar, corner: QPointF) -> None:
    bar = QRectF(corner + QPointF(0, GRID / 2), QSizeF(_INSIDE, _BAR_HEIGHT))
    shades = QLinearGradient(bar.topLeft(), bar.topRight())
    for place, token in enumerate(row.tokens):
        shades.setColorAt(place / max(len(row.tokens) - 1, 1), color(token))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(shades)
    painter.drawRoundedRect(bar, 2, 2)
    if row.links:
        _draw_wedge(painter, QPointF(corner.x(), bar.bottom() + GRID - 1), QBrush(shades))
    if row.guide:
        painter.setPen(QPen(color("text"), 1))
        middle = round(bar.center().x()) + 0.5
        painter.drawLine(QPointF(middle, bar.top() - 2), QPointF(middle, bar.bottom() + 2))
    below = bar.bottom() + (_LINK_HEIGHT if row.links else 0) + GRID / 2
    _write_marks(painter, QPointF(corner.x(), below), row.marks)


def _draw_wedge(painter: QPainter, start: QPointF, ink: QBrush) -> None:
    """Links from the thinnest to the widest, around a line to the right of `start`."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    ends = (THINNEST / 2, THICKEST / 2)
    outline = [(0.0, -ends[0]), (_INSIDE, -ends[1]), (_INSIDE, ends[1]), (0.0, ends[0])]
    painter.drawPolygon(QPolygonF([start + QPointF(x, y) for x, y in outline]))


def _write(painter: QPainter, line: QRectF, text: str) -> None:
    painter.setPen(color("muted"))
    painter.setFont(ui_font(12))
    painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, text)


def _write_marks(painter: QPainter, corner: QPointF, marks: tuple[str, str, str]) -> None:
    """Below a scale: at its low end, in the middle where there is room, and at its high end."""
    line = QRectF(corner, QSizeF(_INSIDE, 2 * GRID))
    painter.setPen(color("muted"))
    painter.setFont(number_font(11))
    places = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
    low, middle, high = map(QFontMetricsF(number_font(11)).horizontalAdvance, marks)
    if middle / 2 + max(low, high) + GRID > _INSIDE / 2:
        marks = (marks[0], "", marks[2])
    for text, place in zip(marks, places, strict=True):
        painter.drawText(line, place | Qt.AlignmentFlag.AlignVCenter, text)
