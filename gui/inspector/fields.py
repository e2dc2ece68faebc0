"""One input widget for each type of parameter."""

from __future__ import annotations

import math
import re
from typing import Any

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
from engine.network.model import ParameterValue
from gui.guard import guarded
from gui.theme import appearance, number_font
from gui.words import sentence

SMALLEST_WIDTH = 64  #: px
WORDS_HEIGHT = 120  #: px
#: The largest number of a QSpinBox.
_LARGEST_SPUN = 2**31 - 1
#: What PyTorch calls a value that is left out.
NONE = "None"


class ParameterField(QWidget):
    """Shows and edits one parameter. `committed` carries a value that fits; one that does not keeps
    the field marked, with the reason in its tooltip, and changes nothing.

    owner: the name of what has the parameter. zero: what 0 means, shown instead of it."""

    committed = Signal(object)
    #: Why what the field shows cannot be; "" when it can.
    judged = Signal(str)

    def __init__(self, parameter: Parameter, value: ParameterValue, owner: str, zero: str = "") -> None:
        super().__init__()
        self._owner = owner
        self._zero = zero
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
        elif self._is_spun and parameter.complaint(value) is None:
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
            self._line.setMinimumWidth(SMALLEST_WIDTH)
            self._line.setPlaceholderText(zero or (NONE if parameter.optional else ""))
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

    def text_of(self, value: ParameterValue) -> str:
        """A value in words."""
        return self._zero if self._zero and value == 0 else value_text(value) or NONE

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
        elif self._line is not None:
            self._write(value)
        self._mark(value)
        blocker.unblock()

    @property
    def _is_spun(self) -> bool:
        """An int that is neither left out nor larger than a QSpinBox can show."""
        most = self.parameter.maximum
        too_large = math.isfinite(most) and most > _LARGEST_SPUN
        return self.parameter.type == "int" and not self.parameter.optional and not too_large

    def _write(self, value: ParameterValue) -> None:
        assert self._line is not None
        text = "" if self._zero and value == 0 else value_text(value)
        if self._line.text() != text:
            self._line.setText(text)

    def _make_spin(self) -> QSpinBox:
        spin = QSpinBox()
        low, high = max(self.parameter.minimum, -(2**31)), min(self.parameter.maximum, _LARGEST_SPUN)
        spin.setRange(int(low), int(high))
        spin.setFont(number_font())
        spin.setGroupSeparatorShown(False)
        spin.setMinimumWidth(SMALLEST_WIDTH)  # Qt makes room for the largest number there is
        spin.setKeyboardTracking(False)  # 6, then 64 while typing would be two edits
        if self._zero and low == 0:
            spin.setSpecialValueText(self._zero)
        if self.parameter.unit:
            spin.setSuffix(" " + self.parameter.unit)
        spin.valueChanged.connect(self._commit)
        return spin

    def _commit(self, value: bool | int | str) -> None:
        self.committed.emit(value)

    def _commit_text(self) -> None:
        assert self._line is not None
        text = self._line.text().strip()
        value = 0 if self._zero and text in ("", self._zero) else parsed(text, self.parameter)
        if self._mark(value):
            self._write(value)
            self.committed.emit(value)

    def _mark(self, value: ParameterValue) -> bool:
        """Say in the field whether `value` fits, and return it."""
        problem = self.parameter.problem_of(value, self._owner)
        self.say("" if problem is None else sentence(problem))
        return problem is None

    def say(self, why: str) -> None:
        """Why what the field shows cannot be; "" when it can."""
        if self._line is not None:
            error = appearance.theme.error
            self._line.setStyleSheet(f"border: 1px solid {error};" if why else "")
            self._line.setToolTip(self.parameter.help + ("\n\n" + why if why else ""))
            self._line.setAccessibleDescription(why)
        self.judged.emit(why)


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
    """2, 3 × 5, 0.001, 0.9, 0.999 - as people write it."""
    if isinstance(value, tuple):
        between = ", " if any(isinstance(part, float) for part in value) else " × "
        return between.join(map(value_text, value))
    if isinstance(value, float):
        short = f"{value:g}"
        exact = short if float(short) == value else repr(value)
        return re.sub(r"e([+-])0*(\d)", r"e\1\2", exact).replace("e+", "e")
    return str(value)


def parsed(text: str, parameter: Parameter) -> ParameterValue:
    """The value that `text` means for this parameter; the text itself when it means none."""
    text = text.strip()
    if parameter.optional and text in ("", NONE):
        return ""
    if parameter.type == "float":
        number = _number(text)
        return text if number is None else number
    if parameter.type == "floats":
        # Where a semicolon parts them, a comma is a decimal one.
        parts = [part for part in re.split(r";" if ";" in text else r"[\s,×()]+", text) if part.strip()]
        numbers = [_number(part) for part in parts]
        known: Any = tuple(number for number in numbers if number is not None)
        return text if not parts or len(known) < len(parts) else known
    if re.fullmatch(r"[-+]?\d{1,12}", text):
        whole = int(text)
        return (whole,) if parameter.type == "shape" else whole
    parts = [part for part in re.split(r"[\s,;x×*()]+", text) if part]
    if parts and all(re.fullmatch(r"[-+]?\d{1,12}", part) for part in parts):
        return tuple(map(int, parts))
    return text


def _number(text: str) -> float | None:
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        return None
