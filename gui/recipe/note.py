"""A line of small print."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLabel

from gui.plotting.parts import set_ink
from gui.theme import appearance, ui_font


class Note(QLabel):
    """Plain text in a colour of the theme, which it follows."""

    def __init__(self, text: str = "", token: str = "muted") -> None:
        super().__init__(text)
        self._token = token
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setFont(ui_font(12))
        appearance.changed.connect(self._tint)
        self._tint()

    def say(self, text: str, token: str = "muted") -> None:
        self._token = token
        self.setText(text)
        self._tint()

    @Slot()
    def _tint(self) -> None:
        set_ink(self, self._token)
