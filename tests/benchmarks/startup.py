"""From the start of the process to the first picture of the window and to the first training step."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping

from tests.benchmarks.effort import Effort
from tests.benchmarks.row import Row
from tests.benchmarks.worker import off_screen

#: ms between two looks at the engine.
LOOK_MS = 5


def measure(effort: Effort) -> list[Row]:
    """Medians of warm starts, in seconds. Train is pressed as soon as the window is on screen."""
    with off_screen() as environment:
        starts = [_start(environment) for _ in range(effort.starts + 1)][1:]
    visible, trained = (statistics.median(s[name] for s in starts) for name in ("visible", "trained"))
    return [
        Row("process start to window visible", visible, "s", 0.6, "lower"),
        Row("process start to first training step of the seed CNN", trained, "s", 3.0, "lower"),
        Row(
            "  Train pressed to first step, torch not yet imported",
            trained - visible,
            "s",
            None,
            "lower",
        ),
    ]


def _start(environment: Mapping[str, str]) -> dict[str, float]:
    begun = time.time()
    command = [sys.executable, "-m", "tests.benchmarks.startup"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    moments: dict[str, float] = json.loads(result.stdout.splitlines()[-1])
    return {name: moment - begun for name, moment in moments.items()}


def _report_moments() -> int:
    """In the process that is timed: the program's own start, with an eye on the first paint and on the
    first step."""
    from PySide6.QtCore import QEvent, QObject, QTimer, Slot
    from PySide6.QtWidgets import QApplication, QMainWindow

    from engine.project.examples import find
    from gui import application
    from gui.window import MainWindow

    class Eye(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.moments: dict[str, float] = {}

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            is_paint = event.type() == QEvent.Type.Paint and isinstance(watched, QMainWindow)
            if is_paint and not self.moments:
                self.moments["visible"] = 0.0  # after the paint, not before it
                QTimer.singleShot(0, self.seen)
            return False

        @Slot()
        def seen(self) -> None:
            self.moments["visible"] = time.time()
            self.look()

        @Slot()
        def look(self) -> None:
            window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))
            if window.engine.steps_done:
                self.moments["trained"] = time.time()
                print(json.dumps(self.moments), flush=True)
                QApplication.exit(0)
                return
            if not window.training.is_live:
                window.commands["train"].trigger()
            QTimer.singleShot(LOOK_MS, self.look)

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
    sys.exit(_report_moments())
