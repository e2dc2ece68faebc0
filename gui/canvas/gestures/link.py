"""A press on a link: a click has selected it, a drag takes its nearer end along."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF

from gui.canvas.gestures.gesture import Gesture


class LinkGesture(Gesture):
    """Becomes the gesture that `begin` makes as soon as the mouse has gone farther than `slack`."""

    def __init__(self, point: QPointF, slack: float, begin: Callable[[], Gesture]) -> None:
        self._press = point
        self._slack = slack
        self._begin = begin
        self._begun: Gesture | None = None

    def move(self, point: QPointF) -> None:
        if self._begun is None and (point - self._press).manhattanLength() >= self._slack:
            self._begun = self._begin()
        if self._begun is not None:
            self._begun.move(point)

    def finish(self, point: QPointF) -> None:
        self.move(point)
        if self._begun is not None:
            self._begun.finish(point)

    def cancel(self) -> None:
        if self._begun is not None:
            self._begun.cancel()
