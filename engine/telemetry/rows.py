"""Rows of float32 with a step each, in files that only grow at the end.

A file begins with one line of JSON that names the columns; behind it lie the rows, int64 step and
float32 values, little-endian. What a crash leaves half-written at the end is not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.telemetry.series import Archived, Floats, Steps

SUFFIX = ".rows"
#: Bounds of what is believed of a file.
FILE_BYTES = 64 * 2**30
HEADER_BYTES = 4 * 2**20
COLUMNS = 40_000
FILES = 10_000
MOST_STEPS = 10**12
CHUNK_BYTES = 4 * 2**20
#: A disk that is so far behind is given up.
WAITING_BYTES = 64 * 2**20


class RowsError(ValueError):
    """A file that is no file of rows; the text says why."""


@dataclass(frozen=True)
class RowFile:
    """Where the rows of one file lie; how many there are is for the Archive to know."""

    path: Path
    columns: tuple[str, ...]
    offset: int

    @property
    def row(self) -> np.dtype[Any]:
        return np.dtype([("step", "<i8"), ("values", "<f4", (len(self.columns),))])

    @property
    def none(self) -> NDArray[Any]:
        return np.empty(0, self.row)

    @classmethod
    def make(cls, path: Path, columns: tuple[str, ...]) -> RowFile:
        """Raises OSError."""
        header = json.dumps({"columns": columns}).encode() + b"\n"
        if len(header) > HEADER_BYTES:
            raise OSError(None, "the names of the layers are too long")
        with path.open("xb") as file:
            file.write(header)
        return cls(path, columns, len(header))

    @classmethod
    def open(cls, path: Path, newest: int) -> tuple[RowFile, int] | None:
        """An existing file and how many whole rows it has that come after the step `newest`; None where
        not even the first line was completed. Raises RowsError or OSError."""
        size = path.stat().st_size
        if size > FILE_BYTES:
            raise RowsError(f"it has {size:,} bytes; {FILE_BYTES:,} are read")
        with path.open("rb") as file:
            header = file.readline(HEADER_BYTES)
        if not header.endswith(b"\n") and len(header) == size:
            return None
        try:
            columns = json.loads(header)["columns"]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise RowsError("its first line does not name columns") from error
        if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
            raise RowsError("its first line does not name columns")
        if not 0 < len(columns) <= COLUMNS or len(set(columns)) < len(columns):
            raise RowsError(
                f"it names {len(columns):,} columns; 1 to {COLUMNS:,} different ones can be"
            )
        self = cls(path, tuple(columns), len(header))
        return self, self._ascending((size - len(header)) // self.row.itemsize, newest)

    def write(self, at: int, rows: NDArray[Any]) -> None:
        """Rows from number `at` on; what lay there is overwritten. Raises OSError."""
        with self.path.open("r+b") as file:
            file.seek(self.offset + at * self.row.itemsize)
            file.write(rows.tobytes())

    def read(self, first: int, count: int) -> NDArray[Any]:
        """As many of these rows as there are. Raises OSError."""
        size = self.row.itemsize
        with self.path.open("rb") as file:
            file.seek(self.offset + first * size)
            data = file.read(max(count, 0) * size)
        return np.frombuffer(data, self.row, len(data) // size) if len(data) >= size else self.none

    def pieces(self, first: int, end: int) -> Iterator[NDArray[Any]]:
        """Rows first … end - 1, a few MB at a time."""
        chunk = max(CHUNK_BYTES // self.row.itemsize, 1)
        for at in range(first, end, chunk):
            yield self.read(at, min(chunk, end - at))

    def cut(self, rows: int) -> None:
        with self.path.open("r+b") as file:
            file.truncate(self.offset + rows * self.row.itemsize)

    def place_of(self, step: int, rows: int) -> int:
        """The number of the first row whose step is larger, of so many rows."""
        with self.path.open("rb") as file:
            low, high = 0, rows
            while low < high:
                middle = (low + high) // 2
                file.seek(self.offset + middle * self.row.itemsize)
                if int.from_bytes(file.read(8), "little", signed=True) <= step:
                    low = middle + 1
                else:
                    high = middle
        return low

    def step_at(self, row: int) -> int:
        return int(self.read(row, 1)["step"].sum())  # of one row, or none

    def _ascending(self, rows: int, newest: int) -> int:
        """How many rows come before the first whose step is not larger than the one before: after a
        power failure, blocks of zeros may stand at the end."""
        good = 0
        for piece in self.pieces(0, rows):
            steps = piece["step"]
            bad = np.flatnonzero((np.diff(steps, prepend=newest) <= 0) | (steps > MOST_STEPS))
            if len(bad):
                return good + int(bad[0])
            newest, good = int(steps[-1]), good + len(steps)
        return rows


@dataclass(frozen=True)
class _Snapshot:
    """files: with how many rows each has. waiting: (columns, steps, values) not yet written."""

    files: tuple[tuple[RowFile, int], ...] = ()
    waiting: tuple[tuple[tuple[str, ...], Steps, Floats], ...] = ()


class Archive:
    """All rows of one kind in a folder; another set of columns begins another file.

    `add` takes rows at any time and touches no disk, `write` puts them there from any one thread, and
    `read` may be called from everywhere: it reads no further than what was there when it began.
    """

    def __init__(self, folder: Path, stem: str) -> None:
        self._folder, self._stem = folder, stem
        self._now = _Snapshot()
        self._lock = Lock()
        self._writing = Lock()
        self._waiting_bytes = 0

    @property
    def bytes(self) -> int:
        return sum(file.row.itemsize * rows for file, rows in self._now.files)

    def load(self) -> None:
        """Take over what lies in the folder. Raises RowsError, naming the file, or OSError."""
        paths = sorted(self._folder.glob(f"{self._stem}-*{SUFFIX}"))
        if len(paths) > FILES:
            raise RowsError(f"{self._folder}: has {len(paths):,} files; {FILES:,} are read")
        files: list[tuple[RowFile, int]] = []
        for path in paths:
            try:
                opened = RowFile.open(path, _newest_step(files))
            except RowsError as error:
                raise RowsError(f"{path.name}: {error}") from error
            if opened is not None and opened[1]:
                files.append(opened)
        self._now = _Snapshot(tuple(files))

    def add(self, columns: tuple[str, ...], steps: Steps, values: Floats) -> None:
        """values: (k, columns). Raises OSError when the disk is far behind."""
        with self._lock:
            self._waiting_bytes += values.nbytes + steps.nbytes
            if self._waiting_bytes > WAITING_BYTES:
                raise OSError(None, "the disk does not keep up")
            waiting = (*self._now.waiting, (columns, steps, values))
            self._now = _Snapshot(self._now.files, waiting)

    def write(self) -> None:
        """Bring what waits to the disk. Raises OSError."""
        with self._writing:
            waiting = self._now.waiting
            files = list(self._now.files)
            at = 0
            while at < len(waiting):
                columns = waiting[at][0]
                same = at
                while same < len(waiting) and waiting[same][0] == columns:
                    same += 1
                if not files or files[-1][0].columns != columns:
                    files.append((RowFile.make(self._new_path(), columns), 0))
                file, count = files[-1]
                rows = _rows(file, waiting[at:same])
                file.write(count, rows)
                files[-1] = (file, count + len(rows))
                at = same
            with self._lock:
                self._waiting_bytes -= sum(s.nbytes + v.nbytes for _, s, v in waiting)
                self._now = _Snapshot(tuple(files), self._now.waiting[len(waiting) :])

    def read(self, column: str, first: int, last: int) -> Archived:
        """Exact values of a column between two steps, and the newest step that is here at all."""
        now = self._now
        try:
            parts = list(_read_files(now.files, column, first, last))
            reach = int(now.waiting[-1][1][-1]) if now.waiting else _newest_step(now.files)
        except OSError:  # taken away meanwhile
            parts, reach = [], 0
        for columns, steps, values in now.waiting:
            if column in columns:
                kept = (steps >= first) & (steps <= last)
                parts.append((steps[kept], values[kept, columns.index(column)]))
        if not parts:
            return np.empty(0, np.int64), np.empty(0, np.float32), reach
        steps, values = (np.concatenate(part) for part in zip(*parts, strict=True))
        return steps, values, reach

    def chunks(self) -> Iterator[tuple[tuple[str, ...], Steps, Floats]]:
        """Everything on the disk, in pieces of a few MB: (columns, steps, values (k, columns))."""
        for file, count in self._now.files:
            for rows in file.pieces(0, count):
                yield file.columns, rows["step"].astype(np.int64), rows["values"]

    def truncate(self, step: int) -> None:
        """Remove the rows after this step. Raises OSError."""
        self.write()
        with self._writing:
            files = []
            for file, count in self._now.files:
                kept = file.place_of(step, count)
                if kept:
                    file.cut(kept)
                    files.append((file, kept))
                else:
                    file.path.unlink(missing_ok=True)
            with self._lock:
                self._now = _Snapshot(tuple(files))

    def drop_waiting(self) -> None:
        """Forget what could not be written."""
        with self._lock:
            self._waiting_bytes = 0
            self._now = _Snapshot(self._now.files)

    def _new_path(self) -> Path:
        """Behind all that are there, also such as hold no rows."""
        taken = [path.stem.rpartition("-")[2] for path in self._folder.glob(f"{self._stem}-*{SUFFIX}")]
        number = 1 + max((int(text) for text in taken if text.isdecimal()), default=0)
        if number > FILES:
            raise OSError(None, "there are too many files")
        return self._folder / f"{self._stem}-{number:05}{SUFFIX}"


def _read_files(
    files: Sequence[tuple[RowFile, int]], column: str, first: int, last: int
) -> Iterator[tuple[Steps, Floats]]:
    for file, count in files:
        if column not in file.columns:
            continue
        at = file.columns.index(column)
        for rows in file.pieces(file.place_of(first - 1, count), file.place_of(last, count)):
            yield rows["step"].astype(np.int64), rows["values"][:, at].copy()


def _newest_step(files: Sequence[tuple[RowFile, int]]) -> int:
    if not files:
        return 0
    file, count = files[-1]
    return file.step_at(count - 1)


def _rows(file: RowFile, blocks: tuple[tuple[tuple[str, ...], Steps, Floats], ...]) -> NDArray[Any]:
    rows = np.empty(sum(len(steps) for _, steps, _ in blocks), file.row)
    rows["step"] = np.concatenate([steps for _, steps, _ in blocks])
    rows["values"] = np.concatenate([values for _, _, values in blocks])
    return rows
