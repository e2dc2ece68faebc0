"""A line above the canvas that says what went wrong, without stopping anybody's work."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from gui.icons import icon, pixmap
from gui.theme import CORNER, GRID, appearance

Level = Literal["info", "warning", "error"]


class MessageBar(QFrame):
    """Shows one message at a time; the newest replaces the one before."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("message_bar")
        self._level: Level = "info"
        self._icon = QLabel()
        self._text = QLabel()
        # A file's words are never read as markup.
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._close = QToolButton()
        self._close.setAutoRaise(True)
        self._close.setToolTip(self.tr("Dismiss"))
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID // 2, GRID // 2, GRID // 2)
        row.setSpacing(GRID)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._text, 1)
        row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignVCenter)
        appearance.changed.connect(self._paint)
        self.hide()

    def text(self) -> str:
        return self._text.text()

    def show_message(self, text: str, level: Level = "info") -> None:
        self._level = level
        self._text.setText(text)
        self._paint()
        self.show()

    def _paint(self) -> None:
        theme = appearance.theme
        ink = {"info": theme.accent, "warning": theme.warning, "error": theme.error}[self._level]
        ground = {
            "info": theme.surface,
            "warning": theme.warning_ground,
            "error": theme.error_ground,
        }[self._level]
        self._icon.setPixmap(pixmap(self._level, ink, 16, self.devicePixelRatioF()))
        self._close.setIcon(icon("close"))
        self.setStyleSheet(
            "#message_bar {{ background: {0}; border: 1px solid {1}; border-radius: {2}px; }}".format(
                ground, ink, CORNER
            )
        )
