"""Fixes as buttons: one click, one undo step."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QFocusEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from engine.build.fix import Fix
from engine.network.problem import Problem
from gui.canvas.tooltips import plain
from gui.editor import Editor
from gui.flow import FlowLayout
from gui.guard import guarded
from gui.theme import GRID
from gui.words import fix_effect, fix_title


class FixButton(QPushButton):
    """Its text gives way where there is no room; the tooltip says what the fix changes."""

    #: What the fix changes, while the mouse or the focus is on it; "" when it leaves.
    pointed = Signal(str)
    chosen = Signal(object)

    def __init__(self, fix: Fix) -> None:
        super().__init__()
        self.fix = fix
        self.full_text = fix_title(fix)
        self._effect = fix_effect(fix)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setText(self._spelled(self.full_text))
        self._natural = super().sizeHint() + QSize(2 * GRID, 0)
        self.setToolTip(plain(self._effect))
        self.setAccessibleName(self.full_text)
        self.setAccessibleDescription(self._effect)
        self.clicked.connect(self._choose)

    @staticmethod
    def _spelled(text: str) -> str:
        """A node may be called R&D; Qt would underline the D."""
        return text.replace("&", "&&")

    def _choose(self) -> None:
        self.chosen.emit(self.fix)

    @guarded(QSize())
    def sizeHint(self) -> QSize:
        return self._natural

    @guarded(QSize())
    def minimumSizeHint(self) -> QSize:
        return QSize(0, self._natural.height())

    @guarded(None)
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - 2 * GRID
        mode = Qt.TextElideMode.ElideMiddle  # how it ends tells it from the next
        self.setText(self._spelled(self.fontMetrics().elidedText(self.full_text, mode, room)))

    @guarded(None)
    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.pointed.emit(self._effect)

    @guarded(None)
    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.pointed.emit("")

    @guarded(None)
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.pointed.emit(self._effect)

    @guarded(None)
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.pointed.emit("")


class FixButtons(QWidget):
    """The proven fixes of some problems; hidden while there are none."""

    pointed = Signal(str)

    def __init__(self, editor: Editor, problems: tuple[Problem, ...] = ()) -> None:
        super().__init__()
        self._editor = editor
        self._problems = problems
        self._buttons: list[FixButton] = []
        self._flow = FlowLayout(self, GRID // 2)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.refresh()

    @property
    def buttons(self) -> tuple[FixButton, ...]:
        return tuple(self._buttons)

    def show_problems(self, problems: tuple[Problem, ...]) -> None:
        self._problems = problems
        self.refresh()

    def refresh(self) -> None:
        """Take the fixes that are proven now. Until they are there, those of a moment ago stay, so
        that nothing jumps; they do nothing any more."""
        if self._problems and not self._editor.knows_fixes:
            return
        fixes = [fix for problem in self._problems for fix in self._editor.fixes_of(problem)]
        if fixes == [button.fix for button in self._buttons]:
            return
        for button in self._buttons:
            self._flow.removeWidget(button)
            button.hide()
            button.deleteLater()
        self._buttons = [FixButton(fix) for fix in fixes]
        for button in self._buttons:
            button.pointed.connect(self.pointed)
            button.chosen.connect(self._apply)
            self._flow.addWidget(button)
        self.setVisible(bool(fixes))
        self.updateGeometry()

    def _apply(self, fix: Fix) -> None:
        if any(fix in self._editor.fixes_of(problem) for problem in self._problems):
            self._editor.edit(fix.edit, fix_title(fix))
