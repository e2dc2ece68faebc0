"""Loss and accuracy of a run, for the training and for the validation data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QHBoxLayout, QLabel, QSlider, QVBoxLayout, QWidget

from engine.network.model import Network
from engine.telemetry.frame import Frame
from engine.telemetry.recorder import Recorder
from gui.guard import guarded
from gui.panels.panel import Panel
from gui.plotting.chart import Chart, Entry, Legend
from gui.plotting.curves import Smoothed, extent
from gui.plotting.parts import ElidedLabel, set_ink
from gui.plotting.plots import Curve, Plot, Style, make_plot, number_text, padded, reach_of
from gui.theme import GRID, appearance, number_font, ui_font

Array = NDArray[Any]

SMOOTHING = 90  #: %, at first
MOST_EPOCH_LINES = 20
COMPACT = 32 * GRID  #: px; a lower panel has one row of legend and no axis titles


class _Measure:
    """One quantity: its chart, and its three curves (each batch, these smoothed, validation)."""

    def __init__(self, heading: str, title_x: str, title_y: str, units: str, scale: float) -> None:
        self.scale = scale
        self.widest = "0.00000" if scale == 1 else "00.00"
        self.plot: Plot = make_plot(title_x, title_y, units)
        self.chart = Chart(Legend(heading), self.plot)
        train, validation = appearance.theme.series[:2]
        self.raw = self.plot.add_curve(Style(train, 0.35))
        self.smooth = self.plot.add_curve(Style(train, 1.0, 2.0))
        self.validation = self.plot.add_curve(Style(validation, 1.0, 1.5, dots=True))
        self.average = Smoothed(SMOOTHING / 100)

    def retint(self) -> None:
        train, validation = appearance.theme.series[:2]
        self.raw.set_style(Style(train, 0.35))
        self.smooth.set_style(Style(train, 1.0, 2.0))
        self.validation.set_style(Style(validation, 1.0, 1.5, dots=True))

    def set_points(self, steps: Array, values: Array, val_steps: Array, val: Array) -> None:
        """Values of every step, (n,), and of every finished epoch, (epochs,)."""
        scaled = values if self.scale == 1 else values * np.float32(self.scale)
        self.raw.set_points(steps, scaled)
        self.smooth.set_points(steps, self.average.update(scaled))
        self.validation.set_points(val_steps, val * self.scale)

    def say(self, words: tuple[str, str, str], step: float) -> None:
        """The values at a step, in the legend."""
        curves = (self.smooth, self.validation, self.raw)
        self.chart.legend.set_entries(
            [
                Entry(name, name, curve.style, number_text(_value_at(curve, step)), self.widest)
                for name, curve in zip(words, curves, strict=True)
            ]
        )

    def extent(self, logarithmic: bool) -> tuple[float, float]:
        """The smallest and largest value of all curves."""
        # An average lies between the values that it is made of.
        ends = [extent(curve.y, logarithmic) for curve in (self.raw, self.validation)]
        return min(low for low, _ in ends), max(high for _, high in ends)


class LossPanel(Panel):
    """Two plots that share the steps: loss above, accuracy below (or beside, where it is wide)."""

    name = "loss"
    title = str(QT_TRANSLATE_NOOP("panels", "Loss and accuracy"))
    question = str(
        QT_TRANSLATE_NOOP(
            "panels", "Is the network learning, and does it also learn what it has not seen?"
        )
    )
    empty_text = str(QT_TRANSLATE_NOOP("panels", "Press Train: the curves grow here step by step."))
    icon = "chart"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        step = self.tr("step")
        self.loss = _Measure(self.tr("Loss"), step, self.tr("Loss"), "", 1.0)
        self.accuracy = _Measure(self.tr("Accuracy"), step, self.tr("Accuracy"), "%", 100.0)
        self.measures = (self.loss, self.accuracy)
        self._cursor: float | None = None
        self._stacked: bool | None = None
        self._build()
        for measure in self.measures:
            measure.plot.hovered.connect(self._hover)
            measure.plot.left.connect(self._leave)
            measure.plot.range_changed.connect(self._range_changed)
        self.accuracy.plot.setXLink(self.loss.plot)
        self.retint()

    def _build(self) -> None:
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, 99)
        self.smoothing.setValue(SMOOTHING)
        self.smoothing.setMaximumWidth(8 * GRID)
        self.smoothing.setAccessibleName(self.tr("Smoothing"))
        self.smoothing.setToolTip(self.tr("How much of the past the strong line remembers"))
        self.smoothing.valueChanged.connect(self._smooth)
        self._amount = QLabel(f"{SMOOTHING / 100:.2f}")
        self._amount.setFont(number_font())
        self.logarithmic = QCheckBox(self.tr("log"))
        self.logarithmic.setToolTip(self.tr("Loss on a logarithmic scale"))
        self.logarithmic.setFont(ui_font(12))
        self.logarithmic.toggled.connect(self._set_logarithmic)
        self._place = ElidedLabel(font=number_font())
        self._place.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._word = QLabel(self.tr("Smoothing"))
        self._word.setFont(ui_font(12))
        controls = QHBoxLayout()
        controls.setSpacing(GRID)
        for widget in (self._word, self.smoothing, self._amount, self.logarithmic):
            controls.addWidget(widget)
        controls.addWidget(self._place, 1)
        self.picture = QWidget()
        self._plots = QBoxLayout(QBoxLayout.Direction.TopToBottom, self.picture)
        self._plots.setContentsMargins(0, 0, 0, 0)
        self._plots.setSpacing(GRID)
        self._plots.addWidget(self.loss.chart, 3)
        self._plots.addWidget(self.accuracy.chart, 2)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(GRID * 3 // 2, 0, GRID * 3 // 2, GRID)
        column.setSpacing(GRID // 2)
        column.addLayout(controls)
        column.addWidget(self.picture, 1)

    # Data

    def start_run(self, recorder: Recorder, network: Network) -> None:
        super().start_run(recorder, network)
        for measure in self.measures:
            measure.average = Smoothed(self.smoothing.value() / 100)
            measure.plot.automatic = True

    def end_run(self) -> None:
        self.refresh()

    def show_frame(self, frame: Frame) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Draw what the recorder holds now."""
        recorder = self.recorder
        if recorder is None:
            return
        loss, accuracy = recorder.loss.view(), recorder.accuracy.view()
        count = min(len(loss), len(accuracy))
        if count == 0:
            return
        self.show_content()
        epochs = recorder.epochs
        steps = np.arange(1.0, count + 1)
        ends = np.array([row.step for row in epochs], float)
        for measure, values, val in (
            (self.loss, loss, [row.val_loss for row in epochs]),
            (self.accuracy, accuracy, [row.val_accuracy for row in epochs]),
        ):
            measure.set_points(steps, values[:count], ends, np.array(val, float))
            measure.plot.set_verticals(_epoch_ends(recorder.steps_per_epoch, count))
        self._redraw()

    def table(self) -> tuple[list[str], Array]:
        """One row a step; validation values stand in the row of the step that ended an epoch."""
        headers = ["step", "loss", "loss_smoothed", "accuracy", "accuracy_smoothed"]
        columns = [self.loss.raw.x]
        for measure in self.measures:
            columns += [measure.raw.y / measure.scale, measure.smooth.y / measure.scale]
        for name, measure in (("val_loss", self.loss), ("val_accuracy", self.accuracy)):
            column = np.full(len(columns[0]), np.nan)
            at = np.searchsorted(columns[0], measure.validation.x)
            inside = at < len(column)
            column[at[inside]] = measure.validation.y[inside] / measure.scale
            headers.append(name)
            columns.append(column)
        return headers, np.stack([np.asarray(column, float) for column in columns], axis=1)

    def _redraw(self) -> None:
        count = len(self.loss.raw.x)
        if count:
            log = self.logarithmic.isChecked()
            low, high = self.loss.extent(log)
            if low <= high:
                bottom, top = padded(low if log else min(low, 0.0), high, log)
                self.loss.plot.set_window(0, reach_of(count), bottom, top)
            self.accuracy.plot.set_window(0, reach_of(count), 0, 104)
        for measure in self.measures:
            measure.plot.refresh(count, (len(measure.validation.x), self.smoothing.value()))
        self._say()

    def _say(self) -> None:
        """Values at the mouse, or the newest."""
        steps = self.loss.raw.x
        if self.recorder is None or not len(steps):
            return
        step = len(steps) if self._cursor is None else self._cursor
        words = (self.tr("train"), self.tr("validation"), self.tr("batch"))
        for measure in self.measures:
            measure.say(words, step)
        epoch = max(step - 1, 0) / max(self.recorder.steps_per_epoch, 1) + 1
        text = self.tr("step {0} · epoch {1}")
        self._place.set_full_text(text.format(format(int(step), ","), int(epoch)))

    # What the user does

    def _smooth(self, percent: int) -> None:
        self._amount.setText(f"{percent / 100:.2f}")
        for measure in self.measures:
            measure.average = Smoothed(percent / 100)
        self.refresh()

    def _set_logarithmic(self, on: bool) -> None:
        self.loss.plot.set_logarithmic(on)
        self._redraw()

    def _hover(self, x: float) -> None:
        count = len(self.loss.raw.x)
        self._cursor = float(min(max(round(x), 1), count)) if count else None
        self._show_cursor()

    def _leave(self) -> None:
        self._cursor = None
        self._show_cursor()

    def _show_cursor(self) -> None:
        for measure in self.measures:
            measure.plot.show_cursor(self._cursor)
        self._say()

    def _range_changed(self) -> None:
        # The steps are shared: one plot cannot follow them while the other is held.
        held = not all(measure.plot.automatic for measure in self.measures)
        sender = self.sender()
        for measure in self.measures:
            if sender is measure.plot:
                held = not measure.plot.automatic
        for measure in self.measures:
            measure.plot.automatic = not held
        self._redraw()

    def retint(self) -> None:
        for measure in self.measures:
            measure.retint()
        set_ink(self._word, "muted")
        self._place.tint("muted")
        self._redraw()

    @guarded(None)
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        compact = self.height() < COMPACT
        for measure in self.measures:
            measure.chart.legend.set_most_rows(1 if compact else 4)
            measure.plot.show_bottom(values=True, title=not compact)
        stacked = self.width() < 2 * self.height()
        if stacked != self._stacked:
            self._stacked = stacked
            way = QBoxLayout.Direction
            self._plots.setDirection(way.TopToBottom if stacked else way.LeftToRight)
            self._plots.setStretch(0, 3 if stacked else 1)
            self._plots.setStretch(1, 2 if stacked else 1)
        # Above each other they share one row of step numbers.
        if stacked:
            self.loss.plot.show_bottom(values=False)


def _value_at(curve: Curve, step: float) -> float:
    """The newest value at or before a step; NaN before the first."""
    at = int(np.searchsorted(curve.x, step, side="right")) - 1
    return float(curve.y[at]) if at >= 0 else float("nan")


def _epoch_ends(steps_per_epoch: int, count: int) -> Array:
    """The steps at which epochs end, thinned to 1, 2, 5, 10 … epochs so that they stay apart."""
    epochs = count // max(steps_per_epoch, 1)
    every = next(n for n in _round_numbers() if epochs / n <= MOST_EPOCH_LINES)
    return np.arange(every, epochs + 1, every) * float(steps_per_epoch)


def _round_numbers() -> Iterator[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


PANEL = LossPanel
