"""Plots as all panels draw them: quiet axes, curves decimated to pixels, own colours and ranges."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.guard import guarded
from gui.plotting.curves import decimate
from gui.theme import GRID, appearance, color, number_font, ui_font

LEFT_AXIS = 6 * GRID  #: px; fixed, so that plots above each other share their left edge
BOTTOM_AXIS = 5 * GRID  #: px, numbers and title
LEAST_TICKED = 8 * GRID  #: px; a shorter axis has coarser ticks
#: Below this a value has no place on a logarithmic axis.
SMALLEST = 1e-30
_NO_TICKS: list[str] = []
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def mixed(first: QColor, second: QColor, share: float) -> QColor:
    """`share` of the first colour on the second, opaque: transparent lines draw several times
    slower, and darker where they cross."""
    rest = 1 - share
    return QColor.fromRgbF(
        first.redF() * share + second.redF() * rest,
        first.greenF() * share + second.greenF() * rest,
        first.blueF() * share + second.blueF() * rest,
    )


def number_text(value: float) -> str:
    """Three significant digits, for read-outs."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("∞" if value > 0 else "−∞")
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:#.3g}".rstrip(".")
    return text.replace("-", "−")


class NumberAxis(pg.AxisItem):
    """Ticks such as 20k and, on a logarithmic axis, 10⁻³."""

    @guarded([(1.0, 0.0)])
    def tickSpacing(self, low: float, high: float, size: float) -> list[tuple[float, float]]:
        levels: list[tuple[float, float]] = super().tickSpacing(low, high, size)
        if size >= LEAST_TICKED or self.logMode or not levels:
            return levels
        # Only the next coarser of 1, 2, 5 · 10ⁿ: there is room for two or three labels.
        spacing, offset = levels[0]
        two = math.isclose(spacing, 2 * 10.0 ** math.floor(math.log10(spacing)))
        return [(spacing * (2.5 if two else 2), offset)]

    @guarded(_NO_TICKS)
    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return [self._power(value) for value in values]
        digits = max(0, -math.floor(math.log10(spacing))) if spacing > 0 else 0
        if digits > 3:
            return [self._short(value * scale, spacing) for value in values]
        return [self._plain(value * scale, digits) for value in values]

    def _power(self, exponent: float) -> str:
        whole = math.floor(exponent + 1e-6)
        digit = round(10 ** (exponent - whole))
        low, high = self.range
        # Between the powers of ten only where hardly any of them is in sight.
        if digit != 1 and (digit not in (2, 5) or abs(high - low) > 1.5):
            return ""
        if -2 <= whole <= 3:
            return f"{digit * 10.0**whole:g}"
        power = "10" + str(whole).translate(_SUPERSCRIPT)
        return power if digit == 1 else f"{digit}·{power}"

    @staticmethod
    def _short(value: float, spacing: float) -> str:
        """Such as 2e−4: with all its zeros it would not fit beside the axis."""
        if abs(value) < spacing / 2:
            return "0"
        digits, power = f"{value:.2e}".split("e")
        if len(str(round(abs(value) / spacing))) > 3:
            return f"{value:.4g}".replace("-", "−")
        return f"{float(digits):g}e{int(power)}".replace("-", "−")

    @staticmethod
    def _plain(value: float, digits: int) -> str:
        if digits == 0 and value and value % 1000 == 0:
            return f"{value / 1000:,.10g}k".replace("-", "−")
        if 0 < abs(value) < 1e-3:
            return f"{value:.2g}".replace("-", "−")
        return f"{value:.{digits}f}".replace("-", "−")


@dataclass(frozen=True)
class Style:
    """How a curve looks: its #RRGGBB, how much of that is left on the ground, its width in px."""

    ink: str
    share: float = 1.0
    width: float = 1.0
    dots: bool = False
    fill: bool = False


