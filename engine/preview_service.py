"""Previews for the canvas, away from the GUI thread: the newest project wins."""

from __future__ import annotations

import sys
from threading import Condition

from PySide6.QtCore import QObject, QThread, Signal

from engine.project.project import Project, Weights


class PreviewService(QThread):
    """`preview` returns at once; `previews_ready` carries the Previews of the newest project given."""

    previews_ready = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._condition = Condition()
        self._waiting: tuple[int, Project, Weights, int] | None = None
        self._requests = 0
        self._closing = False

    def preview(self, project: Project, weights: Weights, sample: int) -> int:
        """The number of this request, which its answer names."""
        with self._condition:
            self._requests += 1
            self._waiting = (self._requests, project, weights, sample)
            self._condition.notify()
            return self._requests

    def shut_down(self) -> bool:
        """End the thread and wait for it. False when it did not end in time."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        return self.wait(15_000)

    def run(self) -> None:
        from engine.probes.previews import Previewer

        previewer = Previewer()
        while (task := self._next()) is not None:
            try:
                previews = previewer.of(*task)
            except Exception:  # told, as any other; the next project may be a better one
                sys.excepthook(*sys.exc_info())
                continue
            if self._waiting is None:  # else it is out of date already
                self.previews_ready.emit(previews)

    def _next(self) -> tuple[int, Project, Weights, int] | None:
        with self._condition:
            while self._waiting is None and not self._closing:
                self._condition.wait()
            task, self._waiting = self._waiting, None
            return None if self._closing else task
