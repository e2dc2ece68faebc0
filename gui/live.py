"""Joins the engine's frames to everything on screen that shows them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QDockWidget

from gui.canvas.view import CanvasView
from gui.editor import Editor
from gui.governor import Governor
from gui.panels.panel import Panel
from gui.run_source import RunSource


class Live(QObject):
    """The governor, told of everything that changes what is to be seen."""

    def __init__(
        self,
        run: RunSource,
        editor: Editor,
        canvas: CanvasView,
        panels: tuple[Panel, ...],
        docks: Iterable[QDockWidget],
        budget: float,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.governor = Governor(run.mailbox, [canvas, *panels], run.watch, budget=budget, parent=self)
        self._run = run
        run.frame_ready.connect(self.governor.frame_ready)
        editor.selection_changed.connect(self.governor.wishes_changed)
        for dock in docks:
            dock.visibilityChanged.connect(self._visibility_changed)

    def follow(self, run: RunSource) -> None:
        """Show the frames of another run from now on."""
        self._run.frame_ready.disconnect(self.governor.frame_ready)
        self._run = run
        self.governor.follow(run.mailbox, run.watch)
        run.frame_ready.connect(self.governor.frame_ready)

    @Slot()
    def run_started(self) -> None:
        self.governor.wishes_changed()

    @Slot()
    def forget(self) -> None:
        """The run was dropped; nothing of it is shown any more."""
        self.governor.forget()

    @Slot(bool)
    def _visibility_changed(self, _: bool) -> None:
        self.governor.wishes_changed()
