"""A series of numbers without end in bounded memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
Steps: TypeAlias = NDArray[np.int64]
#: Exact values between two steps, (steps, values), and the last step up to which they reach.
Archived: TypeAlias = tuple[Steps, Floats, int]

CAPACITY = 16_384
_FIRST_ROOM = 1024
_KINDS: tuple[Any, ...] = (
    np.int64,
    np.float32,
    np.float32,
    np.float64,
    np.float32,
)  #: of merged columns


@dataclass(frozen=True)
class Points:
    """What a Series holds, as buckets of neighbours, (n,) each; nothing in it changes any more.

    steps: of the last value in each bucket. low, high, mean: of its values. last: the value at `steps`.
    width: how many values a bucket has; the newest may still have fewer, `newest_width`. Where `width`
    is 1, every bucket is one value, and low, high, mean and last are the same array.
    """

    steps: Steps
    low: Floats
    high: Floats
    mean: NDArray[np.floating[Any]]
    last: Floats
    width: int = 1
    newest_width: int = 1

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def exact(self) -> bool:
        return self.width == 1

    @property
    def counts(self) -> Steps:
        """How many values are in each bucket."""
        counts = np.full(len(self.steps), self.width, np.int64)
        counts[-1:] = self.newest_width
        return counts


class _Columns(NamedTuple):
    """Room for buckets. While each is one value, all columns but `steps` are the same array."""

    steps: Steps
    low: Floats
    high: Floats
    mean: NDArray[Any]
    last: Floats


class _Tail(NamedTuple):
    """The bucket that is not full yet."""

    step: int
    low: float
    high: float
    total: float
    finite: int
    last: float
    size: int


class _State(NamedTuple):
    """What there is at one moment: `done` full buckets of `width` values in `columns`, then a tail."""

    columns: _Columns
    done: int
    width: int
    tail: _Tail | None
    length: int
    newest_step: int


class Series:
    """Numbers that only ever grow at the end, each with its step.

    Up to `capacity` values are kept as they are. When one more comes, neighbouring buckets merge in
    pairs, and buckets hold twice as many values from then on; the smallest and the largest of a bucket
    stay what they were. One thread appends. Any thread may read at any time: rows below `done` are
    never written again, and all there is to know hangs on one attribute that is replaced.

    archive: gives the exact values between two steps from a disk.
    """

    def __init__(
        self, capacity: int = CAPACITY, archive: Callable[[int, int], Archived] | None = None
    ) -> None:
        self._capacity = max(capacity // 2 * 2, 2)
        self._archive = archive
        self._state = _empty(min(_FIRST_ROOM, self._capacity))

    def __len__(self) -> int:
        """How many values were ever appended."""
        return self._state.length

    @property
    def next_step(self) -> int:
        """The step after the newest; 1 when there is none."""
        return self._state.newest_step + 1

    def append(self, values: Floats, steps: Steps | None = None) -> None:
        """Add float32 values of shape (k,). steps: ascending; None: those that follow."""
        if steps is None:
            steps = np.arange(self.next_step, self.next_step + len(values), dtype=np.int64)
        state = self._state
        at = 0
        while at < len(values):
            if state.done == self._capacity:
                state = _merged(state)
            begun = state.tail.size if state.tail is not None else 0
            room = (self._capacity - state.done) * state.width - begun
            end = min(at + room, len(values))
            state = _appended(state, values[at:end], steps[at:end], self._capacity)
            at = end
        self._state = state

    def view(self) -> Points:
        """All buckets, at most `capacity`."""
        state = self._state
        columns: list[Any] = [column[: state.done] for column in state.columns]
        newest = state.width
        if state.tail is not None:
            newest = state.tail.size
            ends = _of_tail(state.tail)
            columns = [np.append(a, a.dtype.type(b)) for a, b in zip(columns, ends, strict=True)]
        for column in columns:
            column.flags.writeable = False
        steps, low, high, mean, last = columns
        if state.width == 1:
            high = mean = last = low
        return Points(steps, low, high, mean, last, state.width, newest)

    def detail(self, first: int, last: int) -> tuple[Steps, NDArray[Any]]:
        """Steps and values between two steps (both included): every one where memory or disk still has
        it, else the means of buckets."""
        points = self.view()
        steps, values = points.steps, points.mean
        if not points.exact and self._archive is not None:
            exact_steps, exact, reach = self._archive(first, last)
            newer = steps > reach
            steps = np.concatenate([exact_steps, steps[newer]])
            values = np.concatenate([exact, values[newer]])
        kept = slice(np.searchsorted(steps, first), np.searchsorted(steps, last, side="right"))
        return steps[kept], values[kept]

    def truncate(self, step: int) -> None:
        """Forget what came after this step. Of a bucket that reaches beyond it nothing is kept: its
        extremes may lie on either side."""
        state = self._state
        if state.newest_step <= step:
            return
        steps = state.columns.steps[: state.done]
        done = int(np.searchsorted(steps, step, side="right"))
        newest = int(steps[done - 1]) if done else 0
        # Rows that older views still show must not be written again.
        columns = _Columns(*_copied(state.columns, done))
        self._state = _State(columns, done, state.width, None, done * state.width, newest)


def _empty(room: int) -> _State:
    values = np.empty(room, np.float32)
    columns = _Columns(np.empty(room, np.int64), values, values, values, values)
    return _State(columns, 0, 1, None, 0, 0)


def _appended(state: _State, values: Floats, steps: Steps, capacity: int) -> _State:
    """With these values, for which there is room in buckets of the present width."""
    columns, done, width, tail = state.columns, state.done, state.width, state.tail
    length, newest_step = state.length + len(values), int(steps[-1])
    if width == 1:
        end = done + len(values)
        if end > len(columns.steps):
            columns = _Columns(*_copied(columns, done, min(max(end, 2 * done), capacity)))
        columns.steps[done:end] = steps
        columns.low[done:end] = values
        return _State(columns, end, 1, None, length, newest_step)
    if tail is not None:
        take = min(width - tail.size, len(values))
        tail = _longer(tail, values[:take], int(steps[take - 1]))
        values, steps = values[take:], steps[take:]
        if tail.size == width:
            room: tuple[NDArray[Any], ...] = columns
            for column, value in zip(room, _of_tail(tail), strict=True):
                column[done] = value
            done, tail = done + 1, None
    whole = len(values) // width
    if whole:
        rows = slice(done, done + whole)
        blocks = values[: whole * width].reshape(whole, width)
        columns.steps[rows] = steps[width - 1 : whole * width : width]
        columns.low[rows] = np.fmin.reduce(blocks, axis=1)
        columns.high[rows] = np.fmax.reduce(blocks, axis=1)
        columns.mean[rows] = _means(blocks)
        columns.last[rows] = blocks[:, -1]
        done += whole
    if whole * width < len(values):
        tail = _longer(None, values[whole * width :], newest_step)
    return _State(columns, done, width, tail, length, newest_step)


def _merged(state: _State) -> _State:
    """Half as many buckets, in new arrays: older views keep theirs."""
    old = state.columns
    room = len(old.steps)
    steps, low, high, mean, last = (np.empty(room, kind) for kind in _KINDS)
    columns = _Columns(steps, low, high, mean, last)
    half = slice(0, state.done // 2)
    columns.steps[half] = old.steps[1::2]
    columns.low[half] = np.fmin(old.low[::2], old.low[1::2])
    columns.high[half] = np.fmax(old.high[::2], old.high[1::2])
    columns.mean[half] = _means(np.asarray(old.mean, np.float64).reshape(-1, 2))
    columns.last[half] = old.last[1::2]
    return state._replace(columns=columns, done=state.done // 2, width=2 * state.width)


def _copied(columns: _Columns, done: int, room: int | None = None) -> list[NDArray[Any]]:
    """The same rows in arrays of their own, with room for so many; what was one array stays one."""
    copies: dict[int, NDArray[Any]] = {}
    for column in columns:
        if id(column) not in copies:
            copy = np.empty(room or len(column), column.dtype)
            copy[:done] = column[:done]
            copies[id(column)] = copy
    return [copies[id(column)] for column in columns]


def _means(blocks: NDArray[Any]) -> NDArray[np.float64]:
    """The mean of each row over what is finite in it; NaN where nothing is."""
    finite = np.isfinite(blocks)
    if finite.all():
        return blocks.mean(axis=1, dtype=np.float64)
    totals = np.where(finite, blocks, 0).sum(axis=1, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        means: NDArray[np.float64] = totals / finite.sum(axis=1)
    return means


def _longer(tail: _Tail | None, values: Floats, step: int) -> _Tail:
    finite = values[np.isfinite(values)]
    before = tail or _Tail(0, np.nan, np.nan, 0.0, 0, np.nan, 0)
    return _Tail(
        step,
        float(np.fmin(before.low, np.fmin.reduce(values))),
        float(np.fmax(before.high, np.fmax.reduce(values))),
        before.total + float(finite.sum(dtype=np.float64)),
        before.finite + len(finite),
        float(values[-1]),
        before.size + len(values),
    )


def _of_tail(tail: _Tail) -> tuple[float, ...]:
    """A bucket's columns."""
    mean = tail.total / tail.finite if tail.finite else np.nan
    return tail.step, tail.low, tail.high, mean, tail.last
