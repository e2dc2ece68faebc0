"""Everything that is wrong with the network, in one list, with what would help."""

from __future__ import annotations

import itertools

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.messages import shown
from engine.network.problem import Problem
from gui.editor import Editor
from gui.fixes import FixButtons
from gui.guard import guarded
from gui.icons import icon, pixmap
from gui.theme import CORNER, GRID, appearance, color, ui_font
from gui.words import sentence

#: More are counted, not listed: the first ones are those to begin with.
MOST_ROWS = 100


class Problems(QWidget):
    """The list. `chosen` names the node to go to; `counted` how many problems there are."""

    chosen = Signal(str)
    counted = Signal(int)
    #: Escape: back to the diagram.
    left = Signal()

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._repairs: tuple[Problem, ...] = ()
        self._rows: list[ProblemRow] = []
        self._empty = QLabel()
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self._more = QLabel()
        self._effect = QLabel()
        self._effect.setTextFormat(Qt.TextFormat.PlainText)
        self._effect.setWordWrap(True)
        self._effect.setContentsMargins(GRID * 3 // 2, GRID // 2, GRID * 3 // 2, GRID // 2)
        self._build()
        editor.shapes_changed.connect(self._show)
        editor.fixes_changed.connect(self._refresh)
        editor.replaced.connect(self._forget)
        appearance.changed.connect(self._paint)
        self._show()

    def _build(self) -> None:
        self._column = QVBoxLayout()
        self._column.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        self._column.setSpacing(GRID // 2)
        self._column.addWidget(self._more)
        self._column.addStretch(1)
        holder = QWidget()
        holder.setLayout(self._column)
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidget(holder)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._empty, 1)
        whole.addWidget(self._area, 1)
        whole.addWidget(self._effect)

    # What it shows

    @property
    def rows(self) -> tuple[ProblemRow, ...]:
        return tuple(self._rows)

    @property
    def effect(self) -> str:
        """What the fix under the mouse or the focus changes."""
        return self._effect.text()

    def show_repairs(self, repairs: tuple[Problem, ...]) -> None:
        """What was mended while the file was opened; it stays listed until the next file."""
        self._repairs = repairs
        self._show()

    def go_to(self, node_id: str) -> bool:
        """Make the first problem of a node, or of which it is the cause, the current one."""
        here = [row for row in self._rows if row.problem.node == node_id]
        begun = [row for row in self._rows if row.problem.cause == node_id]
        for row in (here + begun)[:1]:
            self._make_current(row)
        return bool(here or begun)

    def go_to_next(self) -> None:
        """The problem after the current one, and its node."""
        if self._rows:
            at = next((at for at, row in enumerate(self._rows) if row.is_current), -1)
            row = self._rows[(at + 1) % len(self._rows)]
            self._make_current(row)
            self._choose(row.problem)

    @Slot()
    def _forget(self) -> None:
        self._repairs = ()
        self._show()

    @Slot()
    def _show(self) -> None:
        report = self._editor.report
        found = (*report.problems, *self._repairs)
        self.counted.emit(len(found))
        listed = found[:MOST_ROWS]
        if [row.problem for row in self._rows] != list(listed):
            self._list(listed)
        more = len(found) - len(listed)
        self._more.setText(self.tr("… and {0} more").format(format(more, ",")))
        self._more.setVisible(more > 0)
        self._area.setVisible(bool(listed))
        self._empty.setVisible(not listed)
        self._empty.setText(
            self.tr("No problems: every shape fits.")
            if self._editor.network.nodes
            else self.tr("Nothing is drawn yet. What does not fit will be listed here.")
        )
        self._refresh()
        self._paint()

    def _list(self, problems: tuple[Problem, ...]) -> None:
        """One row a problem; that of a problem that is still there stays, with its place."""
        before = {row.problem.key: row for row in self._rows}
        focused = next((at for at, row in enumerate(self._rows) if row.has_focus), None)
        rows = []
        for at, problem in enumerate(problems):
            row = before.pop(problem.key, None) or self._new_row(problem)
            row.show_problem(problem, self._level(problem))
            self._column.insertWidget(at, row)
            rows.append(row)
        for row in before.values():
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = rows
        if focused is not None and not any(row.has_focus for row in rows):
            if rows:
                self._make_current(rows[min(focused, len(rows) - 1)])
            else:
                self.left.emit()

    def _level(self, problem: Problem) -> str:
        if problem in self._repairs:
            return "info"
        return "error" if problem in self._editor.report.blocking else "warning"

    def _new_row(self, problem: Problem) -> ProblemRow:
        row = ProblemRow(self._editor, problem)
        row.chosen.connect(self._choose)
        row.stepped.connect(self._step)
        row.entered.connect(self._enter)
        row.left.connect(self.left)
        row.pointed.connect(self._tell)
        return row

    @Slot()
    def _refresh(self) -> None:
        for row in self._rows:
            row.fixes.refresh()
        places = [place for row in self._rows for place in (row, *row.fixes.buttons)]
        for before, after in itertools.pairwise(places):
            self.setTabOrder(before, after)
        any_fix = any(row.fixes.buttons for row in self._rows)
        self._effect.setVisible(any_fix)
        if not any_fix or not self._effect.text():
            self._tell("")

    @Slot(str)
    def _tell(self, effect: str) -> None:
        self._effect.setText(effect or self.tr("Point at a fix to see what it changes."))

    # Moving in it

    @Slot(object)
    def _choose(self, problem: Problem) -> None:
        if problem.node is not None:
            self.chosen.emit(problem.node)

    @Slot(object, int)
    def _step(self, row: ProblemRow, by: int) -> None:
        at = self._rows.index(row) + by
        if 0 <= at < len(self._rows):
            self._make_current(self._rows[at])

    @Slot(object)
    def _enter(self, row: ProblemRow) -> None:
        for other in self._rows:
            other.set_current(other is row)
        QTimer.singleShot(0, self._reveal)  # once the row has its height

    @Slot()
    def _reveal(self) -> None:
        for row in self._rows:
            if row.is_current:
                self._area.ensureWidgetVisible(row, 0, GRID)

    def _make_current(self, row: ProblemRow) -> None:
        row.setFocus()
        self._enter(row)

    @guarded(None)
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._rows:
            self._make_current(next((row for row in self._rows if row.is_current), self._rows[0]))

    @Slot()
    def _paint(self) -> None:
        muted = "color: {0};".format(appearance.theme.muted)
        for label in (self._empty, self._more):
            label.setStyleSheet(muted)
        ground = "border-top: 1px solid {0};".format(appearance.theme.line)
        self._effect.setStyleSheet(muted + ground)
        for row in self._rows:
            row.paint()


class ProblemRow(QFrame):
    """One problem: how bad, where, what, and its fixes."""

    chosen = Signal(object)
    stepped = Signal(object, int)
    entered = Signal(object)
    left = Signal()
    pointed = Signal(str)

    def __init__(self, editor: Editor, problem: Problem) -> None:
        super().__init__()
        self._editor = editor
        self.problem = problem
        self.is_current = False
        self._level = "error"
        self.setObjectName("problem_row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._mark, self._where, self._what = QLabel(), QLabel(), QLabel()
        self._where.setFont(ui_font(13, ui_font().Weight.Medium))
        self._what.setWordWrap(True)
        for label in (self._where, self._what):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.fixes = FixButtons(editor, (problem,))
        self.fixes.pointed.connect(self.pointed)
        column = QVBoxLayout()
        column.setSpacing(GRID // 2)
        column.addWidget(self._where)
        column.addWidget(self._what)
        column.addWidget(self.fixes)
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        row.setSpacing(GRID)
        row.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(column, 1)

    @property
    def has_focus(self) -> bool:
        """Whether the keyboard is here or on one of the fixes."""
        return self.hasFocus() or any(button.hasFocus() for button in self.fixes.buttons)

    def show_problem(self, problem: Problem, level: str) -> None:
        self.problem = problem
        self._level = level
        node = self._editor.network.nodes.get(problem.node or "")
        self._where.setText(self.tr("Network") if node is None else shown(node.name))
        self._what.setText(sentence(problem))
        self.setAccessibleName("{0}: {1}".format(self._where.text(), self._what.text()))
        self.setToolTip("" if node is None else self.tr("Click, or press Enter, to go there"))
        self.fixes.show_problems((problem,))
        self.paint()

    def set_current(self, current: bool) -> None:
        if current != self.is_current:
            self.is_current = current
            self.paint()

    def paint(self) -> None:
        theme = appearance.theme
        ink = {"info": theme.accent, "warning": theme.warning, "error": theme.error}[self._level]
        self._mark.setPixmap(pixmap(self._level, ink, 16, self.devicePixelRatioF()))
        ground = theme.selection if self.is_current else theme.surface
        edge = theme.accent if self.is_current else theme.line
        rule = "#problem_row {{ background: {0}; border: 1px solid {1}; border-radius: {2}px; }}"
        self.setStyleSheet(rule.format(ground, edge, CORNER))

    @guarded(None)
    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        if event.button() == Qt.MouseButton.LeftButton:
            self.setFocus()
            self.entered.emit(self)
            self.chosen.emit(self.problem)
            event.accept()

    @guarded(None)
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            self.stepped.emit(self, -1 if key == Qt.Key.Key_Up else 1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit(self.problem)
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    @guarded(None)
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.entered.emit(self)


class ProblemCount(QToolButton):
    """How many problems there are, in the status bar; a click opens the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAutoRaise(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setObjectName("problem_count")
        # No higher than a line, or the status bar would grow.
        self.setFixedHeight(self.fontMetrics().height())
        self.setStyleSheet("#problem_count {{ padding: 0 {0}px; border: 0; }}".format(GRID // 2))
        self.setToolTip(self.tr("Show what is wrong, with fixes"))
        appearance.changed.connect(self._paint)
        self.hide()

    @Slot(int)
    def show_count(self, count: int) -> None:
        text = self.tr("1 problem") if count == 1 else self.tr("{0} problems").format(count)
        self.setText(text)
        self._paint()
        self.setVisible(count > 0)

    @Slot()
    def _paint(self) -> None:
        self.setIcon(icon("warning", color("warning")))
