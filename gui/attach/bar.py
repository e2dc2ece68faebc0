"""A line above the canvas while the window shows a run elsewhere: which, and whether it is heard."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from gui.icons import pixmap
from gui.message_bar import Level
from gui.theme import CORNER, GRID, appearance


class AttachedBar(QFrame):
    """Stays as long as the window is attached; messages have a bar of their own."""

    detach_wanted = Signal()
    try_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("attached_bar")
        self._level: Level = "info"
        self._icon, self._text = QLabel(), QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.try_button = QPushButton(self.tr("Try Now"))
        self.try_button.clicked.connect(self.try_wanted)
        self.detach_button = QPushButton(self.tr("Detach"))
        self.detach_button.clicked.connect(self.detach_wanted)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID // 2, GRID // 2, GRID // 2)
        row.setSpacing(GRID)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._text, 1)
        row.addWidget(self.try_button)
        row.addWidget(self.detach_button)
        appearance.changed.connect(self._paint)
        self.hide()

    def text(self) -> str:
        return self._text.text()

    def say(self, text: str, level: Level, *, can_try: bool = False) -> None:
        self._level = level
        self._text.setText(text)
        self.try_button.setVisible(can_try)
        self._paint()
        self.show()

    def _paint(self) -> None:
        theme = appearance.theme
        ink = theme.accent if self._level == "info" else theme.warning
        ground = theme.surface if self._level == "info" else theme.warning_ground
        self._icon.setPixmap(pixmap(self._level, ink, 16, self.devicePixelRatioF()))
        self.setStyleSheet(
            "#attached_bar {{ background: {0}; border: 1px solid {1}; border-radius: {2}px; }}".format(
                ground, ink, CORNER
            )
        )
