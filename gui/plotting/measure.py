"""One quantity of a run over its steps: its chart and its curves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from engine.messages import shown
from engine.recipe.metrics import metric_named, title_of
from engine.telemetry.recorder import Recorder, Validation
from engine.telemetry.series import CAPACITY, Points, Series
from gui.plotting.chart import Chart, Entry, Legend
from gui.plotting.curves import Smoothed, extent, zigzag
from gui.plotting.marks import MarkLines
from gui.plotting.plots import SMALLEST, Curve, Plot, Style, make_plot, number_text, padded
from gui.theme import appearance, color

Array = NDArray[Any]

translate = QCoreApplication.translate

RATE = "learning_rate"
_NOTHING = Series(2).view()
#: An average forgets all but a hundredth after so many times its memory; more is not read for it.
LEAD = 5
MOST_LEAD = 1000


@dataclass(frozen=True)
class Quantity:
    """What a scalar of this name is, and how it is shown. scale: from its values to the axis."""

    name: str
    title: str
    unit: str = ""
    scale: float = 1.0

    @property
    def is_measured(self) -> bool:
        """A learning rate is set: there is nothing to smooth, and no validation of it."""
        return self.name != RATE


def quantity(name: str) -> Quantity:
    if name == "loss":
        return Quantity(name, translate("panels", "Loss"))
    if name == RATE:
        return Quantity(name, translate("panels", "Learning rate"))
    metric = metric_named(name)
    share = metric is not None and metric.unit == "share"
    return Quantity(name, shown(title_of(name)), "%" if share else "", 100.0 if share else 1.0)


class Measure:
    """Three curves: pale what each batch gave (its lowest and highest where many steps share a bucket),
    strong these smoothed, dotted the validations, with a ring around the best.

    Zoomed in so far that buckets are wider than pixels, the exact values are read from the run's
    folder, at most CAPACITY at a time."""

    def __init__(self, name: str, smoothing: float, front: QWidget | None = None) -> None:
        self.quantity = quantity(name)
        self.plot: Plot = make_plot(translate("panels", "step"), "")
        self.chart = Chart(Legend("" if front else self.quantity.title), self.plot, front)
        ink = appearance.theme.series[0]
        self.raw, self.smooth = (self.plot.add_curve(Style(ink)) for _ in range(2))
        self.validation = self.plot.add_curve(Style(ink, dots=True))
        self.marks = MarkLines(self.plot, labelled=name == "loss")
        #: Of other runs, in the same plot.
        self.others: tuple[Curve, ...] = ()
        self._best = pg.ScatterPlotItem(size=13, pxMode=True, brush=None)
        self._best.setZValue(12)
        self.plot.addItem(self._best, ignoreBounds=True)
        self._series: Series | None = None
        self.points: Points = _NOTHING
        self.retint()
        self.show(name, smoothing)

    def show(self, name: str, smoothing: float) -> None:
        """Another quantity, or another weight (0 … 1) of the past; also the start of another run."""
        self.quantity = quantity(name)
        self._smoothing = smoothing if self.quantity.is_measured else 0.0
        self._average = Smoothed(self._smoothing)
        self._detail: tuple[int, int, int, Array, Array, Array] | None = None
        self._best_step: int | None = None
        self._validations: tuple[Validation, ...] | None = None
        unit = self.quantity.unit
        title = self.quantity.title
        self.plot.setAccessibleName("{0} ({1})".format(title, unit) if unit else title)

    def retint(self) -> None:
        train, validation = appearance.theme.series[:2]
        self.raw.set_style(Style(train, 0.35))
        self.smooth.set_style(Style(train, 1.0, 2.0))
        self.validation.set_style(Style(validation, 1.0, 1.5, dots=True))
        self._best.setPen(pg.mkPen(color("text"), width=1.5))

    def take(self, recorder: Recorder) -> None:
        """What the recorder holds now."""
        name, scale = self.quantity.name, self.quantity.scale
        self._series = recorder.scalars.get(name)
        self.points = self._series.view() if self._series is not None else _NOTHING
        if self._validations is not recorder.validations:
            self._validations = recorder.validations
            found = [v for v in recorder.validations if name in v.validation]
            steps = np.array([v.step for v in found], float)
            self.validation.set_points(steps, np.array([v.validation[name] for v in found]) * scale)
        best = [mark.step for mark in recorder.marks if mark.code == "best"]
        self._best_step = best[-1] if best else None
        self.marks.set_marks(recorder.marks)
        self._use_buckets()

    @property
    def newest(self) -> int:
        return int(self.points.steps[-1]) if len(self.points) else 0

    def sharpen(self) -> None:
        """Exact values where the range in sight is so short that buckets would be seen."""
        (low, high), _ = self.plot.getViewBox().viewRange()
        pixels = max(self.plot.getViewBox().width() * self.plot.devicePixelRatioF(), 16)
        wide = self.points.width * pixels > high - low
        if self.plot.automatic or self.points.exact or not wide or high - low > CAPACITY / 2:
            if len(self.raw.x) and self._detail is not None:
                self._use_buckets()
            self._detail = None
            return
        first, last = max(math.floor(low), 1), min(math.ceil(high), self.newest)
        held = self._detail
        if held is None or not (held[0] <= first and last <= held[1]) or held[2] != len(self.points):
            self._detail = held = self._read(first, last)
        if held is not None:
            self.raw.set_points(held[3], held[4])
            self.smooth.set_points(held[3], held[5])

    def redraw(self, newest: float, key: object) -> None:
        self.sharpen()
        detail = self._detail[:3] if self._detail is not None else None
        self.plot.refresh(newest, (key, detail, len(self.validation.x), self.quantity.name))
        self._place_best()

    def set_window(self, reach: float) -> None:
        """The whole run in sight, up to this step."""
        log, kind = self.plot.logarithmic, self.quantity
        low, high = self._extent(log)
        if low > high:
            low, high = 0.0, 1.0
        if kind.unit == "%" and low >= 0 and high <= 100:
            self.plot.set_window(0, reach, 0, 104)
            return
        from_zero = kind.name.startswith(("loss", RATE)) and not log
        self.plot.set_window(0, reach, *padded(min(low, 0.0) if from_zero else low, high, log))

    def say(self, step: float) -> None:
        """The values at a step, in the legend."""
        words = [
            (self.smooth, translate("panels", "train")),
            (self.validation, translate("panels", "validation")),
            (self.raw, translate("panels", "batch")),
        ]
        widest = "00.00" if self.quantity.unit else "0.00000"
        if not self.quantity.is_measured:
            words, widest = [(self.smooth, translate("panels", "set to"))], "0.00e−00"
        elif not len(self.points):
            words = words[1:2]
        self.chart.legend.set_entries(
            [
                Entry(word, word, curve.style, number_text(self._value_at(curve, step)), widest)
                for curve, word in words
            ]
        )

    def near(self, step: float | None) -> None:
        """The mouse points at this step."""
        self.plot.show_cursor(step)
        self.marks.point_at(step)

    def _value_at(self, curve: object, step: float) -> float:
        """The newest value at or before a step; NaN before the first."""
        x, y = self.validation.x, self.validation.y
        if curve is self.smooth:
            x, y = self.smooth.x, self.smooth.y
        elif curve is self.raw:
            x, y = self.points.steps, self.points.last
            if self._detail is not None:
                x, y = self.raw.x, self.raw.y
        at = int(np.searchsorted(x, step, side="right")) - 1
        if at < 0:
            return math.nan
        held = curve is self.raw and self._detail is None
        return float(y[at]) * (self.quantity.scale if held else 1.0)

    def _use_buckets(self) -> None:
        points, scale = self.points, np.float32(self.quantity.scale)
        x, y = zigzag(points)
        means = points.mean if scale == 1 else points.mean * scale
        y = means if points.exact else y * scale
        averages = self._average.update(means, points.width, points.newest_width)
        self.smooth.set_points(points.steps, averages)
        none = not self.quantity.is_measured
        self.raw.set_points(x[:0] if none else x, y[:0] if none else y)

    def _read(self, low: int, high: int) -> tuple[int, int, int, Array, Array, Array] | None:
        """Values with half of the range more on either side, and their average, which begins so much
        earlier that its beginning is forgotten."""
        if self._series is None:
            return None
        margin = (high - low) // 2
        first, last = max(low - margin, 1), min(high + margin, self.newest)
        lead = min(math.ceil(LEAD / (1 - self._smoothing)), MOST_LEAD)
        steps, values = self._series.detail(max(first - lead, 1), last)
        if not len(steps) or len(steps) < steps[-1] - steps[0] + 1 or steps[-1] < last:
            return None  # of this part there are only buckets
        scaled = values * np.float32(self.quantity.scale)
        averages = Smoothed(self._smoothing).update(scaled)
        kept = slice(int(np.searchsorted(steps, first)), None)
        return first, last, len(self.points), steps[kept], scaled[kept], averages[kept]

    def _extent(self, positive: bool) -> tuple[float, float]:
        """The smallest and largest value of all curves."""
        # An average lies between the values that it is made of.
        curve = self.raw if self.quantity.is_measured else self.smooth
        ends = [extent(c.y, positive) for c in (curve, self.validation, *self.others)]
        return min(low for low, _ in ends), max(high for _, high in ends)

    def _place_best(self) -> None:
        at = np.flatnonzero(self.validation.x == self._best_step)
        if not len(at):
            self._best.setData([], [])
            return
        y = float(self.validation.y[at[-1]])
        if self.plot.logarithmic:
            y = math.log10(max(y, SMALLEST))
        x = float(self.validation.x[at[-1]])
        old = self._best.getData()
        if not (len(old[0]) and (old[0][0], old[1][0]) == (x, y)):
            self._best.setData([x], [y])


def names_of(recorder: Recorder) -> list[str]:
    """All that can be drawn beside the loss: what is measured, then the learning rate."""
    names = dict.fromkeys(recorder.scalars)
    for validation in recorder.validations[-1:]:
        names |= dict.fromkeys(validation.validation)
    return [name for name in names if name not in ("loss", RATE)] + [n for n in names if n == RATE]


def table_of(recorder: Recorder, smoothing: float) -> tuple[list[str], Array]:
    """One row a step, or a bucket of steps where these have merged, named by its last step: then with
    lowest, highest and mean. Validation values stand in the row of their step."""
    series = {name: held.view() for name, held in recorder.scalars.items() if len(held)}
    columns: list[tuple[str, Array, Array]] = []
    for name, points in series.items():
        title = shown(name)
        if points.exact:
            columns.append((title, points.steps, points.mean))
        else:
            for part in ("low", "high", "mean"):
                columns.append((f"{title}_{part}", points.steps, getattr(points, part)))
        if quantity(name).is_measured:
            average = Smoothed(smoothing).update(points.mean, points.width, points.newest_width)
            columns.append((f"{title}_smoothed", points.steps, average))
    steps = np.unique(np.concatenate([at for _, at, _ in columns]))
    found = [v for v in recorder.validations if v.step <= steps[-1]]
    for name in found[-1].validation if found else ():
        rows = np.array([[v.step, v.validation.get(name, np.nan)] for v in found])
        # In the bucket that the step lies in.
        at = steps[np.searchsorted(steps, rows[:, 0])]
        columns.append((f"val_{shown(name)}", at, rows[:, 1]))
    return aligned(columns)


def aligned(columns: Sequence[tuple[str, Array, Array]]) -> tuple[list[str], Array]:
    """A table of (title, steps, values): one row for each step that any of them has."""
    steps = np.unique(np.concatenate([at for _, at, _ in columns]))
    rows = np.full((len(steps), len(columns) + 1), np.nan)
    rows[:, 0] = steps
    for number, (_, at, values) in enumerate(columns, 1):
        rows[np.searchsorted(steps, at), number] = values
    return ["step", *(title for title, _, _ in columns)], rows
