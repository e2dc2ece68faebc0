"""The curves of other runs beside those of the present one, paler, each run in a colour of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.messages import shown
from engine.telemetry.recorder import Recorder
from gui.plotting.chart import Entry, Legend
from gui.plotting.curves import Smoothed
from gui.plotting.measure import Measure
from gui.plotting.plots import Curve, Style
from gui.theme import appearance

#: So many can be told apart.
MOST = 6
#: The first colours of a theme are those of the present run.
_OWN = 2
PALE, PALER = 0.75, 0.35


@dataclass(frozen=True)
class OtherRun:
    """A run as its folder has it."""

    id: str
    name: str
    recorder: Recorder


class OtherRuns:
    """Two curves for each run and measure: pale its validations, paler the smoothed training."""

    def __init__(self, measures: Sequence[Measure]) -> None:
        self._measures = tuple(measures)
        self._runs: tuple[OtherRun, ...] = ()
        self._left_out: Recorder | None = None
        self._curves: list[tuple[OtherRun, Measure, Curve, Curve]] = []
        #: What is drawn: another value, another picture.
        self.key: object = None
        self.legend = Legend()
        self.legend.set_most_rows(2)
        self.legend.hide()

    @property
    def drawn(self) -> tuple[OtherRun, ...]:
        return tuple(run for run in self._runs if run.recorder is not self._left_out)

    @property
    def newest(self) -> int:
        """The last step of any of them."""
        return max((run.recorder.newest_step for run in self.drawn), default=0)

    def has(self, recorder: Recorder) -> bool:
        return any(run.recorder is recorder for run in self._runs)

    def set_runs(self, runs: Sequence[OtherRun]) -> None:
        self._runs = tuple(runs)[:MOST]
        self._make()

    def leave_out(self, recorder: Recorder) -> None:
        """One of them is the run that the panel shows."""
        self._left_out = recorder
        self._make()

    def take(self, smoothing: float) -> None:
        """Draw what the measures show now. What other runs recorded does not change any more."""
        key = (
            tuple(run.id for run in self.drawn),
            tuple(measure.quantity.name for measure in self._measures),
            smoothing,
        )
        if key != self.key:
            self.key = key
            for run, measure, training, validation in self._curves:
                _fill(run.recorder, measure, training, validation, smoothing)

    def retint(self) -> None:
        for at, (_, _, training, validation) in enumerate(self._curves):
            ink = _ink(at // len(self._measures))
            training.set_style(Style(ink, PALER, 1.0))
            validation.set_style(Style(ink, PALE, 1.5))
        self._say()

    def _make(self) -> None:
        for _, measure, training, validation in self._curves:
            measure.plot.remove_curve(training)
            measure.plot.remove_curve(validation)
        self.key = None
        self._curves = [
            (
                run,
                measure,
                measure.plot.add_curve(Style(_ink(at), PALER, 1.0)),
                measure.plot.add_curve(Style(_ink(at), PALE, 1.5)),
            )
            for at, run in enumerate(self.drawn)
            for measure in self._measures
        ]
        for measure in self._measures:
            own = [pair for pair in self._curves if pair[1] is measure]
            measure.others = tuple(curve for _, _, *both in own for curve in both)
        self._say()

    def _say(self) -> None:
        """The names, where there are any: of the run that is shown in full as well, if it is one."""
        entries = [
            Entry(run.id, shown(run.name), Style(_ink(at), PALE, 1.5), "", "")
            for at, run in enumerate(self.drawn)
        ]
        for run in self._runs:
            if run.recorder is self._left_out:
                entries.insert(0, Entry(run.id, shown(run.name), Style(_own_ink(), 1.0, 2.0), "", ""))
        self.legend.set_entries(entries)
        self.legend.setVisible(bool(entries))


def _fill(
    recorder: Recorder, measure: Measure, training: Curve, validation: Curve, smoothing: float
) -> None:
    name, scale = measure.quantity.name, measure.quantity.scale
    series = recorder.scalars.get(name)
    if series is None:
        training.set_points(np.empty(0), np.empty(0))
    else:
        points = series.view()
        means = points.mean * scale
        if measure.quantity.is_measured:
            means = Smoothed(smoothing).update(means, points.width, points.newest_width)
        training.set_points(points.steps, means)
    found = [v for v in recorder.validations if name in v.validation]
    steps = np.array([v.step for v in found], float)
    validation.set_points(steps, np.array([v.validation[name] for v in found], float) * scale)


def _ink(at: int) -> str:
    inks = appearance.theme.series[_OWN:]
    return inks[at % len(inks)]


def _own_ink() -> str:
    return appearance.theme.series[0]
