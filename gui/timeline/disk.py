"""How much of the disk the recorded states of a run take, found out in the background."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.session import EngineThread
from gui.background import Background

#: States come in bursts at the beginning of a run.
PAUSE_MS = 400


@dataclass(frozen=True)
class Used:
    states: int = 0
    bytes: int = 0


class DiskUse(QObject):
    """`changed` follows soon after states were added or thinned out."""

    changed = Signal()

    def __init__(self, engine: EngineThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.used = Used()
        self._engine = engine
        self._disk = Background(self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._look)
        engine.states_changed.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        if not self._pause.isActive():
            self._pause.start()

    def wait(self) -> None:
        """Nothing is read any more."""
        self._pause.stop()
        self._disk.wait()

    @Slot()
    def _look(self) -> None:
        run_id = self._engine.run_id
        if self._disk.busy:
            self._pause.start()
        elif run_id:
            self._disk.do(lambda: _used(run_id), self._take)
        else:
            self._take(Used(), None)

    def _take(self, used: Used | None, error: Exception | None) -> None:
        if used is not None and used != self.used:  # a disk that cannot be read tells nothing new
            self.used = used
            self.changed.emit()


def _used(run_id: str) -> Used:
    from engine.runs.folder import RunFolder, runs_folder
    from engine.runs.stored import scan

    stored = scan(RunFolder(runs_folder() / run_id).states).values()
    return Used(len(stored), sum(one.size for one in stored))
