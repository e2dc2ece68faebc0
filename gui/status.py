"""The status bar: what the engine does, where, how far and how fast."""

from __future__ import annotations

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from gui.theme import GRID, appearance, number_font
from gui.training import Training

REFRESH_MS = 250
MESSAGE_MS = 4000


class StatusBar(QStatusBar):
    """Reads the run's `progress` four times a second while a run is active, else not at all."""

    def __init__(self, training: Training, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._training = training
        self.setSizeGripEnabled(False)
        self._state, self._where = QLabel(), QLabel()
        self._where.setFont(number_font())
        for label in (self._state, self._where):
            label.setContentsMargins(GRID, 0, GRID, 0)
        self.addWidget(self._state)
        self.addPermanentWidget(self._where)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.refresh)
        training.state_changed.connect(self._state_changed)
        training.ended.connect(self.refresh)
        appearance.changed.connect(self.refresh)
        self.refresh()

    def show_note(self, text: str) -> None:
        self.showMessage(text, MESSAGE_MS)

    def _state_changed(self) -> None:
        if self._training.run.state in ("running", "preparing"):
            self._timer.start()
        else:
            self._timer.stop()
        self.refresh()

    def refresh(self) -> None:
        state = self._training.run.state
        words = {
            "starting": self.tr("Starting PyTorch …"),
            "idle": self.tr("Ready"),
            "preparing": self.tr("Preparing data and network …"),
            "running": self.tr("Training"),
            "paused": self.tr("Paused"),
        }
        theme = appearance.theme
        ink = {"running": theme.good, "paused": theme.warning}.get(state, theme.muted)
        text = words[state]
        if self._training.outdated:
            text += self.tr(" · this run uses the diagram as it was when it began")
        self._state.setText(text)
        self._state.setStyleSheet("color: {0};".format(ink))
        self._where.setText(self._place())

    def _place(self) -> str:
        progress = self._training.run.progress
        if not progress.total_steps:
            return ""
        parts = [
            progress.device.upper(),
            self.tr("epoch {0} / {1}").format(progress.epoch, progress.epochs),
            self.tr("step {0} / {1}").format(
                format(progress.step, ","), format(progress.total_steps, ",")
            ),
        ]
        if progress.speed:
            speed = format(progress.speed, ",.0f" if progress.speed >= 10 else ".1f")
            parts.append(self.tr("{0} steps/s").format(speed))
        return "   ".join(parts)
