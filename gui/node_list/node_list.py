"""The network as a list: to find a node among thousands, and for who cannot see the canvas."""

from __future__ import annotations

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QLabel,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from engine.build.report import ShapeReport
from engine.network.model import Changes
from gui.editor import Editor
from gui.guard import guarded
from gui.naming import LONGEST_NAME
from gui.node_list.icons import SIZE
from gui.node_list.model import NAME, OUTPUT, PARAMETERS, Index, NodeModel
from gui.theme import GRID, appearance, ui_font

_ROW = 3 * GRID
_WIDTHS = {NAME: 136, OUTPUT: 136, PARAMETERS: 88}
_Flag = QItemSelectionModel.SelectionFlag


class NodeList(QWidget):
    """A search field over the tree. `chosen` names the node to go to. Out of sight it costs nothing."""

    chosen = Signal(str)
    #: Escape: back to the diagram.
    left = Signal()

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._following = False
        self._stale = True
        self.model = NodeModel(editor)
        self.search = QLineEdit()
        self.search.setObjectName("node-search")
        self.search.setPlaceholderText(self.tr("Find nodes"))
        self.search.setAccessibleName(self.tr("Find nodes"))
        self.search.setToolTip(
            self.tr("A name, a kind or a family; “problem” finds what is wrong.\nEnter: the next one")
        )
        self.search.setClearButtonEnabled(True)
        self.search.setFixedHeight(4 * GRID)
        self.search.installEventFilter(self)
        self.tree = NodeTree(self.model)
        self.found = QLabel()
        self.found.setTextFormat(Qt.TextFormat.PlainText)
        self.found.setWordWrap(True)
        self._lay_out()
        self.search.textChanged.connect(self._search)
        self.tree.activated.connect(self._choose)
        self.tree.left.connect(self.left)
        self.tree.selectionModel().selectionChanged.connect(self._select)
        editor.changed.connect(self._follow)
        editor.replaced.connect(self._reset)
        editor.shapes_changed.connect(self._show_report)
        editor.selection_changed.connect(self._show_selection)
        appearance.changed.connect(self._follow_theme)
        self._follow_theme()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.search)
        column.addWidget(self.found)
        column.addWidget(self.tree, 1)
        self.setMinimumWidth(160)

    # Finding

    def focus_search(self) -> None:
        """The keyboard to the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def step(self, by: int) -> None:
        """Go to the next node that was found, or the one before; around at the end."""
        listed = [node_id for node_id in self.model.ids() if node_id in self.model.hits]
        if not listed:
            return
        current = self._id(self.tree.currentIndex())
        first = 0 if by > 0 else len(listed) - 1
        at = (listed.index(current) + by) % len(listed) if current in listed else first
        self.chosen.emit(listed[at])

    def rename(self) -> None:
        """Edit the name in the current row."""
        index = self.tree.currentIndex().siblingAtColumn(NAME)
        if index.isValid():
            self.tree.edit(index)

    @Slot(str)
    def _search(self, text: str) -> None:
        self._following = True
        self.model.search(text)
        if text.strip():
            self.tree.expandAll()
        self._following = False
        self._show_selection()
        self._count()

    def _count(self) -> None:
        """How many were found, while something is looked for."""
        words = self.search.text().strip()
        self.found.setVisible(bool(words))
        if not words:
            return
        found = len(self.model.hits)
        if found == 0:
            text = self.tr("No node matches “{0}”.").format(words)
        else:
            text = self.tr("1 node") if found == 1 else self.tr("{0} nodes").format(f"{found:,}")
        self.found.setText(text)

    # Following the editor

    @Slot(object)
    def _follow(self, changes: Changes) -> None:
        if not self.isVisible():
            self._stale = True
            return
        self._following = True
        self.model.follow(changes)
        self._following = False
        if changes.added or changes.removed or changes.links_added or changes.links_removed:
            self._mark_selection()  # a row that went from block to block lost it
        self._count()

    @Slot(object)
    def _show_report(self, report: ShapeReport) -> None:
        if self.isVisible():
            self._following = True
            self.model.show_report(report)
            self._following = False
            self._count()
        else:
            self._stale = True

    @Slot()
    def _reset(self) -> None:
        self._stale = True
        if self.isVisible():
            self._catch_up()

    def _catch_up(self) -> None:
        self._stale = False
        self._search(self.search.text())

    # Selection, both ways

    @Slot()
    def _show_selection(self) -> None:
        """The rows of what is selected; a single one is brought into sight."""
        if self._following or self._stale or not self.isVisible():
            return
        self._mark_selection()
        selected = self._editor.selected
        if selected is not None and (index := self.model.index_of(selected)).isValid():
            self._following = True
            self.tree.selectionModel().setCurrentIndex(index, _Flag.NoUpdate)
            self.tree.scrollTo(index)
            self._following = False

    def _mark_selection(self) -> None:
        self._following = True
        rows = QItemSelection()
        for first, last in self.model.row_runs(self._editor.selection):
            rows.select(first, last)
        self.tree.selectionModel().select(rows, _Flag.ClearAndSelect)
        self._following = False

    @Slot()
    def _select(self) -> None:
        if not self._following:
            self._following = True
            rows = self.tree.selectionModel().selectedRows()
            self._editor.select(frozenset(map(self.model.id_of, rows)))
            self._following = False

    @Slot(QModelIndex)
    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self.model.id_of(index))

    def _id(self, index: QModelIndex) -> str:
        return self.model.id_of(index) if index.isValid() else ""

    @Slot()
    def _follow_theme(self) -> None:
        self.found.setStyleSheet("color: {0};".format(appearance.theme.muted))
        self.found.setFont(ui_font(12))
        self.tree.viewport().update()

    # Qt

    @guarded(None)
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._catch_up()
        else:
            self._show_selection()

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """In the search field, Enter and the arrows go through what was found; Escape ends it."""
        pressed = watched is self.search and event.type() == QEvent.Type.KeyPress
        if pressed and isinstance(event, QKeyEvent) and self._search_key(event):
            return True
        return super().eventFilter(watched, event)

    def _search_key(self, event: QKeyEvent) -> bool:
        key = event.key()
        back = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.step(-1 if back else 1)
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.step(1 if key == Qt.Key.Key_Down else -1)
        elif key == Qt.Key.Key_Escape:
            self.search.clear()
            self.left.emit()
        else:
            return False
        return True


class NodeTree(QTreeView):
    """Rows with columns; names are edited on demand only, since Enter and double click go there."""

    left = Signal()

    def __init__(self, model: NodeModel) -> None:
        super().__init__()
        self.setObjectName("node-tree")
        self.setAccessibleName(self.tr("Nodes"))
        self.setModel(model)
        self.setItemDelegate(NameDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformRowHeights(True)  # or each of 5,000 rows would be measured
        self.setIconSize(QSize(SIZE, SIZE))
        self.setIndentation(2 * GRID)
        self.setSelectionMode(QTreeView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setExpandsOnDoubleClick(False)
        self.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        header = self.header()
        header.setSectionsMovable(False)
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(6 * GRID)
        for column, width in _WIDTHS.items():
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)

    @guarded(None)
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Room that is left over goes to the names."""
        super().resizeEvent(event)
        others = sum(self.header().sectionSize(column) for column in (OUTPUT, PARAMETERS))
        self.header().resizeSection(NAME, max(_WIDTHS[NAME], self.viewport().width() - others))

    @guarded(None)
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.hasFocus():
            # Qt leaves this to the style, and some styles do not activate with it.
            if self.currentIndex().isValid():
                self.activated.emit(self.currentIndex())
        else:  # also the keys of the field that a name is typed into
            super().keyPressEvent(event)


class NameDelegate(QStyledItemDelegate):
    """Rows of one height, and names no longer than elsewhere."""

    @guarded(QSize())
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(super().sizeHint(option, index).width(), _ROW)

    @guarded(None)
    def setEditorData(self, editor: QWidget, index: Index) -> None:
        if isinstance(editor, QLineEdit):
            if editor.isModified():
                return  # a report that comes in must not undo what was typed
            name = str(index.data(Qt.ItemDataRole.EditRole))
            editor.setMaxLength(max(LONGEST_NAME, len(name)))
        super().setEditorData(editor, index)
