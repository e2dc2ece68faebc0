"""A recorder here, kept equal to one elsewhere: what is new in the one, added to the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.remote.codec import ProtocolError
from engine.remote.messages import Follow, News, Values
from engine.telemetry.recorder import Recorder, Series

#: Steps of a series in one message, and rows.
PIECE = 65_536
ROWS_PIECE = 1_000
#: What a run may have that is kept row by row.
MOST_ROWS = 100_000

SERIES = ("loss", "accuracy", "gradient_steps")
FAMILIES = ("gradient_norms", "update_ratios")
ROWS = ("epochs",)


class Reading:
    """How far one watcher knows a recorder. Reads while another thread writes."""

    def __init__(self, recorder: Recorder, known: Follow) -> None:
        self._recorder = recorder
        self._series = dict(known.series)
        self._rows = dict(known.rows)

    def news(self) -> News | None:
        """The next piece of what is new; None when nothing is."""
        series = {}
        for path, one in _all_series(self._recorder):
            after = self._series.get(path, 0)
            newest = len(one)
            if newest > after:
                reach = min(newest, after + PIECE)
                series[path] = _between(one, after + 1, reach)
                self._series[path] = reach
        rows = {name: self._new_rows(name) for name in ROWS}
        return News(series=series, **rows) if series or any(rows.values()) else None

    def _new_rows(self, name: str) -> tuple[Any, ...]:
        known = self._rows.get(name, 0)
        rows: tuple[Any, ...] = getattr(self._recorder, name)[known : known + ROWS_PIECE]
        self._rows[name] = known + len(rows)
        return rows


def known(recorder: Recorder) -> Follow:
    """How far this copy is."""
    series = {path: len(one) for path, one in _all_series(recorder)}
    return Follow(series, {name: len(getattr(recorder, name)) for name in ROWS})


def add(news: News, recorder: Recorder, nodes: Collection[str]) -> None:
    """Raises ProtocolError for what no run of a network with these nodes has."""
    for path, new in news.series.items():
        _check(new)
        _series(recorder, path, nodes).append(np.asarray(new.values, np.float32))
    for row in news.epochs:
        if len(recorder.epochs) >= MOST_ROWS:
            raise ProtocolError("more rows than a run has")
        recorder.add_epoch(row)


def _check(new: Values) -> None:
    steps, values = new.steps, new.values
    if steps.dtype != np.int64 or values.dtype != np.float32 or steps.ndim != 1:
        raise ProtocolError("a series of another kind")
    if steps.shape != values.shape or not len(steps) or steps[0] < 1 or (np.diff(steps) <= 0).any():
        raise ProtocolError("a series whose steps do not ascend")


def _all_series(recorder: Recorder) -> Iterator[tuple[str, Series]]:
    for name in SERIES:
        yield name, getattr(recorder, name)
    for family in FAMILIES:
        members: Mapping[str, Series] = getattr(recorder, family)
        for name, series in members.items():
            yield f"{family}/{name}", series


def _between(series: Series, first: int, last: int) -> Values:
    values: NDArray[np.float32] = series.view()[first - 1 : last]
    return Values(np.arange(first, last + 1, dtype=np.int64), values)


def _series(recorder: Recorder, path: str, nodes: Collection[str]) -> Series:
    """The series of this name, made when it is new."""
    family, slash, name = path.partition("/")
    if not slash and family in SERIES:
        series: Series = getattr(recorder, family)
        return series
    if family not in FAMILIES or name not in nodes:
        raise ProtocolError("a series that no run has")
    members: Mapping[str, Series] = getattr(recorder, family)
    if name not in members:
        members = {**members, name: Series()}
        setattr(recorder, family, members)
    return members[name]
