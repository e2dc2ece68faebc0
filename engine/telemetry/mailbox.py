"""A place for one frame: the newest wins, the writer never waits, the reader is never late."""

from __future__ import annotations

from threading import Lock

from engine.telemetry.frame import Frame


class Mailbox:
    """The watcher calls `request`, the loop sees `wanted` at its next step, makes ONE frame and calls
    `put`; the watcher calls `take`. Between request and take nothing else is made, so a slow screen
    sees fewer frames and never old ones."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._frame: Frame | None = None
        #: Read by the loop at every step, so a plain attribute and no lock.
        self.wanted = False

    def request(self) -> None:
        self.wanted = True

    def put(self, frame: Frame) -> bool:
        """Leave a frame. True when the place was empty: then one signal is due, else it is on its
        way already."""
        with self._lock:
            was_empty = self._frame is None
            self._frame = frame
            self.wanted = False
            return was_empty

    def take(self) -> Frame | None:
        with self._lock:
            frame, self._frame = self._frame, None
            return frame
