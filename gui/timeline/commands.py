"""The timeline in the window: its commands, when each makes sense, and all that follows its handle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QMessageBox

from gui.timeline.timeline import Timeline

if TYPE_CHECKING:
    from gui.window import MainWindow

_BACK = ("play_back", "earlier_state", "later_state")


class TimelineCommands(QObject):
    """In sight while there is a run with recorded states, unless it was put away."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._actions = window.commands
        self._preferences = window.settings.preferences
        self.timeline = Timeline(window.engine, window.settings)
        self.timeline.hide()
        window.column.addWidget(self.timeline)
        toggle = self._actions["timeline"]
        toggle.setCheckable(True)
        toggle.setChecked(self._preferences.timeline)
        toggle.toggled.connect(self._toggled)
        self._actions.handle(
            {
                "play_back": self.timeline.player.toggle,
                "earlier_state": self.timeline.earlier,
                "later_state": self.timeline.later,
                "go_live": self.timeline.go_live,
                "continue_from": self.ask_fork,
            }
        )
        self.timeline.fork_wanted.connect(self.ask_fork)
        self.timeline.moved.connect(self._follow)
        window.canvas.past_sign.clicked.connect(self.timeline.go_live)
        window.training.started.connect(self.timeline.start_run)
        window.training.started.connect(self._follow)
        window.training.state_changed.connect(self._follow)
        window.engine.states_changed.connect(self._follow)
        window.engine.viewed_changed.connect(self._show_viewed)
        window.editor.replaced.connect(self.clear)
        self._follow()

    @Slot()
    def clear(self) -> None:
        """The run was dropped."""
        self.timeline.clear()
        self._show_viewed(None)
        self._follow()

    @Slot()
    def ask_fork(self) -> None:
        """Say what will happen, then let it happen."""
        step = self.timeline.viewed
        if step is None:
            return
        self.timeline.player.stop()
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(self.tr("Continue from step {0}?").format(format(step, ",")))
        box.setInformativeText(self._consequences(step))
        go_on = box.addButton(self.tr("Continue from Here"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(go_on)
        box.exec()
        if box.clickedButton() is go_on:
            self._window.training.fork(step)

    def _consequences(self, step: int) -> str:
        text = self.tr(
            "A new run begins with weights, optimizer and data as they were at step {0}, and with the "
            "recipe as it is now."
        ).format(format(step, ","))
        if self._window.engine.state in ("running", "paused"):
            text += " " + self.tr("The present run ends at step {0}. It stays in the history.").format(
                format(self._window.engine.steps_done, ",")
            )
        else:
            text += " " + self.tr("The run that is shown stays in the history as it is.")
        if self._window.training.differs:
            text += "\n\n" + self.tr(
                "The diagram has changed since that run began: only what still fits is taken over."
            )
        return text

    @Slot()
    def _follow(self) -> None:
        """What is in sight, and which commands make sense."""
        timeline = self.timeline
        here = self._window.training.run is self._window.engine  # elsewhere no states are recorded
        timeline.setVisible(here and timeline.has_states and self._preferences.timeline)
        none = self.tr("There are no recorded states. Train first.")
        for name in _BACK:
            self._actions.set_enabled(name, timeline.has_states, none)
        live = timeline.viewed is None
        reason = self.tr("Everything is live already.")
        self._actions.set_enabled("go_live", not live, reason)
        reason = self.tr("Go back to a recorded step first.")
        self._actions.set_enabled("continue_from", not live, reason)
        self._window.previews.look_back(not live)

    @Slot(object)
    def _show_viewed(self, step: int | None) -> None:
        """The sign of the past, wherever frames are shown."""
        if step is None:
            self._window.canvas.past_sign.show_text("")
        else:
            newest = max(self.timeline.track.newest, step)
            text = self.tr("Step {0} of {1} · back to live")
            text = text.format(format(step, ","), format(newest, ","))
            self._window.canvas.past_sign.show_text(text)
        for panel in self._window.panels.values():
            panel.show_viewed(step)

    @Slot(bool)
    def _toggled(self, wanted: bool) -> None:
        self._preferences.timeline = wanted
        self._window.settings.save()
        self._follow()
