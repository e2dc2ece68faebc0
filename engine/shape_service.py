"""Shapes and fixes for the editor, away from the GUI thread: the newest project wins."""

from __future__ import annotations

import sys
from threading import Condition

from PySide6.QtCore import QObject, QThread, Signal

from engine.project.project import Project, Weights

#: Seconds between a report and the search for fixes.
BREATH = 0.04


class ShapeService(QThread):
    """`infer` returns at once; `report_ready` carries a ShapeReport of the newest project given, and
    `fixes_ready` after it the Fixes for its problems."""

    report_ready = Signal(object)
    fixes_ready = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._condition = Condition()
        self._waiting: tuple[Project, Weights] | None = None
        self._closing = False

    def infer(self, project: Project, weights: Weights) -> None:
        with self._condition:
            self._waiting = (project, weights)
            self._condition.notify()

    def shut_down(self) -> bool:
        """End the thread and wait for it. False when it did not end in time."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        return self.wait(15_000)

    def run(self) -> None:
        from engine.build.budget import with_costs
        from engine.build.diagnosis import Diagnosis
        from engine.build.fixes import find_fixes

        diagnosis = Diagnosis()
        while (task := self._next()) is not None:
            try:
                report = with_costs(task[0].network, diagnosis.of(*task))
                if self._waiting is None:  # else it is out of date already
                    self.report_ready.emit(report)
                if not self._late_after(BREATH):
                    fixes = find_fixes(task[0], report, diagnosis, self._is_late)
                    if fixes is not None:
                        self.fixes_ready.emit(fixes)
            except Exception:  # told, as any other; the next project may be a better one
                sys.excepthook(*sys.exc_info())

    def _late_after(self, seconds: float) -> bool:
        """Leave Python's lock to the window, which paints the report now; then say `_is_late`."""
        with self._condition:
            return self._condition.wait_for(self._is_late, timeout=seconds)

    def _is_late(self) -> bool:
        """Whether what is being worked on is wanted no longer."""
        return self._waiting is not None or self._closing

    def _next(self) -> tuple[Project, Weights] | None:
        with self._condition:
            while self._waiting is None and not self._closing:
                self._condition.wait()
            task, self._waiting = self._waiting, None
            return None if self._closing else task
