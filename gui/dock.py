"""A dock of the main window."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDockWidget, QWidget


class Dock(QDockWidget):
    """`name` is how the window's layout is remembered."""

    def __init__(self, name: str, title: str, widget: QWidget, parent: QWidget) -> None:
        super().__init__(title, parent)
        self._in_sight = True
        self.setObjectName(name)
        self.setWidget(widget)
        self.visibilityChanged.connect(self._follow)

    def setWidget(self, widget: QWidget) -> None:
        super().setWidget(widget)
        self._follow(self._in_sight)

    @Slot(bool)
    def _follow(self, in_sight: bool) -> None:
        """Behind another tab Qt keeps what it holds visible, but outside the window: the Tab key must
        not lead there."""
        self._in_sight = in_sight
        self.widget().setEnabled(in_sight)
