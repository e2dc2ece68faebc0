"""The scalars of a run, kept for every step, readable while they grow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from engine.network.problem import Problem
from engine.telemetry.frame import LayerGradient
from engine.telemetry.journal import Event, Journal
from engine.telemetry.rows import COLUMNS, RowsError
from engine.telemetry.series import CAPACITY, Floats, Points, Series, Steps

__all__ = ["Mark", "Points", "RecordError", "Recorder", "Series", "Validation"]

#: All series of gradients together have so many buckets: a network may have thousands of layers.
GRADIENT_BUCKETS = 2**19
LEAST_GRADIENT_BUCKETS = 256
#: What is held of a run that validates after every few steps; the folder has all of them.
MOST_VALIDATIONS = 2048  # an even number
MOST_MARKS = 2048
_NORM, _RATIO = "norm/", "ratio/"


class RecordError(Exception):
    """A folder whose run cannot be read."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True)
class Validation:
    """What a validation found, and the training since the one before, by name ("loss", "accuracy" …).

    Losses are means over samples; shares such as accuracy are 0 … 1."""

    epoch: int
    step: int
    train: Mapping[str, float]
    validation: Mapping[str, float]
    steps_per_second: float


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step: "learning_rate", "batch_size" … (a live change, with values
    "before" and "after"), "best", "checkpoint", "resumed", "early_stop", "not_recorded"."""

    step: int
    code: str
    values: Mapping[str, str | float] = field(default_factory=dict)


class Recorder:
    """All scalars of one run, by name; a value of step k is the mean over its batch.

    One thread adds; whoever reads sees mappings, tuples and views that do not change any more. With a
    folder, everything is also kept there, exactly, and `open` brings it back.
    Gradient norms and update ratios are those of the steps that somebody watched. Of very many
    validations and marks, older ones are thinned; of two neighbours the better validation stays.
    """

    def __init__(
        self, run: int, steps_per_epoch: int, validation_samples: int = 0, folder: Path | None = None
    ) -> None:
        self.run = run
        #: How many samples can be looked at; 0 when that is not known.
        self.validation_samples = validation_samples
        self.steps_per_epoch = steps_per_epoch
        self._lock = Lock()
        self._journal = Journal(folder, self._disk_failed) if folder is not None else None
        #: The loss is always there, the others with their first value.
        self.scalars: Mapping[str, Series] = {"loss": self._series("loss")}
        self.validations: tuple[Validation, ...] = ()
        self.marks: tuple[Mark, ...] = ()
        self.gradient_norms: Mapping[str, Series] = {}
        self.update_ratios: Mapping[str, Series] = {}
        if self._journal is not None:
            self._journal.begin(self._header())

    @classmethod
    def open(cls, folder: Path) -> Recorder:
        """A run as its folder has it; what is added goes on there. Raises RecordError."""
        recorder = cls(0, 1)
        journal = Journal(folder, recorder._disk_failed)
        try:
            recorder._take_events(journal.load())
            recorder._journal = journal
            recorder._rebuild()
        except (RowsError, OSError) as error:
            values = {"folder": str(folder), "reason": str(error)}
            raise RecordError(Problem("record_not_readable", None, values=values)) from error
        return recorder

    @property
    def folder(self) -> Path | None:
        return self._journal.folder if self._journal is not None else None

    @property
    def newest_step(self) -> int:
        return max((series.next_step - 1 for series in self.scalars.values()), default=0)

    @property
    def gradient_steps(self) -> Steps:
        """The steps that were watched, as far as the series of gradients keep them apart."""
        series = next(iter(self.gradient_norms.values()), None)
        return series.view().steps if series is not None else np.empty(0, np.int64)

    def add_scalars(self, first_step: int, names: Sequence[str], values: Floats) -> None:
        """values: (k, names) of steps first_step, first_step + 1, … Steps that are there already are
        forgotten first, with all that came after them."""
        if not len(values):
            return
        if first_step <= self.newest_step:
            self.truncate(first_step - 1)
        steps = np.arange(first_step, first_step + len(values), dtype=np.int64)
        values = np.array(values, np.float32)  # the caller may use its array again
        if self._journal is not None:
            self._journal.add_scalars(tuple(names), steps, values)
        self._extend_scalars(names, steps, values)

    def add_gradients(self, step: int, gradients: Mapping[str, LayerGradient]) -> None:
        nodes = list(gradients)
        norms = [layer.gradient for layer in gradients.values()]
        ratios = [layer.ratio for layer in gradients.values()]
        columns = tuple([_NORM + node for node in nodes] + [_RATIO + node for node in nodes])
        steps, values = np.array([step]), np.array([norms + ratios], np.float32)
        if self._journal is not None and 0 < len(columns) <= COLUMNS:
            self._journal.add_gradients(columns, steps, values)
        self._extend_gradients(columns, steps, values)

    def add_validation(self, validation: Validation) -> None:
        self._keep_validation(validation)
        if self._journal is not None:
            self._journal.add_event({"validation": asdict(validation)})

    def add_mark(self, mark: Mark) -> None:
        """From any thread."""
        self._keep_mark(mark)
        if self._journal is not None:
            self._journal.add_event({"mark": asdict(mark)})

    def truncate(self, step: int) -> None:
        """A run that goes on from an older state forgets what came after it. On the disk that is exact;
        without one, of buckets that reach beyond the step nothing is kept."""
        journal = self._journal
        if journal is not None:
            journal.truncate(step, partial(_is_until, step))
        if journal is not None and not journal.stopped:
            self._take_events(journal.events())
            self._rebuild()
            return
        self.validations = tuple(v for v in self.validations if v.step <= step)
        with self._lock:
            self.marks = tuple(mark for mark in self.marks if mark.step <= step)
        for group in (self.scalars, self.gradient_norms, self.update_ratios):
            for series in group.values():
                series.truncate(step)

    def flush(self) -> None:
        """Bring what was added to the disk now."""
        if self._journal is not None:
            self._journal.flush()

    def close(self) -> None:
        """The run ended: everything is on the disk then."""
        if self._journal is not None:
            self._journal.close()

    def _keep_validation(self, validation: Validation) -> None:
        kept = self.validations
        if len(kept) >= MOST_VALIDATIONS:
            # Of two neighbours the better one, so the best is always there.
            pairs = zip(kept[::2], kept[1::2], strict=True)
            kept = tuple(min(pair, key=_loss_of) for pair in pairs)
        self.validations = (*kept, validation)

    def _keep_mark(self, mark: Mark) -> None:
        with self._lock:
            kept = self.marks
            if len(kept) >= MOST_MARKS:
                # What only the newest of counts goes first.
                kept = tuple(m for m in kept if m.code not in ("best", "checkpoint"))
            self.marks = (*kept[-MOST_MARKS + 1 :], mark)

    def _header(self) -> Event:
        names = ("run", "steps_per_epoch", "validation_samples")
        return {"recorder": {name: getattr(self, name) for name in names}}

    def _disk_failed(self, reason: str) -> None:
        self.add_mark(Mark(self.newest_step, "not_recorded", {"reason": reason}))

    def _series(self, name: str) -> Series:
        journal = self._journal
        return Series(archive=partial(journal.scalars.read, name) if journal is not None else None)

    def _extend_scalars(self, names: Sequence[str], steps: Steps, values: Floats) -> None:
        missing = [name for name in names if name not in self.scalars]
        if missing:
            self.scalars = {**self.scalars, **{name: self._series(name) for name in missing}}
        for name, column in zip(names, values.T, strict=True):
            self.scalars[name].append(column, steps)

    def _extend_gradients(self, columns: Sequence[str], steps: Steps, values: Floats) -> None:
        groups = {_NORM: dict(self.gradient_norms), _RATIO: dict(self.update_ratios)}
        buckets = GRADIENT_BUCKETS // max(len(columns), 1)
        capacity = min(max(buckets, LEAST_GRADIENT_BUCKETS), CAPACITY // 2)
        read = self._journal.gradients.read if self._journal is not None else None
        for column, numbers in zip(columns, values.T, strict=True):
            kind, slash, node = column.partition("/")
            group = groups.get(kind + slash, {})
            if node not in group:
                group[node] = Series(capacity, partial(read, column) if read is not None else None)
            group[node].append(numbers, steps)
        if len(groups[_NORM]) > len(self.gradient_norms):
            # Only where a layer is new: whoever reads holds the mapping meanwhile.
            self.gradient_norms, self.update_ratios = groups[_NORM], groups[_RATIO]

    def _rebuild(self) -> None:
        """The series anew from the disk, piece by piece."""
        assert self._journal is not None
        fresh = Recorder(self.run, self.steps_per_epoch)
        fresh._journal = self._journal
        fresh.scalars = {"loss": fresh._series("loss")}
        for names, steps, values in self._journal.scalars.chunks():
            fresh._extend_scalars(names, steps, values)
        for columns, steps, values in self._journal.gradients.chunks():
            fresh._extend_gradients(columns, steps, values)
        self.scalars = fresh.scalars
        self.gradient_norms, self.update_ratios = fresh.gradient_norms, fresh.update_ratios

    def _take_events(self, events: Iterable[Event]) -> None:
        """What does not fit is left out: a run with one line less is still worth reading."""
        self.validations, self.marks = (), ()
        for event in events:
            try:
                if "recorder" in event:
                    numbers = event["recorder"]
                    self.run = int(numbers["run"])
                    self.steps_per_epoch = max(int(numbers["steps_per_epoch"]), 1)
                    self.validation_samples = max(int(numbers["validation_samples"]), 0)
                elif "validation" in event:
                    self._keep_validation(_validation(event["validation"]))
                elif "mark" in event:
                    self._keep_mark(_mark(event["mark"]))
            except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
                continue


def _loss_of(validation: Validation) -> float:
    loss = validation.validation.get("loss", math.inf)
    return math.inf if math.isnan(loss) else loss


def _is_until(step: int, event: Event) -> bool:
    """Whether an event still stands when all after this step is forgotten."""
    about = event.get("validation", event.get("mark"))
    if about is None:
        return "recorder" in event
    return isinstance(about, dict) and isinstance(about.get("step"), int) and about["step"] <= step


def _validation(given: Mapping[str, Any]) -> Validation:
    train, validation = (
        {str(name): float(value) for name, value in given[part].items()}
        for part in ("train", "validation")
    )
    speed = float(given["steps_per_second"])
    return Validation(int(given["epoch"]), int(given["step"]), train, validation, speed)


def _mark(given: Mapping[str, Any]) -> Mark:
    values = {
        str(name): value if isinstance(value, str) else float(value)
        for name, value in given["values"].items()
    }
    return Mark(int(given["step"]), str(given["code"]), values)
