"""The real window with canvas and panels live, training one of the examples off-screen; with `--pan`,
the canvas is dragged about by the middle mouse button meanwhile. Paused between two lines."""

from __future__ import annotations

import math
import sys
import time
from itertools import pairwise
from threading import Thread

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui.application import GarbageCollector, make_application
from gui.settings import Settings
from gui.window import MainWindow
from tests.benchmarks.listening import answer, memory
from tests.benchmarks.project import endless

#: ms between two moves of the mouse, one for each picture of a usual screen.
MOVE_MS = 16
#: The hand goes round in a circle of so many px, once in so many seconds: 200 px a second.
RADIUS, ROUND = 80.0, 2.5
#: ms between two looks at whether enough steps are done.
LOOK_MS = 20


class Hand(QObject):
    """Drags the canvas about as a user does, and notes when it is painted."""

    def __init__(self, viewport: QWidget) -> None:
        super().__init__(viewport)
        self._viewport = viewport
        self._paints: list[float] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._move)
        viewport.installEventFilter(self)

    def press(self) -> None:
        self._send(QEvent.Type.MouseButtonPress, Qt.MouseButton.MiddleButton, pressed=True)
        self._paints.clear()
        self._timer.start(MOVE_MS)

    def release(self) -> list[float]:
        """The times between two paints of the canvas since `press`, in ms."""
        self._timer.stop()
        self._send(QEvent.Type.MouseButtonRelease, Qt.MouseButton.MiddleButton, pressed=False)
        return [round((after - before) * 1000, 2) for before, after in pairwise(self._paints)]

    @Slot()
    def _move(self) -> None:
        self._send(QEvent.Type.MouseMove, Qt.MouseButton.NoButton, pressed=True)

    def _send(self, kind: QEvent.Type, button: Qt.MouseButton, *, pressed: bool) -> None:
        angle = 2 * math.pi * time.perf_counter() / ROUND
        away = QPointF(RADIUS * math.cos(angle), RADIUS * math.sin(angle))
        place = QPointF(self._viewport.rect().center()) + away
        held = Qt.MouseButton.MiddleButton if pressed else Qt.MouseButton.NoButton
        none = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, place, self._viewport.mapToGlobal(place), button, held, none)
        QApplication.sendEvent(self._viewport, event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._paints.append(time.perf_counter())
        return False


class Driver(QObject):
    """Obeys lines of standard input, which a thread of its own reads."""

    told = Signal(str)

    def __init__(self, window: MainWindow, *, pans: bool) -> None:
        super().__init__()
        self._window = window
        self._hand = Hand(window.canvas.viewport()) if pans else None
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
        self._unit, amount = line.split()
        self._amount = float(amount)
        self._window.commands["train"].trigger()
        self._begin_when_running()

    @Slot()
    def _begin_when_running(self) -> None:
        if self._window.engine.state != "running":
            QTimer.singleShot(LOOK_MS, self._begin_when_running)
            return
        if self._hand is not None:
            self._hand.press()
        self._started, self._first = time.perf_counter(), self._steps()
        if self._unit == "seconds":
            QTimer.singleShot(round(self._amount * 1000), self._finish)
        else:
            self._finish_when_done()

    @Slot()
    def _finish_when_done(self) -> None:
        if self._steps() - self._first < self._amount:
            QTimer.singleShot(LOOK_MS, self._finish_when_done)
        else:
            self._finish()

    @Slot()
    def _finish(self) -> None:
        self._speed = (self._steps() - self._first) / (time.perf_counter() - self._started)
        self._frames = self._hand.release() if self._hand is not None else []
        self._window.commands["pause"].trigger()
        self._report_when_paused()

    @Slot()
    def _report_when_paused(self) -> None:
        if self._window.engine.state != "paused":
            QTimer.singleShot(LOOK_MS, self._report_when_paused)
            return
        answer(speed=self._speed, memory=memory(), frames=self._frames)

    def _steps(self) -> int:
        return self._window.engine.steps_done


def main() -> int:
    example, *options = sys.argv[1:]
    application = make_application(sys.argv[:1])
    GarbageCollector(application)
    window = MainWindow(Settings())
    window.show()
    window.editor.open(endless(example), {})
    window.canvas.fit()
    window.select_for_picture()
    driver = Driver(window, pans="--pan" in options)
    Thread(target=driver.listen, daemon=True).start()
    application.exec()
    window.shut_down()
    return 0


if __name__ == "__main__":
    sys.exit(main())
