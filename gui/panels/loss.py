"""Loss and metrics of a run, for the training and for the validation data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QT_TRANSLATE_NOOP, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from engine.network.model import Network
from engine.telemetry.frame import Frame
from engine.telemetry.recorder import Recorder
from gui.guard import guarded
from gui.panels.panel import Panel
from gui.plotting.chart import ROW
from gui.plotting.measure import Measure, names_of, quantity, table_of
from gui.plotting.others import OtherRun, OtherRuns
from gui.plotting.parts import ElidedLabel, set_ink
from gui.plotting.plots import reach_of
from gui.plotting.viewed import ViewedLine
from gui.theme import GRID, number_font, ui_font

Array = NDArray[Any]

SMOOTHING = 90  #: %, at first
MOST_EPOCH_LINES = 20
COMPACT = 32 * GRID  #: px; a lower panel has one row of legend and no axis titles
LOW = 18 * GRID  #: px; a lower one has no numbers below either


class LossPanel(Panel):
    """Two plots that share the steps: loss above, below (or beside, where it is wide) a metric or the
    learning rate, by choice."""

    name = "loss"
    title = str(QT_TRANSLATE_NOOP("panels", "Loss and metrics"))
    question = str(
        QT_TRANSLATE_NOOP(
            "panels", "Is the network learning, and does it also learn what it has not seen?"
        )
    )
    empty_text = str(QT_TRANSLATE_NOOP("panels", "Press Train: the curves grow here step by step."))
    icon = "chart"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.chooser = QComboBox()
        self.chooser.setFont(ui_font(12))
        self.chooser.setAccessibleName(self.tr("What the lower curves show"))
        self.chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.chooser.setMaximumSize(20 * GRID, ROW)
        self.chooser.activated.connect(self._choose)
        self.loss = Measure("loss", SMOOTHING / 100)
        self.second = Measure("accuracy", SMOOTHING / 100, self.chooser)
        self.measures = (self.loss, self.second)
        #: What the user chose last, to be shown again where a run has it.
        self._wished = ""
        self.others = OtherRuns(self.measures)
        self._viewed = tuple(ViewedLine(measure.plot) for measure in self.measures)
        self._cursor: float | None = None
        self._stacked: bool | None = None
        self._build()
        for measure in self.measures:
            measure.plot.hovered.connect(self._hover)
            measure.plot.left.connect(self._leave)
            measure.plot.range_changed.connect(self._range_changed)
        self.second.plot.setXLink(self.loss.plot)
        self.retint()

    def _build(self) -> None:
        self.smoothing = QSlider(Qt.Orientation.Horizontal)
        self.smoothing.setRange(0, 99)
        self.smoothing.setValue(SMOOTHING)
        self.smoothing.setMaximumWidth(8 * GRID)
        self.smoothing.setAccessibleName(self.tr("Smoothing"))
        self.smoothing.setToolTip(_smoothing_words(self))
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
        self._plots.addWidget(self.second.chart, 2)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(GRID * 3 // 2, 0, GRID * 3 // 2, GRID)
        column.setSpacing(GRID // 2)
        column.addLayout(controls)
        column.addWidget(self.others.legend)
        column.addWidget(self.picture, 1)

    # Data

    def start_run(self, recorder: Recorder, network: Network) -> None:
        super().start_run(recorder, network)
        self.show_viewed(None)
        self.others.leave_out(recorder)
        self.chooser.clear()
        self.loss.show("loss", self.smoothing.value() / 100)
        for measure in self.measures:
            measure.plot.automatic = True

    def end_run(self) -> None:
        self.refresh()

    def compare(self, runs: Sequence[OtherRun]) -> None:
        """Draw the curves of these runs, paler. Where there is no run, the first takes its place."""
        held = self.recorder
        if held is None or self.others.has(held):
            self.clear()
        self.others.set_runs(runs)
        if self.recorder is None and runs:
            self.start_run(runs[0].recorder, Network())
        elif self.recorder is not None:
            self.others.leave_out(self.recorder)
        self.refresh()

    def show_viewed(self, step: int | None) -> None:
        super().show_viewed(step)
        for line in self._viewed:
            line.show_at(step)
        self._say()

    def show_frame(self, frame: Frame) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Draw what the recorder holds now."""
        recorder = self.recorder
        if recorder is None or not recorder.newest_step:
            return
        self.show_content()
        self._offer(names_of(recorder))
        ends = _epoch_ends(recorder.steps_per_epoch, recorder.newest_step)
        for measure in self.measures:
            measure.take(recorder)
            measure.plot.set_verticals(ends)
        self.others.take(self.smoothing.value() / 100)
        self._redraw()

    def table(self) -> tuple[list[str], Array]:
        """One row a step or bucket; see `table_of`."""
        assert self.recorder is not None
        return table_of(self.recorder, self.smoothing.value() / 100)

    def _offer(self, names: list[str]) -> None:
        """What there is to choose from; a metric may come later than the run."""
        if names == [self.chooser.itemData(at) for at in range(self.chooser.count())]:
            return
        self.chooser.clear()
        for name in names:
            self.chooser.addItem(quantity(name).title, name)
        at = self.chooser.findData(self._wished)
        self.chooser.setCurrentIndex(max(at, 0))
        self.chooser.setVisible(len(names) > 1)
        self.second.chart.legend.set_heading(quantity(names[0]).title if len(names) == 1 else "")
        self.second.chart.setVisible(bool(names))
        self._show_metric()

    def _redraw(self) -> None:
        newest = self.loss.newest
        if newest:
            for measure in self.measures:
                measure.set_window(reach_of(max(newest, self.others.newest)))
                measure.redraw(newest, (self.smoothing.value(), self.others.key))
        self._say()

    def _say(self) -> None:
        """Values at the mouse, at the recorded step that one looks at, or the newest."""
        newest = self.loss.newest
        if self.recorder is None or not newest:
            return
        resting = self._viewed[0].step or newest
        step = resting if self._cursor is None else self._cursor
        for measure in self.measures:
            measure.say(step)
        epoch = max(step - 1, 0) / max(self.recorder.steps_per_epoch, 1) + 1
        text = self.tr("step {0} · epoch {1}")
        self._place.set_full_text(text.format(format(int(step), ","), int(epoch)))

    # What the user does

    def _smooth(self, percent: int) -> None:
        self._amount.setText(f"{percent / 100:.2f}")
        for measure in self.measures:
            measure.show(measure.quantity.name, percent / 100)
        self.refresh()

    def _choose(self) -> None:
        self._wished = str(self.chooser.currentData())
        self._show_metric()
        self.refresh()

    def _show_metric(self) -> None:
        name = self.chooser.currentData()
        if name is not None:
            self.second.show(str(name), self.smoothing.value() / 100)

    def _set_logarithmic(self, on: bool) -> None:
        self.loss.plot.set_logarithmic(on)
        self._redraw()

    def _hover(self, x: float) -> None:
        newest = self.loss.newest
        self._cursor = float(min(max(round(x), 1), newest)) if newest else None
        self._show_cursor()

    def _leave(self) -> None:
        self._cursor = None
        self._show_cursor()

    def _show_cursor(self) -> None:
        for measure in self.measures:
            measure.near(self._cursor)
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
        for line in self._viewed:
            line.retint()
        self.others.retint()
        set_ink(self._word, "muted")
        self._place.tint("muted")
        self._redraw()

    @guarded(None)
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        compact, low = self.height() < COMPACT, self.height() < LOW
        for measure in self.measures:
            # The second legend stands beside its choice, in a column that may be narrow.
            most = 4 if measure is self.loss else 2
            measure.chart.legend.set_most_rows(1 if compact else most)
            measure.plot.setMinimumHeight(GRID * (4 if low else 7))
            measure.plot.show_bottom(values=not low, title=not compact)
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


def _smoothing_words(panel: LossPanel) -> str:
    return panel.tr(
        "How much of the past the strong line remembers: at 0.90, each step counts 0.9 times as much "
        "as the one after it.\nThe first steps are averaged over what there is so far (bias "
        "correction), so that the line does not begin at zero."
    )


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
