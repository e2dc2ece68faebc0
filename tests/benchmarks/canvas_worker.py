"""Measures the canvas of the real window, off-screen and at 1x; writes rows as JSON.

A frame is one synchronous repaint of the canvas, from `repaint()` until its pixels stand in the backing
store of the window. Before each frame something is changed that leaves no pixel as it was, so that no
picture of the frame before can be shown again: the zoom where the whole network is in view, the place
where it is panned. The change itself is part of the frame.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, QTimer
from PySide6.QtWidgets import QApplication

from engine.build.report import ShapeReport
from engine.network.edits import SetParameter
from engine.project.project_file import write
from gui.application import GarbageCollector, make_application
from gui.settings import Settings
from gui.window import MainWindow
from tests.benchmarks.diagrams import residual
from tests.benchmarks.row import Row

VIEW = QSize(1280, 800)
FRAMES, OPENINGS, EDITS = 40, 5, 25
WARM_UP = 5
#: The scrolling of a mouse that is dragged at leisure.
STEP = 7
PATIENCE = 60.0


class Eye(QObject):
    """Counts what is painted in a widget."""

    def __init__(self, watched: QObject) -> None:
        super().__init__(watched)
        self.paints = 0
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.paints += event.type() == QEvent.Type.Paint
        return False


class Heart(QObject):
    """Beats every millisecond; the longest time between two beats is how long the event loop of the
    GUI thread was blocked, waiting for Python's lock included."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.longest = 0.0
        self._last: float | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self.longest, self._last = 0.0, time.perf_counter()
        self._timer.start(1)

    def stop(self) -> float:
        """The longest pause, in ms."""
        self._beat()
        self._timer.stop()
        return self.longest * 1000

    def _beat(self) -> None:
        now = time.perf_counter()
        if self._last is not None:
            self.longest = max(self.longest, now - self._last)
        self._last = now


