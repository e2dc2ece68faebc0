"""A recorder here, kept equal to one elsewhere: what is new in the one, added to the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from engine.remote.codec import ProtocolError
from engine.remote.messages import Follow, News, Values
from engine.telemetry.recorder import GRADIENT_BUCKETS, LEAST_GRADIENT_BUCKETS, Recorder
from engine.telemetry.series import CAPACITY, Series

#: Of one message: steps that are read of a series, values of all of them, how many series and rows.
PIECE = 65_536
MOST_VALUES = 500_000
MOST_SERIES = 1_000
ROWS = 1_000
#: What a run may have that is kept row by row, and names of scalars.
MOST_ROWS = 100_000
MOST_SCALARS = 200

SCALARS = "scalars"
FAMILIES = (SCALARS, "gradient_norms", "update_ratios")


class Reading:
    """How far one watcher knows a recorder. Reads while another thread writes."""

    def __init__(self, recorder: Recorder, known: Follow) -> None:
        self._recorder = recorder
        self._steps = dict(known.steps)
        self._validations, self._marks = known.validations, known.marks

    def news(self) -> News | None:
        """The next piece of what is new; None when nothing is."""
        forget = self._forget()
        series = dict(self._new_series())
        recorder = self._recorder
        validations = recorder.validations[self._validations : self._validations + ROWS]
        marks = recorder.marks[self._marks : self._marks + ROWS]
        self._validations += len(validations)
        self._marks += len(marks)
        news = News(series, validations, marks, forget)
        return news if series or validations or marks or forget is not None else None

    def _new_series(self) -> Iterator[tuple[str, Values]]:
        values = count = 0
        for path, series in _all_series(self._recorder):
            newest, known = series.next_step - 1, self._steps.get(path, 0)
            while known < newest:  # watched steps may lie far apart
                reach = min(newest, known + PIECE)
                steps, numbers = series.detail(known + 1, reach)
                known = self._steps[path] = reach
                if len(steps):
                    yield path, Values(steps.astype(np.int64), numbers.astype(np.float32))
                    values, count = values + len(steps), count + 1
                    break
            if values >= MOST_VALUES or count >= MOST_SERIES:
                return

    def _forget(self) -> int | None:
        """The step that a run went back to, when it did."""
        newest = self._recorder.newest_step
        if newest >= self._steps.get(f"{SCALARS}/loss", 0):
            return None
        self._steps = {path: min(step, newest) for path, step in self._steps.items()}
        self._validations = sum(row.step <= newest for row in self._recorder.validations)
        self._marks = sum(mark.step <= newest for mark in self._recorder.marks)
        return newest


def known(recorder: Recorder) -> Follow:
    """How far this copy is."""
    steps = {path: series.next_step - 1 for path, series in _all_series(recorder)}
    return Follow(steps, len(recorder.validations), len(recorder.marks))


def add(news: News, recorder: Recorder, nodes: Collection[str]) -> None:
    """Raises ProtocolError for what no run of a network with these nodes has."""
    if news.forget is not None:
        recorder.truncate(max(news.forget, 0))
    for path, new in news.series.items():
        series = _series(recorder, path, nodes)
        _check(new, series.next_step)
        series.append(new.values, new.steps)
    for row in news.validations:
        _check_rows(recorder.validations)
        recorder.add_validation(row)
    for mark in news.marks:
        _check_rows(recorder.marks)
        recorder.add_mark(mark)


def _check(new: Values, first: int) -> None:
    steps, values = new.steps, new.values
    if steps.dtype != np.int64 or values.dtype != np.float32 or steps.ndim != 1:
        raise ProtocolError("a series of another kind")
    if steps.shape != values.shape or not len(steps) or steps[0] < first or (np.diff(steps) <= 0).any():
        raise ProtocolError("a series whose steps do not ascend")


def _check_rows(rows: tuple[object, ...]) -> None:
    if len(rows) >= MOST_ROWS:
        raise ProtocolError("more rows than a run has")


def _all_series(recorder: Recorder) -> Iterator[tuple[str, Series]]:
    for family in FAMILIES:
        members: Mapping[str, Series] = getattr(recorder, family)
        for name, series in members.items():
            yield f"{family}/{name}", series


def _series(recorder: Recorder, path: str, nodes: Collection[str]) -> Series:
    """The series of this name, made when it is new."""
    family, _, name = path.partition("/")
    if family not in FAMILIES:
        raise ProtocolError("a series that no run has")
    members: Mapping[str, Series] = getattr(recorder, family)
    if name not in members:
        if len(members) >= MOST_SCALARS if family == SCALARS else name not in nodes:
            raise ProtocolError("a series that no run has")
        members = {**members, name: Series(_capacity(family, len(nodes)))}
        setattr(recorder, family, members)
    return members[name]


def _capacity(family: str, nodes: int) -> int:
    """As a recorder gives its own series: all of gradients together have so many buckets."""
    if family == SCALARS:
        return CAPACITY
    return min(max(GRADIENT_BUCKETS // (2 * nodes), LEAST_GRADIENT_BUCKETS), CAPACITY // 2)
