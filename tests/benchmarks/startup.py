"""From the start of the process to the first picture of the window."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

from tests.benchmarks.row import Row

RUNS = 7


def measure() -> list[Row]:
    """Seconds until the main window has painted itself once, median of warm starts."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "BACKLIT_CONFIG": folder}
        times = [_start(environment) for _ in range(RUNS + 1)][1:]
    return [Row("process start to window visible", statistics.median(times), "s", 0.6, "lower")]


def _start(environment: dict[str, str]) -> float:
    begun = time.time()
    command = [sys.executable, "-m", "tests.benchmarks.startup"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return float(result.stdout.split()[0]) - begun


def _report_first_paint() -> int:
    """In the process that is timed: the program's own start, with an eye on the first paint."""
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow

    from engine.project.examples import find
    from gui import application

    class Eye(QObject):
        seen = False

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            is_paint = event.type() == QEvent.Type.Paint and isinstance(watched, QMainWindow)
            if is_paint and not self.seen:
                self.seen = True
                QTimer.singleShot(0, self.end)  # after the paint, not before it
            return False

        def end(self) -> None:
            print(time.time(), flush=True)
            QApplication.exit(0)

    make = application.make_application

    def make_and_watch(arguments: list[str]) -> QApplication:
        made = make(arguments)
        eye.setParent(made)
        made.installEventFilter(eye)
        return made

    eye = Eye()
    application.make_application = make_and_watch
    return application.run(find("mnist-cnn"))


if __name__ == "__main__":
    sys.exit(_report_first_paint())
