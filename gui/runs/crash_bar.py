"""A line at the top of the window: a training ended without saying so, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from engine.messages import shown
from engine.runs.run import Run
from gui.guard import guarded
from gui.icons import pixmap
from gui.runs.words import name_of, when
from gui.theme import CORNER, GRID, appearance, ui_font


class CrashBar(QFrame):
    """Shows the newest of the runs that ended so."""

    resumed = Signal()
    shown_runs = Signal()
    dismissed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("crash_bar")
        self.runs: tuple[Run, ...] = ()
        self._icon, self._text = QLabel(), QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.resume_button = QPushButton(self.tr("Resume"))
        self.show_button = QPushButton(self.tr("Show"))
        self.dismiss_button = QPushButton(self.tr("Dismiss"))
        self.resume_button.setToolTip(
            self.tr("Open its network and go on from the last recorded state, exactly as it would have")
        )
        self.show_button.setToolTip(self.tr("Find it in the list of runs"))
        self.dismiss_button.setToolTip(self.tr("It stays in the list of runs"))
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID // 2, GRID // 2, GRID // 2)
        row.setSpacing(GRID)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._text, 1)
        for button, signal in (
            (self.resume_button, self.resumed),
            (self.show_button, self.shown_runs),
            (self.dismiss_button, self.dismissed),
        ):
            button.setFont(ui_font(12))
            button.setAutoDefault(True)
            button.clicked.connect(signal)
            row.addWidget(button)
        appearance.changed.connect(self._paint)
        self._paint()
        self.hide()

    def text(self) -> str:
        return self._text.text()

    def show_runs(self, runs: tuple[Run, ...]) -> None:
        """Newest first; none: it goes away."""
        self.runs = runs
        self.setVisible(bool(runs))
        if not runs:
            return
        run = runs[0]
        text = self.tr("A training of {0} ended unexpectedly at step {1} ({2}).").format(
            shown(name_of(run)), format(run.steps, ","), when(run.ended or run.started)
        )
        if len(runs) > 1:
            text += " " + self.tr("So did {0} before it.").format(len(runs) - 1)
        self._text.setText(text)
        self.setAccessibleName(text)

    @guarded(None)
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
        else:
            super().keyPressEvent(event)

    def _paint(self) -> None:
        theme = appearance.theme
        self._icon.setPixmap(pixmap("warning", theme.warning, 16, self.devicePixelRatioF()))
        self.setStyleSheet(
            "#crash_bar {{ background: {0}; border: 1px solid {1}; border-radius: {2}px; }}".format(
                theme.warning_ground, theme.warning, CORNER
            )
        )