class Bench:
    def __init__(self, window: MainWindow, folder: Path) -> None:
        self.window = window
        self.canvas = window.canvas
        self.folder = folder
        self.eye = Eye(window.canvas.viewport())
        self.report: ShapeReport | None = None
        window.editor.shapes_changed.connect(self._take)

    def _take(self, report: ShapeReport) -> None:
        self.report = report

    def wait(self, until: Callable[[], bool]) -> None:
        end = time.perf_counter() + PATIENCE
        while not until():
            QApplication.processEvents()
            if time.perf_counter() > end:
                raise TimeoutError
            time.sleep(0.0002)  # the threads that are waited for need Python's lock

    def make_room(self) -> None:
        """The canvas gets the size that all is measured at."""
        more = VIEW - self.canvas.viewport().size()
        self.window.resize(self.window.size() + more)
        self.wait(lambda: self.canvas.viewport().size() == VIEW)

    def show(self, count: int) -> float:
        """Open a network of `count` nodes; seconds until its items are made. Returns when its shapes
        are there and everything is at rest."""
        project = residual(count)
        self.report = None
        start = time.perf_counter()
        self.window.editor.open(project, {})
        seconds = time.perf_counter() - start
        self.canvas.fit()
        self.wait(lambda: self.report is not None)
        self.rest()
        return seconds

    def rest(self) -> None:
        """Until there was nothing to do for a while: fixes are looked for after shapes."""
        end = time.perf_counter() + 0.5
        self.wait(lambda: time.perf_counter() > end)

    # Frames

    def whole(self) -> float:
        """ms a frame with the whole network in view, while it is zoomed by a hair."""
        self.canvas.fit()
        zoom = self.canvas.zoom
        factors = itertools.cycle((1.0, 0.995, 0.99, 0.985))

        def frame() -> None:
            self.canvas.zoom_to(zoom * next(factors))
            self.canvas.viewport().repaint()

        return self._median(frame)

    def panning(self) -> float:
        """ms a frame at 1:1 in the middle of the network, scrolled by 7 px, as a hand does it: the
        view moves its pixels and paints what comes into sight."""
        self.canvas.zoom_reset()
        self.canvas.centerOn(self.canvas.minimap.world.center())
        QApplication.processEvents()

        def frame() -> None:
            self.canvas.pan(QPoint(STEP, 0))
            self._deliver()

        return self._median(frame)

    def dragging(self) -> float:
        """ms a frame while one card is dragged with the whole network in view."""
        self.canvas.fit()
        scene = self.canvas.scene()
        key = next(iter(self.window.editor.network.nodes))
        x, y = scene.position(key)
        steps = itertools.count()

        def frame() -> None:
            scene.place({key: (x + next(steps), y)})
            self._deliver()

        result = self._median(frame)
        scene.place({key: (x, y)})
        return result

    def _deliver(self) -> None:
        """Until what has changed is painted."""
        end = time.perf_counter() + PATIENCE
        while not self.eye.paints:
            QApplication.processEvents()
            if time.perf_counter() > end:
                raise TimeoutError

    def _median(self, frame: Callable[[], None]) -> float:
        times = []
        for number in range(WARM_UP + FRAMES):
            QApplication.processEvents()
            self.eye.paints, start = 0, time.perf_counter()
            frame()
            taken = time.perf_counter() - start
            assert self.eye.paints, "nothing was painted"
            if number >= WARM_UP:
                times.append(taken)
        return statistics.median(times) * 1000

    # Opening and editing

    def opening(self, count: int) -> float:
        """Seconds from telling the window to open a file until all of it has been painted."""
        file = self.folder / f"{count}.backlit"
        write(file, residual(count), {})
        times = []
        for _ in range(OPENINGS):
            self.window.documents.new()
            self.rest()
            start = time.perf_counter()
            self.window.documents.load(file)
            self.wait(lambda: len(list(self.canvas.scene().node_items())) == count)
            self.eye.paints = 0
            self.wait(lambda: self.eye.paints > 0 and self._all_in_sight())
            times.append(time.perf_counter() - start)
            self.rest()
        return statistics.median(times)

    def _all_in_sight(self) -> bool:
        seen = self.canvas.mapToScene(self.canvas.viewport().rect()).boundingRect()
        return seen.contains(self.canvas.minimap.world)

    def editing(self) -> tuple[float, float]:
        """ms from one parameter's edit to every shape downstream, all of them new, shown; and the
        longest time that the event loop was blocked meanwhile, in any of the edits."""
        key = "n1"  # the first convolution: all that follows changes its size with its padding
        heart = Heart(self.window)
        times, blocked = [], []
        for padding in range(2, 2 + WARM_UP + EDITS):
            heart.start()
            self.report = None
            start = time.perf_counter()
            self.window.editor.edit(SetParameter(key, "padding", padding), "Edit")
            self.wait(lambda: self.report is not None)
            times.append(time.perf_counter() - start)
            self.rest()  # the picture of it and the search for fixes block nothing, either
            blocked.append(heart.stop())
        return statistics.median(times[WARM_UP:]) * 1000, max(blocked[WARM_UP:])


def measure(bench: Bench) -> list[Row]:
    bench.make_room()
    rows = [
        Row("opening 5,000 nodes, file to full picture", bench.opening(5000), "s", 2.0, "lower"),
    ]
    bench.show(100)
    bench.canvas.zoom_reset()
    taken, blocked = bench.editing()
    rows += [
        Row("an edit in 100 nodes to all shapes updated", taken, "ms", 50, "lower"),
        Row("  longest block of the event loop meanwhile", blocked, "ms", 16, "lower"),
    ]
    bench.show(5000)
    rows += [
        Row("5,000 nodes in view, a frame", bench.whole(), "ms", 16, "lower"),
        Row("panning at 1:1 inside 5,000 nodes, a frame", bench.panning(), "ms", 5, "lower"),
        Row("  dragging a card, 5,000 nodes in view, a frame", bench.dragging(), "ms", None, "lower"),
    ]
    building = statistics.median([bench.show(1000) for _ in range(3)])
    rows += [
        Row("1,000 nodes in view, a frame", bench.whole(), "ms", 8, "lower"),
        Row("  1,000 nodes, building", building, "s", None, "lower"),
    ]
    return rows


def main() -> int:
    application = make_application(sys.argv[:1])
    GarbageCollector(application)
    window = MainWindow(Settings())
    window.show()
    try:
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(window, Path(folder))
            bench.wait(lambda: window.engine.state == "idle")
            rows = measure(bench)
    finally:
        window.shut_down()
    print(json.dumps([row.as_dict() for row in rows]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
