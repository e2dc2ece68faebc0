"""What a run records, in a folder: rows of numbers, and a line of JSON for each event."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Lock, Timer
from typing import Any

from engine.telemetry.rows import Archive, RowsError
from engine.telemetry.series import Floats, Steps

EVENTS = "events.jsonl"
EVENTS_BYTES = 256 * 2**20
LINE_BYTES = 2**20
#: A crash loses no more than this.
FLUSH_SECONDS = 2.0
#: Beyond this many bytes of gradient norms only every second, fourth … watched step goes to the disk,
#: so that the file grows with the logarithm of the run.
THINNED_BYTES = 32 * 2**20

Event = Mapping[str, Any]


class Journal:
    """Takes what is recorded without touching the disk; a timer that runs only while something waits
    writes it every two seconds. When the disk fails, recording to it ends, `failed` is called once with
    the reason, and the training goes on.

    `failed` may come from the timer's thread.
    """

    def __init__(self, folder: Path, failed: Callable[[str], None]) -> None:
        self.folder = folder
        self.scalars = Archive(folder, "scalars")
        self.gradients = Archive(folder, "gradients")
        self.stopped = False
        self._failed = failed
        self._lines: list[bytes] = []
        #: What a crash left half-written at the end is closed off before anything follows.
        self._torn = False
        self._gradient_rows = 0
        self._lock = Lock()
        self._timer: Timer | None = None

    def begin(self, header: Event) -> None:
        """A new run: the folder, and the first line."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._fail(error)
        self.add_event(header)
        self.close()  # a run that crashes at once can be opened all the same

    def load(self) -> Iterator[Event]:
        """Take over the numbers of an older run, and give its events. Raises RowsError or OSError."""
        self.scalars.load()
        self.gradients.load()
        path = self.folder / EVENTS
        if path.stat().st_size > EVENTS_BYTES:
            raise RowsError(f"{EVENTS}: it is larger than {EVENTS_BYTES:,} bytes")
        self._torn = True
        return self.events()

    def events(self) -> Iterator[Event]:
        """Every line on the disk that is whole and says something. Raises OSError."""
        with (self.folder / EVENTS).open("rb") as file:
            while line := file.readline(LINE_BYTES):
                try:
                    event = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(event, dict):
                    yield event

    def add_scalars(self, columns: tuple[str, ...], steps: Steps, values: Floats) -> None:
        self._add(self.scalars, columns, steps, values)

    def add_gradients(self, columns: tuple[str, ...], steps: Steps, values: Floats) -> None:
        self._gradient_rows += 1
        if self._gradient_rows % 2 ** (self.gradients.bytes // THINNED_BYTES) == 0:
            self._add(self.gradients, columns, steps, values)

    def add_event(self, event: Event) -> None:
        if not self.stopped:
            line = json.dumps(event).encode() + b"\n"
            with self._lock:
                self._lines.append(line)
            self._wake()

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            self._timer = None
            lines, self._lines = self._lines, []
        if self.stopped:
            return
        try:
            if lines:
                with (self.folder / EVENTS).open("ab") as file:
                    file.write(b"".join([b"\n", *lines] if self._torn else lines))
                self._torn = False
            self.scalars.write()
            self.gradients.write()
        except OSError as error:
            self._fail(error)

    def close(self) -> None:
        timer = self._timer
        if timer is not None:
            timer.cancel()
        self.flush()

    def truncate(self, step: int, keep: Callable[[Event], bool]) -> None:
        """Only the rows up to this step, and the events that are to be kept."""
        if self.stopped:
            return
        self.close()
        try:
            self.scalars.truncate(step)
            self.gradients.truncate(step)
            path = self.folder / EVENTS
            fresh = path.with_suffix(".tmp")
            with fresh.open("wb") as file:
                for event in filter(keep, self.events()):
                    file.write(json.dumps(event).encode() + b"\n")
            os.replace(fresh, path)
        except OSError as error:
            self._fail(error)

    def _add(self, archive: Archive, columns: tuple[str, ...], steps: Steps, values: Floats) -> None:
        if self.stopped:
            return
        try:
            archive.add(columns, steps, values)
        except OSError as error:
            self._fail(error)
        self._wake()

    def _wake(self) -> None:
        with self._lock:
            if self._timer is None and not self.stopped:
                self._timer = Timer(FLUSH_SECONDS, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def _fail(self, error: OSError) -> None:
        with self._lock:
            if self.stopped:
                return
            self.stopped = True
        for archive in (self.scalars, self.gradients):
            archive.drop_waiting()
        self._failed(error.strerror or str(error))
