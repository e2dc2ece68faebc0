"""Work that may be slow, done in another thread, its result brought back to this one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal, Slot


class _Messenger(QObject):
    finished = Signal(object, object)


class _Task(QRunnable):
    def __init__(self, work: Callable[[], Any], messenger: _Messenger) -> None:
        super().__init__()
        self._work = work
        self._messenger = messenger

    def run(self) -> None:
        try:
            self._messenger.finished.emit(self._work(), None)
        except Exception as error:  # handed to the thread that asked
            self._messenger.finished.emit(None, error)


class Background(QObject):
    """Runs one piece of work after the other, in order: writes to disk must not overtake each other."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(1)
        self._waiting: list[tuple[_Messenger, Callable[[Any, Exception | None], None]]] = []

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def do(self, work: Callable[[], Any], then: Callable[[Any, Exception | None], None]) -> None:
        """Call `work` in the other thread, then `then(result, error)` in this one."""
        messenger = _Messenger(self)
        messenger.finished.connect(self._finished)
        self._waiting.append((messenger, then))
        self._pool.start(_Task(work, messenger))

    @Slot(object, object)
    def _finished(self, result: Any, error: Exception | None) -> None:
        messenger, then = self._waiting.pop(0)  # one thread, so results come in order
        messenger.deleteLater()
        then(result, error)

    def wait(self) -> None:
        self._pool.waitForDone()
