"""The real window with canvas and panels live, training the seed CNN off-screen. Reads seconds,
writes steps per second, paused in between."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from threading import Thread

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from engine.project.examples import find
from engine.project.project_file import read
from gui.application import GarbageCollector, make_application
from gui.settings import Settings
from gui.window import MainWindow


class Driver(QObject):
    """Obeys lines of standard input, which a thread of its own reads."""

    told = Signal(str)

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self._window = window
        self.told.connect(self.go)

    def listen(self) -> None:
        for line in sys.stdin:
            self.told.emit(line)
        self.told.emit("")

    @Slot(str)
    def go(self, line: str) -> None:
        if not line:
            QApplication.exit(0)
            return
        self._window.training.train()
        self._wait_running(float(line))

    def _wait_running(self, seconds: float) -> None:
        if self._window.engine.state != "running":
            QTimer.singleShot(10, lambda: self._wait_running(seconds))
            return
        started, step = time.perf_counter(), self._steps()
        QTimer.singleShot(round(seconds * 1000), lambda: self._finish(started, step))

    def _finish(self, started: float, step: int) -> None:
        speed = (self._steps() - step) / (time.perf_counter() - started)
        self._window.training.pause()
        self._report_when_paused(speed)

    def _report_when_paused(self, speed: float) -> None:
        if self._window.engine.state != "paused":
            QTimer.singleShot(10, lambda: self._report_when_paused(speed))
            return
        print(speed, flush=True)

    def _steps(self) -> int:
        return self._window.engine.steps_done


def main() -> int:
    application = make_application(sys.argv[:1])
    GarbageCollector(application)
    window = MainWindow(Settings())
    opened = read(find("mnist-cnn"))
    recipe = opened.project.recipe.model_copy(update={"epochs": 100_000})
    window.show()
    window.editor.open(replace(opened.project, recipe=recipe), {})
    driver = Driver(window)
    Thread(target=driver.listen, daemon=True).start()
    application.exec()
    window.shut_down()
    return 0


if __name__ == "__main__":
    sys.exit(main())
