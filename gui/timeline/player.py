"""Walks through the recorded states at a steady pace."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from gui.timeline.seeker import Seeker
from gui.timeline.track import Track

#: How long each state is seen at speed 1.
PACE_MS = 400
SPEEDS = (0.5, 1.0, 2.0, 4.0)


class Player(QObject):
    """At the end it is live again, and stops."""

    changed = Signal(bool)

    def __init__(self, track: Track, seeker: Seeker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._track = track
        self._seeker = seeker
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._next)
        self.set_speed(1.0)

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def set_speed(self, speed: float) -> None:
        self._timer.setInterval(round(PACE_MS / speed))

    @Slot()
    def play(self) -> None:
        """From the state that is shown; from the first when that is the end."""
        if self.playing or not self._track.states:
            return
        if self._track.is_live:
            self._track.setValue(0)
        self._timer.start()
        self.changed.emit(True)

    @Slot()
    def stop(self) -> None:
        if self.playing:
            self._timer.stop()
            self.changed.emit(False)

    @Slot()
    def toggle(self) -> None:
        if self.playing:
            self.stop()
        else:
            self.play()

    @Slot()
    def _next(self) -> None:
        if self._seeker.busy:
            return  # a state that nobody saw would be no walk
        self._track.setValue(self._track.value() + 1)
        if self._track.is_live:
            self.stop()