class Curve:
    """One line of a plot. `points` holds all values; what is drawn is decimated to the pixels."""

    def __init__(self, plot: Plot, style: Style) -> None:
        self._plot = plot
        self.style = style
        self.x: NDArray[Any] = np.empty(0)
        self.y: NDArray[Any] = np.empty(0)
        self._stepped = False
        self._line = pg.PlotCurveItem(skipFiniteCheck=True)
        self._dots = pg.ScatterPlotItem(size=6, pen=None, pxMode=True) if style.dots else None
        for item in (self._line, self._dots):
            if item is not None:
                plot.addItem(item, ignoreBounds=True)
        self.restyle()

    def set_points(self, x: NDArray[Any], y: NDArray[Any]) -> None:
        """x ascending, y, both (n,). They are shown at the next `Plot.redraw`."""
        self.x, self.y = x, y
        self._stepped = False

    def set_bars(self, edges: NDArray[Any], heights: NDArray[Any]) -> None:
        """Bars as one filled outline: edges (n + 1,), heights (n,)."""
        self.x, self.y = edges, heights
        self._stepped = True

    def set_style(self, style: Style) -> None:
        if style != self.style:
            self.style = style
            self.restyle()

    def restyle(self) -> None:
        ink = ink_of(self.style)
        # A cosmetic width counts device pixels; hairlines stay hairlines.
        ratio = self._plot.devicePixelRatioF() if self.style.width > 1 else 1.0
        pen = QPen(ink, self.style.width * ratio)
        pen.setCosmetic(True)
        self._line.setPen(pen)
        self._line.setZValue(self.style.width + self.style.share)
        if self.style.fill:
            self._line.setBrush(mixed(ink, color("surface"), 0.5))
        if self._dots is not None:
            self._dots.setBrush(ink)
            self._dots.setZValue(10)

    def shown(self, low: float, high: float, pixels: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """What is to be drawn between x = low and high, at most 2 * `pixels` points and the last."""
        first = max(int(np.searchsorted(self.x, low)) - 1, 0)
        last = int(np.searchsorted(self.x, high, side="right")) + 1
        x, y = self.x[first:last], self.y[first:last]
        index, kept = decimate(y, pixels)
        # A level end has its extremes elsewhere, but the line goes on.
        if len(index) and index[-1] != len(y) - 1 and math.isfinite(y[-1]):
            index, kept = np.append(index, len(y) - 1), np.append(kept, y[-1])
        return x[index], kept

    def draw(self, low: float, high: float, pixels: int, logarithmic: bool) -> None:
        if self._stepped:
            self._line.setData(self.x, self.y, stepMode="center", fillLevel=0.0)
            return
        # A wide line over every extreme would only smear them, and is dear: a point every 2 px.
        x, y = self.shown(low, high, pixels if self.style.width <= 1 else pixels // 4)
        if logarithmic:
            y = np.log10(np.maximum(y, SMALLEST))
        self._line.setData(x, y)
        # Dots are few and rarely new, but dear to set.
        if self._dots is not None and not _same(self._dots.getData(), (x, y)):
            self._dots.setData(x, y)

    def remove(self) -> None:
        for item in (self._line, self._dots):
            if item is not None:
                self._plot.removeItem(item)


class Plot(pg.PlotWidget):
    """A plot that keeps everything in sight until the user zooms, and again after a double click.

    `hovered` carries the x under the mouse, `left` comes when it goes away."""

    hovered = Signal(float)
    left = Signal()
    #: Zoomed, panned or reset by hand: draw again.
    range_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        axes = {side: NumberAxis(side) for side in ("left", "bottom")}
        super().__init__(parent, axisItems=axes)
        self.curves: list[Curve] = []
        self.automatic = True
        self.logarithmic = False
        #: What `refresh` drew last.
        self._state: object = None
        self._newest = 0.0
        self.setMenuEnabled(False)
        self.hideButtons()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(12 * GRID, 7 * GRID)
        self.setFrameShape(self.Shape.NoFrame)
        self.getAxis("left").setWidth(LEFT_AXIS)
        # Room for the halves of the outermost tick labels.
        self.getPlotItem().layout.setContentsMargins(0, GRID * 3 // 4, GRID, 0)
        for axis in axes.values():
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=0, tickTextOffset=6)
        self.getAxis("bottom").setHeight(BOTTOM_AXIS)
        self._box = self.getViewBox()
        self._box.disableAutoRange()
        self._box.setDefaultPadding(0)
        self._verticals: NDArray[Any] = np.empty(0)
        self._vertical_lines = pg.PlotCurveItem(connect="pairs", skipFiniteCheck=True)
        self._guide: pg.InfiniteLine | None = None
        self.addItem(self._vertical_lines, ignoreBounds=True)
        self._cursor = pg.InfiniteLine(angle=90, movable=False)
        self._cursor.setZValue(20)
        self._cursor.hide()
        self.addItem(self._cursor, ignoreBounds=True)
        self.scene().sigMouseMoved.connect(self._mouse_moved)
        self.scene().sigMouseClicked.connect(self._clicked)
        self._box.sigResized.connect(self._resized)
        self._box.sigRangeChangedManually.connect(self._zoomed)
        appearance.changed.connect(self._themed)
        apply_theme(self)

    def add_curve(self, style: Style) -> Curve:
        curve = Curve(self, style)
        self.curves.append(curve)
        return curve

    def remove_curve(self, curve: Curve) -> None:
        self.curves.remove(curve)
        curve.remove()

    def set_logarithmic(self, on: bool) -> None:
        self.logarithmic = on
        self.automatic = True
        self.getAxis("left").setLogMode(on)

    def set_window(self, low: float, high: float, bottom: float, top: float) -> None:
        """The range to show, in axis values; ignored while the user's own zoom is in force."""
        if self.automatic and high > low and top > bottom:
            self._box.setRange(
                xRange=(low, high), yRange=(bottom, top), padding=0, disableAutoRange=False
            )

    def refresh(self, newest: float, key: object = None) -> None:
        """`redraw`, unless it would look the same: no part of a pixel's width of new values since
        the last time, up to x = `newest`, and the same `key` (whatever else the picture shows)."""
        (low, high), heights = self._box.viewRange()
        pixels = max(self._box.width() * self.devicePixelRatioF(), 16)
        state = (low, high, *heights, self._box.height(), pixels, self.logarithmic, key)
        if state == self._state and 0 <= newest - self._newest < (high - low) / pixels:
            return
        self.redraw()
        self._state, self._newest = state, newest

    def redraw(self) -> None:
        """Draw all curves for the present range and width."""
        self._state = None
        (low, high), (bottom, top) = self._box.viewRange()
        pixels = max(int(self._box.width() * self.devicePixelRatioF()), 16)
        for curve in self.curves:
            curve.draw(low, high, pixels, self.logarithmic)
        lines = np.repeat(self._verticals, 2), np.tile([bottom, top], len(self._verticals))
        if not _same(self._vertical_lines.getData(), lines):
            self._vertical_lines.setData(*lines)
        # Otherwise pyqtgraph does this while it paints, which makes it paint a second time.
        self.scene().prepareForPaint()

    def set_verticals(self, places: NDArray[Any]) -> None:
        """Faint vertical lines at these x, (n,), shown at the next `redraw`."""
        self._verticals = places

    def set_guide(self, y: float) -> None:
        """A dashed horizontal line above the curves; `y` as on the axis."""
        self._guide = pg.InfiniteLine(y, angle=0)
        self._guide.setZValue(15)
        self.addItem(self._guide, ignoreBounds=True)
        self.paint_lines()

    def show_bottom(self, values: bool, title: bool = True) -> None:
        """With or without numbers below, and the title below these."""
        axis = self.getAxis("bottom")
        axis.setStyle(showValues=values)
        axis.showLabel(values and title)
        height = BOTTOM_AXIS if title else BOTTOM_AXIS // 2
        axis.setHeight(height if values else GRID // 2)

    def show_cursor(self, x: float | None) -> None:
        self._cursor.setVisible(x is not None)
        if x is not None:
            self._cursor.setValue(x)

    def paint_lines(self) -> None:
        """Give the lines that are no curves the colours of the theme in use."""
        self._cursor.setPen(QPen(color("muted"), 0))
        self._vertical_lines.setPen(QPen(mixed(color("line"), color("surface"), 0.6), 0))
        if self._guide is not None:
            self._guide.setPen(QPen(color("text"), 0, Qt.PenStyle.DashLine))

    @guarded(None)
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.left.emit()

    def _mouse_moved(self, place: QPointF) -> None:
        if self._box.sceneBoundingRect().contains(place):
            self.hovered.emit(self._box.mapSceneToView(place).x())
        else:
            self.left.emit()

    def _clicked(self, event: Any) -> None:
        if event.double():
            self.automatic = True
            self.range_changed.emit()

    def _zoomed(self, _: object) -> None:
        self.automatic = False
        self.range_changed.emit()

    def _resized(self, _: object) -> None:
        self.redraw()

    def _themed(self) -> None:
        if self.plotItem is not None:  # pyqtgraph takes a closed plot apart
            apply_theme(self)
            self.redraw()


def make_plot(title_x: str, title_y: str, units: str = "") -> Plot:
    """A themed plot. `title_y` is for screen readers: on screen the legend above says it."""
    plot = Plot()
    plot.setAccessibleName("{0} ({1})".format(title_y, units) if units else title_y)
    if title_x:
        plot.getAxis("bottom").setLabel(title_x)
    else:
        plot.getAxis("bottom").showLabel(False)
    apply_theme(plot)
    return plot


def apply_theme(plot: Plot) -> None:
    """Give an existing plot the colours of the theme in use (pyqtgraph's own option reaches only
    plots made later)."""
    plot.setBackground(color("surface"))
    for side in ("left", "bottom"):
        axis = plot.getAxis(side)
        axis.setPen(color("line"))
        axis.setTextPen(color("muted"))
        axis.setTickFont(number_font(12))
        axis.label.setFont(ui_font(12))
        axis.label.setDefaultTextColor(color("muted"))
        axis.setGrid(False)
    plot.paint_lines()
    for curve in plot.curves:
        curve.restyle()


def padded(low: float, high: float, logarithmic: bool) -> tuple[float, float]:
    """A range on the axis with a little air; logarithms when the axis is one."""
    if logarithmic:
        low, high = math.log10(max(low, SMALLEST)), math.log10(max(high, SMALLEST))
    reach = (high - low) or max(abs(high), 1.0) * 0.1
    return low - 0.04 * reach, high + 0.06 * reach


def reach_of(count: float) -> float:
    """Where an axis of steps ends: a little ahead of the data, so that it stays as it is (and need
    not be drawn again) while the next few hundred steps arrive."""
    unit = max(10.0 ** math.floor(math.log10(max(count, 10.0))) / 20, 1.0)
    return max(math.ceil(count / unit) * unit, 10.0)


def _same(first: Any, second: Any) -> bool:
    return all(a is not None and np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def ink_of(style: Style) -> QColor:
    """The opaque colour of a curve on the ground of the theme in use."""
    return mixed(QColor(style.ink), color("surface"), style.share)
