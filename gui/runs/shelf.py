"""The history of runs for the window: everything that reads or writes it happens in another thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from engine.project.errors import FileProblem
from engine.runs.history import History
from engine.runs.run import Run
from engine.runs.stored import scan
from engine.telemetry.recorder import RecordError
from gui.background import Background
from gui.words import sentence

T = TypeVar("T")


class Shelf(QObject):
    """Work is done in order, so an edit is seen by what follows it."""

    #: (text, level) for the message bar.
    message = Signal(str, str)
    #: Some run is another, new or gone.
    changed = Signal()

    def __init__(self, history: History, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._disk = Background(self)
        self._history = history
        self._closed = False

    @property
    def busy(self) -> bool:
        return self._disk.busy

    def ask(
        self,
        question: Callable[[History], T],
        then: Callable[[T], object] = lambda _: None,
        failed: Callable[[str], object] | None = None,
    ) -> None:
        """`then` gets the answer, or `failed` (by default the message bar) what is wrong."""
        if self._closed:
            return

        def done(answer: T | None, error: Exception | None) -> None:
            if error is None:
                then(answer)  # type: ignore[arg-type]
            elif not isinstance(error, FileProblem | RecordError):
                raise error
            else:
                text = sentence(error.problem) if isinstance(error, RecordError) else str(error)
                (failed or self._complain)(text)

        self._disk.do(lambda: question(self._history), done)

    def change(self, run_id: str, **values: object) -> None:
        """Other name, notes or tags."""
        self.ask(lambda history: history.update(run_id, **values), self._told)

    def _complain(self, text: str) -> None:
        self.message.emit(text, "error")

    def _told(self, _: object) -> None:
        self.changed.emit()

    def shut_down(self) -> None:
        """What was asked is done; then nothing more."""
        self._closed = True
        self._disk.wait()


def listed(history: History, text: str) -> list[Run]:
    """The runs that have the words of `text`, newest first. One whose process is gone did not end
    well."""
    return [
        as_left(history, run) if run.how == "running" and not history.folder(run.id).alive else run
        for run in history.find(text)
    ]


def crashed(history: History) -> list[Run]:
    """The runs to offer at the start, newest first."""
    return [as_left(history, run) for run in history.crashed()]


def as_left(history: History, run: Run) -> Run:
    """A run whose process died, as its folder tells: how far it came, and when it was heard of last."""
    folder = history.folder(run.id)
    heard = [folder.record, *folder.scalars.glob("*"), *folder.states.glob("*")]
    times = [path.stat().st_mtime for path in heard if path.is_file()]
    steps = max(scan(folder.states), default=0)
    changes = {
        "how": "crashed",
        "steps": max(run.steps, steps),
        "ended": max(times, default=run.started),
    }
    return run.model_copy(update=changes)
