"""The dock with all runs: a search field over a table, and what can be done with what is selected."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QModelIndex, QPoint, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QStackedLayout,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.runs.run import Run
from gui.guard import guarded
from gui.icons import icon
from gui.plotting.parts import Notice
from gui.runs.model import RunModel, SortedRuns
from gui.runs.shelf import Shelf, listed
from gui.theme import GRID, appearance, color, ui_font

_ROW = 3 * GRID
NARROW = 60 * GRID  #: px of width
#: ms after the last key until the search begins, and between two looks while a run goes on.
PAUSE_MS, FOLLOW_MS = 150, 3000


class Runs(QWidget):
    """It reads the history when it comes into sight, and when it may have changed while it is.

    `selection_changed`: other runs are selected, or they are different now."""

    selection_changed = Signal()
    #: Escape: back to the diagram.
    left = Signal()

    def __init__(self, shelf: Shelf, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        #: The run under way and its steps: the history hears of them now and then.
        self.present: Callable[[], tuple[str, int]] = _none
        self._shelf = shelf
        self._wished: frozenset[str] = frozenset()
        self.model = RunModel(shelf, self)
        self.sorted = SortedRuns(self.model, self)
        self.search = QLineEdit()
        self.search.setObjectName("run-search")
        self.search.setPlaceholderText(self.tr("Find runs"))
        self.search.setAccessibleName(self.tr("Find runs"))
        self.search.setToolTip(self.tr("Words in name, project, notes or tags"))
        self.search.setClearButtonEnabled(True)
        self.search.setFixedHeight(4 * GRID)
        self.search.setMaximumWidth(40 * GRID)
        self.table = RunTable(self.sorted)
        self.notice = Notice()
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(GRID // 2)
        self._row: list[QToolButton] = []
        self._lay_out()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.refresh)
        self._following = QTimer(self)
        self._following.setInterval(FOLLOW_MS)
        self._following.timeout.connect(self.refresh)
        self.search.textChanged.connect(self._pause.start)
        self.search.returnPressed.connect(self.table.setFocus)
        self.table.left.connect(self.left)
        self.table.selectionModel().selectionChanged.connect(self.selection_changed)
        shelf.changed.connect(self.refresh)
        appearance.changed.connect(self._paint)
        self._say()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(GRID)
        top.addWidget(self.search, 1)
        top.addStretch(0)
        top.addLayout(self.buttons)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.notice)
        self._stack.addWidget(self.table)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, 0)
        column.setSpacing(GRID)
        column.addLayout(top)
        column.addLayout(self._stack, 1)
        self.setMinimumWidth(240)

    # What is selected

    @property
    def selected(self) -> tuple[Run, ...]:
        """In the order of the table."""
        rows = sorted(self.table.selectionModel().selectedRows(), key=QModelIndex.row)
        return tuple(self.model.runs[self.sorted.mapToSource(row).row()] for row in rows)

    def select(self, *ids: str) -> None:
        """These runs, as soon as they are listed."""
        self._wished = frozenset(ids)
        if self.search.text():
            self.search.clear()
        self.refresh()

    def edit(self, field: str) -> None:
        """Type another name, tags or notes into the current row."""
        current = self.table.currentIndex()
        if current.isValid():
            index = current.siblingAtColumn(self.model.place_of(field))
            self.table.scrollTo(index)
            self.table.setCurrentIndex(index)
            self.table.edit(index)

    def add_action(self, action: QAction, *, button: bool = False) -> None:
        """Into the menu of the table; with `button` also above it."""
        self.table.menu.addAction(action)
        if button:
            one = QToolButton()
            one.setDefaultAction(action)
            one.setFont(ui_font(12))
            one.setIconSize(QSize(16, 16))
            one.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            one.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.buttons.addWidget(one)
            self._row.append(one)

    # What is listed

    @Slot()
    def refresh(self) -> None:
        """Read the history again, if anybody sees it."""
        if self.isVisible() and not self.table.is_editing:
            text = self.search.text()
            self._shelf.ask(lambda history: listed(history, text), self._show, self._fail)

    def follow(self, running: bool) -> None:
        """While a run goes on, its row does."""
        if running:
            self._following.start()
        else:
            self._following.stop()
        self.refresh()

    def _show(self, runs: list[Run]) -> None:
        if self.table.is_editing:
            return
        present, steps = self.present()
        for at, run in enumerate(runs):
            if run.id == present and run.how == "running":
                runs[at] = run.model_copy(update={"steps": steps})
        ids = self._wished or {run.id for run in self.selected}
        reset = [run.id for run in runs] != [run.id for run in self.model.runs]
        self.model.set_runs(runs)
        if reset or self._wished:
            self.table.select_rows(
                [
                    row
                    for row in range(self.sorted.rowCount())
                    if runs[self.sorted.mapToSource(self.sorted.index(row, 0)).row()].id in ids
                ]
            )
        self._wished = frozenset()
        self.notice.level = "empty"
        self._say()
        self.selection_changed.emit()

    def _fail(self, text: str) -> None:
        self.model.set_runs([])
        self.notice.level = "error"
        self.notice.say(text, "error")
        self._stack.setCurrentWidget(self.notice)
        self.selection_changed.emit()

    def _say(self) -> None:
        if self.model.runs:
            self._stack.setCurrentWidget(self.table)
            return
        if self.search.text().strip():
            text = self.tr("No run has “{0}” in its name, project, notes or tags.")
            self.notice.say(text.format(self.search.text().strip()), "search")
        else:
            text = self.tr("Press Train: every run is listed here, with what came of it.")
            self.notice.say(text, "chart")
        self._stack.setCurrentWidget(self.notice)

    @Slot()
    def _paint(self) -> None:
        self.notice.paint()
        self.table.viewport().update()

    @guarded(None)
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where it is narrow, pictures alone stand on the buttons."""
        super().resizeEvent(event)
        style = Qt.ToolButtonStyle
        wide = self.width() >= NARROW
        for one in self._row:
            one.setToolButtonStyle(style.ToolButtonTextBesideIcon if wide else style.ToolButtonIconOnly)

    @guarded(None)
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()

    @guarded(None)
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class RunTable(QTableView):
    """Whole rows are selected; names, tags and notes are edited on demand."""

    left = Signal()

    def __init__(self, model: SortedRuns) -> None:
        super().__init__()
        self.setObjectName("run-table")
        self.setAccessibleName(self.tr("Runs"))
        self.setModel(model)
        self.menu = QMenu(self)
        self.menu.setToolTipsVisible(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)  # Tab leads out of it
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setIconSize(QSize(16, 16))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setStretchLastSection(True)
        header.setMinimumSectionSize(6 * GRID)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        source = model.sourceModel()
        assert isinstance(source, RunModel)
        for at, column in enumerate(source.columns):
            header.resizeSection(at, column.width)
        self.setSortingEnabled(True)
        self.sortByColumn(1, Qt.SortOrder.DescendingOrder)

    @property
    def is_editing(self) -> bool:
        return self.state() == QAbstractItemView.State.EditingState

    def select_rows(self, rows: list[int]) -> None:
        self.clearSelection()
        mode = self.selectionModel().SelectionFlag
        for row in rows:
            index = self.model().index(row, 0)
            self.selectionModel().select(index, mode.Select | mode.Rows)
        if rows:
            self.selectionModel().setCurrentIndex(self.model().index(rows[0], 0), mode.NoUpdate)
            self.scrollTo(self.model().index(rows[0], 0))

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        self.menu.popup(self.viewport().mapToGlobal(place))

    def _action_of(self, event: QKeyEvent) -> QAction | None:
        """What these keys do here."""
        if self.is_editing:
            return None
        keys = QKeySequence(event.keyCombination())
        return next((one for one in self.menu.actions() if one.shortcut() == keys), None)

    @guarded(False)
    def event(self, event: QEvent) -> bool:
        asked = event.type() == QEvent.Type.ShortcutOverride
        if asked and isinstance(event, QKeyEvent) and self._action_of(event) is not None:
            event.accept()
            return True
        return super().event(event)

    @guarded(None)
    def keyPressEvent(self, event: QKeyEvent) -> None:
        own = self._action_of(event)
        if own is not None:
            own.trigger()
        elif event.key() == Qt.Key.Key_Escape and not self.is_editing:
            self.left.emit()
        elif event.key() == Qt.Key.Key_Menu:
            self.menu.popup(self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center()))
        else:
            super().keyPressEvent(event)


def _none() -> tuple[str, int]:
    return "", 0


def action(
    parent: QWidget, title: str, name: str, keys: str, help_text: str, handler: Callable[[], object]
) -> QAction:
    """One of the things that can be done with runs; its key works where the table has the keyboard."""
    made = QAction(title, parent)
    made.setToolTip("{0} ({1})".format(help_text, keys) if keys else help_text)
    made.setShortcut(QKeySequence(keys))
    # The table looks for it itself: the window has commands with the same keys.
    made.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
    made.triggered.connect(handler)
    if name:
        made.setIcon(icon(name, color("muted")))
    return made
