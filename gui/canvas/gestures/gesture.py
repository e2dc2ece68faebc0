"""What a gesture is: it begins with a press, shows a preview, and ends in one edit or none."""

from __future__ import annotations

from PySide6.QtCore import QPointF

#: Screen pixels that the mouse may tremble during a click.
SLACK = 4


class Gesture:
    """Points are in scene coordinates. After `finish` or `cancel` the gesture is over."""

    def move(self, point: QPointF) -> None:
        """The cursor is at `point` now."""

    def finish(self, point: QPointF) -> None:
        """The button was released at `point`: take the preview away and make the edit."""

    def cancel(self) -> None:
        """Leave everything as it was."""
