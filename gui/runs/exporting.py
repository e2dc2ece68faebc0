"""Curves of runs into files, in another thread, with a share that is done and a way to stop."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import Literal

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QProgressDialog, QWidget

from engine.project.errors import FileProblem
from engine.runs.folder import RunFolder, runs_folder
from engine.runs.run import Run
from engine.telemetry.recorder import Recorder, RecordError
from gui.background import Background
from gui.runs.words import name_of
from gui.words import sentence

Format = Literal["csv", "tensorboard"]
_WHOLE = 1000


class Exporter(QObject):
    """One export at a time."""

    #: (text, level) for the message bar.
    message = Signal(str, str)
    #: How much is done, of _WHOLE; from the other thread.
    advanced = Signal(int)

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._disk = Background(self)
        self._stop = Event()
        self.dialog: QProgressDialog | None = None
        self.advanced.connect(self._show_share)

    @property
    def busy(self) -> bool:
        return self._disk.busy

    def export(self, runs: Sequence[Run], place: Path, kind: Format) -> None:
        """One CSV file into the file `place`; several, or event files, into the folder `place`."""
        if self.busy or not runs:
            return
        self._stop.clear()
        self.dialog = dialog = QProgressDialog(
            self.tr("Exporting the curves of runs …"), self.tr("Cancel"), 0, _WHOLE, self._window
        )
        dialog.setWindowModality(Qt.WindowModality.NonModal)
        dialog.setMinimumDuration(400)
        dialog.setAutoClose(False)
        dialog.setAutoReset(False)
        dialog.canceled.connect(self._stop.set)
        dialog.setValue(0)
        work = _work(tuple(runs), place, kind, self._tell)

        def done(whole: bool | None, error: Exception | None) -> None:
            dialog.close()
            dialog.deleteLater()
            self.dialog = None
            self._report(whole, error, place)

        self._disk.do(work, done)

    def shut_down(self) -> None:
        self._stop.set()
        self._disk.wait()

    def _tell(self, share: float) -> bool:
        """In the other thread. Whether to go on."""
        self.advanced.emit(int(share * _WHOLE))
        return not self._stop.is_set()

    @Slot(int)
    def _show_share(self, share: int) -> None:
        if self.dialog is not None and not self._stop.is_set():
            self.dialog.setValue(share)

    def _report(self, whole: bool | None, error: Exception | None, place: Path) -> None:
        if isinstance(error, RecordError):
            self.message.emit(sentence(error.problem), "error")
        elif isinstance(error, FileProblem):
            self.message.emit(str(error), "error")
        elif isinstance(error, ModuleNotFoundError):
            text = self.tr("This export needs the Python package {0}. Install it, then try again.")
            self.message.emit(text.format(error.name), "error")
        elif error is not None:
            raise error
        elif whole:
            self.message.emit(self.tr("Exported to {0}").format(str(place)), "status")
        else:
            self.message.emit(self.tr("The export was stopped"), "status")


def _work(
    runs: tuple[Run, ...], place: Path, kind: Format, tell: Callable[[float], bool]
) -> Callable[[], bool]:
    def work() -> bool:
        from engine.interop.csv_file import write_csv
        from engine.interop.event_file import write_events

        for at, run in enumerate(runs):

            def share(part: float, at: int = at) -> bool:
                return tell((at + part) / len(runs))

            if not share(0.0):
                return False
            recorder = Recorder.open(RunFolder(runs_folder() / run.id).scalars)
            if kind == "csv":
                path = place if len(runs) == 1 else place / f"{file_name(run)}.csv"
                whole = write_csv(path, recorder, share)
            else:
                whole = write_events(place / file_name(run), recorder, run, share) is not None
            if not whole:
                return False
        return True

    return work


def file_name(run: Run) -> str:
    """A name for a file that says which run it is, on any system; no two runs have the same."""
    words = re.sub(r"[^\w.-]+", "-", name_of(run)).strip("-.")[:60]
    return f"{words or 'run'}-{run.id}"
