"""Small widgets that several panels are made of."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from gui.guard import guarded
from gui.icons import pixmap
from gui.theme import CORNER, GRID, appearance, color, ui_font


class Notice(QWidget):
    """An icon and one sentence, in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.level = "empty"
        self._name = ""
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._text.setMaximumWidth(40 * GRID)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setFont(ui_font(13))
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID * 2, 0, GRID * 2, GRID * 4)
        column.setSpacing(GRID)
        column.addStretch(1)
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        line = QHBoxLayout()
        line.addWidget(self._text)
        column.addLayout(line)
        column.addStretch(1)

    def say(self, text: str, name: str) -> None:
        self._text.setText(text)
        self._name = name
        self.paint()

    def paint(self) -> None:
        ink = "error" if self.level == "error" else "muted"
        shade = color(ink).name()
        self._icon.setPixmap(pixmap(self._name, shade, 32, self.devicePixelRatioF()))
        set_ink(self._text, ink)


class ElidedLabel(QLabel):
    """A line that gives way: it ends in … where there is no room, and says all in its tooltip."""

    def __init__(self, text: str = "", font: QFont | None = None) -> None:
        super().__init__()
        self.setFont(font or ui_font(12))
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._full = ""
        self.set_full_text(text)

    @property
    def full_text(self) -> str:
        return self._full

    def set_full_text(self, text: str) -> None:
        if text != self._full:
            self._full = text
            self._elide()

    def tint(self, token: str) -> None:
        set_ink(self, token)

    @guarded(None)
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        mode = Qt.TextElideMode.ElideRight
        shown = self.fontMetrics().elidedText(self._full, mode, self.width())
        # A letter and … say nothing.
        self.setText(shown if shown == self._full or len(shown) > 4 else "")
        self.setToolTip(self._full if shown != self._full else "")


def set_ink(label: QLabel, token: str) -> None:
    """The text of a label in a colour of the theme."""
    colors = label.palette()
    # On a ground of the role Base, Qt takes the role Text.
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text):
        colors.setColor(role, color(token))
    label.setPalette(colors)


class Segments(QWidget):
    """One of a few choices, side by side. `chosen` carries its index."""

    chosen = Signal(int)

    def __init__(self, titles: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for index, title in enumerate(titles):
            button = QPushButton(title)
            button.setCheckable(True)
            button.setChecked(index == 0)
            button.setFont(ui_font(12))
            button.setFixedHeight(3 * GRID)
            place = "first" if index == 0 else "last" if index == len(titles) - 1 else "middle"
            button.setProperty("place", place)
            self._group.addButton(button, index)
            row.addWidget(button)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._group.idClicked.connect(self.chosen)
        appearance.changed.connect(self._paint)
        self._paint()

    @property
    def index(self) -> int:
        return self._group.checkedId()

    def button(self, index: int) -> QPushButton:
        button = self._group.button(index)
        assert isinstance(button, QPushButton)
        return button

    def _paint(self) -> None:
        theme = appearance.theme
        self.setStyleSheet(
            _SEGMENTS
            % {
                "line": theme.line,
                "ground": theme.surface,
                "text": theme.muted,
                "on": theme.selection,
                "on_text": theme.text,
                "focus": theme.accent,
                "corner": CORNER,
                "gap": GRID + GRID // 4,
            }
        )


_SEGMENTS = """
QPushButton { border: 1px solid %(line)s; border-right: none; background: %(ground)s;
    color: %(text)s; padding: 0 %(gap)dpx; }
QPushButton:checked { background: %(on)s; color: %(on_text)s; }
QPushButton:focus { color: %(focus)s; }
QPushButton[place="first"] { border-top-left-radius: %(corner)dpx;
    border-bottom-left-radius: %(corner)dpx; }
QPushButton[place="last"] { border-right: 1px solid %(line)s;
    border-top-right-radius: %(corner)dpx; border-bottom-right-radius: %(corner)dpx; }
"""
