"""One input widget for each type of layer parameter."""

from __future__ import annotations

import re
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSpinBox,
    QWidget,
)

from engine.network.layers import Parameter
from engine.network.model import Node, ParameterValue
from gui.guard import guarded
from gui.theme import appearance, number_font
from gui.words import sentence

SMALLEST_WIDTH = 64  #: px
WORDS_HEIGHT = 120  #: px


class ParameterField(QWidget):
    """Shows and edits one parameter. `committed` carries a value that fits; one that does not keeps
    the field marked, with the reason in its tooltip, and changes nothing."""

    committed = Signal(object)

    def __init__(self, parameter: Parameter, node: Node) -> None:
        super().__init__()
        value = node.parameters.get(parameter.name, parameter.default)
        self._node = node
        self.parameter = parameter
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._spin: QSpinBox | None = None
        self._check: QCheckBox | None = None
        self._line: QLineEdit | None = None
        self._choice: QComboBox | None = None
        self._words: Words | None = None
        # A value of the wrong type can only be shown, and corrected, as text.
        if parameter.type == "bool" and isinstance(value, bool):
            self._check = QCheckBox()
            self._check.toggled.connect(self._commit)
            layout.addWidget(self._check)
        elif parameter.type == "int" and parameter.complaint(value) is None:
            self._spin = self._make_spin()
            layout.addWidget(self._spin)
        elif parameter.type == "choice" and parameter.complaint(value) is None:
            self._choice = QComboBox()
            self._choice.addItems(list(parameter.choices))
            self._choice.textActivated.connect(self._commit)
            layout.addWidget(self._choice)
        elif parameter.type == "text" and isinstance(value, str):
            self._words = Words()
            self._words.left.connect(self._commit)
            layout.addWidget(self._words)
        else:
            self._line = QLineEdit()
            self._line.setFont(number_font())
            self._line.editingFinished.connect(self._commit_text)
            layout.addWidget(self._line)
        editor = self.editor
        editor.setToolTip(parameter.help)
        editor.setAccessibleName(parameter.name)
        editor.setObjectName(parameter.name)
        self.setFocusProxy(editor)
        self.show_value(value)

    @property
    def editor(self) -> QWidget:
        widget = self._spin or self._check or self._line or self._choice or self._words
        assert widget is not None
        return widget

    def show_value(self, value: ParameterValue) -> None:
        """Display a value that came from elsewhere (undo, a file); nothing is committed."""
        blocker = QSignalBlocker(self.editor)
        if self._check is not None:
            self._check.setChecked(bool(value))
        elif self._spin is not None and isinstance(value, int):
            self._spin.setValue(value)
        elif self._choice is not None:
            self._choice.setCurrentText(str(value))
        elif self._words is not None and self._words.toPlainText() != value:
            self._words.setPlainText(str(value))
        elif self._line is not None and self._line.text() != value_text(value):
            self._line.setText(value_text(value))
        self._mark(value)
        blocker.unblock()

    def _make_spin(self) -> QSpinBox:
        spin = QSpinBox()
        low, high = max(self.parameter.minimum, -(2**31)), min(self.parameter.maximum, 2**31 - 1)
        spin.setRange(int(low), int(high))
        spin.setFont(number_font())
        spin.setGroupSeparatorShown(False)
        spin.setMinimumWidth(SMALLEST_WIDTH)  # Qt makes room for the largest number there is
        spin.setKeyboardTracking(False)  # 6, then 64 while typing would be two edits
        if self.parameter.unit:
            spin.setSuffix(" " + self.parameter.unit)
        spin.valueChanged.connect(self._commit)
        return spin

    def _commit(self, value: bool | int | str) -> None:
        self.committed.emit(value)

    def _commit_text(self) -> None:
        assert self._line is not None
        value = parsed(self._line.text(), self.parameter)
        if self._mark(value):
            self._line.setText(value_text(value))
            self.committed.emit(value)

    def _mark(self, value: ParameterValue) -> bool:
        """Say in the field whether `value` fits, and return it."""
        tried = replace(self._node, parameters={self.parameter.name: value})
        problem = self.parameter.problem(tried)
        if self._line is not None:
            error = appearance.theme.error
            self._line.setStyleSheet("" if problem is None else f"border: 1px solid {error};")
            why = "" if problem is None else "\n\n" + sentence(problem)
            self._line.setToolTip(self.parameter.help + why)
        return problem is None


class Words(QPlainTextEdit):
    """Several lines of text; `left` carries them when the keyboard goes elsewhere, or on Ctrl+Enter."""

    left = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setMinimumHeight(WORDS_HEIGHT)

    @guarded(None)
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.left.emit(self.toPlainText())

    @guarded(None)
    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit(self.toPlainText())
        else:
            super().keyPressEvent(event)


def value_text(value: ParameterValue) -> str:
    """2, 3 × 5, 0.001 - as people write it."""
    if isinstance(value, tuple):
        return " × ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def parsed(text: str, parameter: Parameter) -> ParameterValue:
    """The value that `text` means for this parameter; the text itself when it means none."""
    text = text.strip()
    if parameter.type == "float":
        try:
            return float(text.replace(",", "."))
        except ValueError:
            return text
    if re.fullmatch(r"[-+]?\d{1,12}", text):
        number = int(text)
        return (number,) if parameter.type == "shape" else number
    parts = [part for part in re.split(r"[\s,;x×*()]+", text) if part]
    if parts and all(re.fullmatch(r"[-+]?\d{1,12}", part) for part in parts):
        return tuple(map(int, parts))
    return text
