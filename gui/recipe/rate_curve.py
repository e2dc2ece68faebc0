"""The learning rate over the whole run, drawn small."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.recipe.recipe import Recipe
from engine.recipe.schedules import curve, rate
from gui.guard import guarded
from gui.inspector.fields import value_text
from gui.theme import GRID, appearance, color, number_font

HEIGHT = 12 * GRID  #: px
#: Where nothing says how long the run is, its shape is shown over so many updates.
_UNKNOWN_LENGTH = 1000
_POINTS = 240


class RateCurve(QWidget):
    """Draws the rate at each update; a dot where the run is."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setObjectName("rate-curve")
        self.setAccessibleName(self.tr("Learning rate over the run"))
        #: Updates from 0 on, and the rate of each.
        self.points: list[tuple[int, float]] = []
        self._recipe = Recipe()
        self._updates = 0
        self._known = False
        self.update_now: int | None = None
        appearance.changed.connect(self.update)

    def show_recipe(self, recipe: Recipe, updates: int | None) -> None:
        """updates: of the whole run, or None when that is not known."""
        self._known = updates is not None
        self._updates = updates or max(_UNKNOWN_LENGTH, 4 * recipe.warmup_steps)
        self._recipe = recipe
        self.points = list(zip(*curve(recipe, self._updates, _POINTS), strict=True))
        first, last = self.points[0][1], self.points[-1][1]
        text = self.tr("From {0} to {1}, at most {2}")
        self.setAccessibleDescription(text.format(*map(_number, (first, last, self._top))))
        self.update()

    def show_update(self, update: int | None) -> None:
        """How many updates the run has made; None when there is no run."""
        if update != self.update_now:
            self.update_now = update
            self.update()

    @property
    def _top(self) -> float:
        return max(rate for _, rate in self.points) if self.points else 0.0

    @guarded(QSize(GRID, HEIGHT))
    def sizeHint(self) -> QSize:
        return QSize(20 * GRID, HEIGHT)

    # Drawing

    def _area(self) -> QRectF:
        """Of the curve, without its numbers."""
        width = QFontMetrics(number_font()).horizontalAdvance(_number(self._top))
        left = max(width, 3 * GRID) + GRID
        return self.rect().toRectF().adjusted(left, GRID, -GRID, -5 * GRID / 2)

    def _place(self, area: QRectF, update: float, value: float) -> QPointF:
        across = update / max(self._updates - 1, 1)
        up = value / self._top if self._top else 0.0
        return QPointF(area.left() + across * area.width(), area.bottom() - up * area.height())

    @guarded(None)
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.points:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._area()
        self._draw_axes(painter, area)
        line = QPolygonF([self._place(area, update, value) for update, value in self.points])
        below = QPainterPath()
        below.addPolygon(line)
        below.lineTo(area.bottomRight())
        below.lineTo(area.bottomLeft())
        painter.fillPath(below, color("accent", 0.12))
        painter.setPen(QPen(color("accent"), 1.5))
        painter.drawPolyline(line)
        if self.update_now is not None:
            self._draw_dot(painter, area, min(max(self.update_now - 1, 0), self._updates - 1))
        painter.end()

    def _draw_axes(self, painter: QPainter, area: QRectF) -> None:
        painter.setPen(QPen(color("grid"), 1))
        for y in (area.top(), area.center().y()):
            painter.drawLine(QPointF(area.left(), _sharp(y)), QPointF(area.right(), _sharp(y)))
        painter.setPen(QPen(color("line"), 1))
        base = _sharp(area.bottom())
        painter.drawLine(QPointF(area.left(), base), QPointF(area.right(), base))
        painter.setPen(color("muted"))
        painter.setFont(number_font())
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for y, text in ((area.top(), _number(self._top)), (area.bottom(), "0")):
            painter.drawText(QRectF(0, y - GRID, area.left() - GRID / 2, 2 * GRID), right, text)
        under = QRectF(area.left(), area.bottom() + GRID / 2, area.width(), 2 * GRID)
        if self._known:
            end = self.tr("{0} updates").format(format(self._updates, ","))
        else:
            end = self.tr("end of the run")
        painter.drawText(under, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "1")
        painter.drawText(under, right, end)

    def _draw_dot(self, painter: QPainter, area: QRectF, update: int) -> None:
        place = self._place(area, update, rate(self._recipe, update, self._updates))
        painter.setPen(QPen(color("line"), 1))
        painter.drawLine(QPointF(place.x(), area.top()), QPointF(place.x(), area.bottom()))
        painter.setPen(QPen(color("surface"), 1.5))
        painter.setBrush(color("accent"))
        painter.drawEllipse(place, 4, 4)

    @guarded(None)
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """What the rate is under the mouse."""
        area = self._area()
        across = (event.position().x() - area.left()) / max(area.width(), 1.0)
        if not self.points or not 0 <= across <= 1:
            QToolTip.hideText()
            return
        update = round(across * (self._updates - 1))
        value = _number(rate(self._recipe, update, self._updates))
        text = self.tr("{0} at update {1}").format(value, format(update + 1, ","))
        if not self._known:
            text = self.tr("{0} after {1} % of the run").format(value, round(100 * across))
        QToolTip.showText(event.globalPosition().toPoint() + QPoint(0, GRID), text, self)


def _number(value: float) -> str:
    """Three digits, as people write it."""
    return value_text(float(f"{value:.3g}"))


def _sharp(y: float) -> float:
    """The middle of a row of pixels, where a line of one pixel is sharp."""
    return round(y - 0.5) + 0.5
