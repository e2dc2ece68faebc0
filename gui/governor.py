"""How often the screen is redrawn while a training runs: a share of wall time, not a rate.

Drawing and training share one interpreter, so every millisecond drawn is taken from the loop.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QGraphicsView, QWidget

from engine.telemetry.frame import Frame, Watch
from engine.telemetry.mailbox import Mailbox

SHORTEST = 1 / 60  #: s between two redraws: no screen shows more
LONGEST = 1 / 5  #: s: slower than this does not look alive, whatever it costs


class Sink(Protocol):
    """Something on screen that shows frames: a panel, the canvas."""

    def is_visible(self) -> bool: ...

    def show_frame(self, frame: Frame) -> None: ...

    def want(self, watch: Watch) -> Watch: ...


class Governor(QObject):
    """Takes the newest frame, shows it in every visible sink, measures what that cost and asks for
    the next one so late that all sinks together use `budget` of wall time.

    Connect the engine's `frame_ready` to `frame_ready`, and whatever changes what is on screen
    (selection, QDockWidget.visibilityChanged) to `wishes_changed`; panels connect themselves.
    """

    def __init__(
        self,
        mailbox: Mailbox,
        sinks: Sequence[Sink],
        set_watch: Callable[[Watch], object] | None = None,
        *,
        budget: float = 0.08,
        clock: Callable[[], float] = time.perf_counter,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.budget = budget
        #: Told the merged Watch whenever it changes.
        self.set_watch = set_watch
        #: Seconds that the last redraw took, painting included, and the pause that followed from it.
        self.cost = 0.0
        self.pause = SHORTEST
        self._mailbox = mailbox
        self._sinks = tuple(sinks)
        self._clock = clock
        self._frame: Frame | None = None
        self._watch: Watch | None = None
        self._visible: tuple[Sink, ...] = ()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._request)
        for sink in self._sinks:
            signal = getattr(sink, "wish_changed", None)
            if signal is not None:
                signal.connect(self.wishes_changed)
        self.wishes_changed()

    def follow(self, mailbox: Mailbox, set_watch: Callable[[Watch], object]) -> None:
        """Take frames from another run from now on."""
        self.forget()
        self._mailbox = mailbox
        self.set_watch = set_watch
        self._watch = None
        self.wishes_changed()

    @Slot()
    def frame_ready(self) -> None:
        """A frame lies in the mailbox."""
        frame = self._mailbox.take()
        if frame is None:
            return
        self._frame = frame
        self._merge_wishes()
        start = self._clock()
        for sink in self._visible:
            sink.show_frame(frame)
        paint_now(self._visible)
        self.cost = self._clock() - start
        share = max(self.budget, 1e-3)
        self.pause = min(max(self.cost / share - self.cost, SHORTEST), LONGEST)
        # With nothing on screen nothing is asked for: the loop then runs as if alone.
        if self._visible:
            self._timer.start(round(self.pause * 1000))

    @Slot()
    def wishes_changed(self) -> None:
        """Something came into view, went out of it, or wants to see another node or sample."""
        before = self._visible
        self._merge_wishes()
        if self._frame is not None:
            for sink in self._visible:
                if sink not in before:
                    sink.show_frame(self._frame)
        if self._visible and not self._timer.isActive():
            self._mailbox.request()

    @Slot()
    def forget(self) -> None:
        """The run was dropped: its last frame is not shown to panels that open later."""
        self._frame = None
        self._mailbox.take()

    @Slot()
    def _request(self) -> None:
        self._mailbox.request()

    def _merge_wishes(self) -> None:
        self._visible = tuple(sink for sink in self._sinks if sink.is_visible())
        watch = Watch()
        for sink in self._visible:
            watch = sink.want(watch)
        if watch != self._watch:
            self._watch = watch
            if self.set_watch is not None:
                self.set_watch(watch)


def paint_now(sinks: Sequence[object]) -> None:
    """Deliver the paint events that are pending in the windows of these sinks.

    Painting is most of the cost, and Qt does it later, out of sight of any stopwatch here. An event
    filter sees a paint begin but not end; `repaint()` paints what is clean as well, and a graphics
    view once more when its scene reports its changes. Handing over the pending events paints exactly
    what is dirty, once."""
    windows = {sink.window() for sink in sinks if isinstance(sink, QWidget)}
    for window in windows:
        for view in window.findChildren(QGraphicsView):
            if view.isVisible() and view.scene() is not None:
                QCoreApplication.sendPostedEvents(view.scene(), QEvent.Type.MetaCall.value)
        QCoreApplication.sendPostedEvents(window, QEvent.Type.UpdateRequest.value)
