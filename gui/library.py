"""Blocks to use again: those that travel with the program and those the user saved."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QContextMenuEvent, QDrag, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from engine.messages import shown
from engine.network.model import Network
from engine.network.problem import Problem
from engine.project import library
from engine.project.errors import FileProblem
from engine.project.library import Entry
from gui.canvas import placing, tooltips
from gui.canvas.gestures.drop_block import block_mime_data
from gui.editor import Editor
from gui.guard import guarded
from gui.theme import GRID, appearance, color, ui_font
from gui.tiles import ROW, TILE, tile, title_row
from gui.words import sentence

_ENTRY = Qt.ItemDataRole.UserRole


class Library(QWidget):
    """A list to drag from; Enter or a double click appends to the selected node, Delete deletes one of
    the user's own."""

    #: (text, level) for the message bar.
    message = Signal(str, str)

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._filled = False
        self.list = BlockList()
        self.list.setAccessibleName(self.tr("Library of blocks"))
        self._hint = QLabel(
            self.tr("Select a block and choose Block ▸ Save to Library: it waits for you here.")
        )
        self._hint.setWordWrap(True)
        self._hint.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.list, 1)
        column.addWidget(self._hint)
        self.list.itemActivated.connect(self._append)
        self.list.delete_wanted.connect(self._delete)
        appearance.changed.connect(self.refresh)

    @Slot()
    def refresh(self) -> None:
        """Read the library again; out of sight it waits until it is seen."""
        if not self.isVisible():
            self._filled = False
            return
        self._filled = True
        self._hint.setFont(ui_font(12))
        self._hint.setStyleSheet("color: {0};".format(appearance.theme.muted))
        entries = library.entries()
        self.list.show_entries(entries)
        self._hint.setVisible(all(entry.bundled for entry in entries))

    def save(self, block: str) -> None:
        """Put a block of the network into the library, and say so."""
        try:
            path = library.save(self._editor.network, block)
        except FileProblem as problem:
            self.message.emit(str(problem), "error")
            return
        self.refresh()
        name = shown(self._editor.network.nodes[block].name)
        text = self.tr("{0} is in the library now, as {1}").format(name, path.name)
        self.message.emit(text, "status")

    @Slot(QListWidgetItem)
    def _append(self, item: QListWidgetItem) -> None:
        entry = item.data(_ENTRY)
        if not isinstance(entry, Entry):
            return
        found = library.load(entry.path)
        if isinstance(found, Network):
            placing.append_block(self._editor, found)
        else:
            self.message.emit(sentence(found), "warning")
            self.refresh()

    @Slot(object)
    def _delete(self, entry: Entry) -> None:
        try:
            library.delete(entry)
        except FileProblem as problem:
            self.message.emit(str(problem), "error")
        else:
            self.message.emit(self.tr("Deleted {0}").format(shown(entry.name)), "status")
        self.refresh()

    @guarded(False)
    def event(self, event: QEvent) -> bool:
        """Files may have come or gone while it was out of sight."""
        if event.type() == QEvent.Type.Show and not self._filled:
            self.refresh()
        return super().event(event)


class BlockList(QListWidget):
    """Rows of blocks under two titles; damaged ones are greyed, with the reason."""

    delete_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("library-blocks")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setIconSize(QSize(TILE, TILE))
        self.setDragEnabled(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        self.clear()
        for bundled, title in ((True, self.tr("Ready-made")), (False, self.tr("Yours"))):
            rows = [entry for entry in entries if entry.bundled == bundled]
            if rows:
                self.addItem(title_row(title))
            for entry in rows:
                self.addItem(_row(entry))

    @property
    def current(self) -> Entry | None:
        item = self.currentItem()
        entry = None if item is None else item.data(_ENTRY)
        return entry if isinstance(entry, Entry) else None

    @guarded(None)
    def startDrag(self, actions: Qt.DropAction) -> None:
        entry = self.current
        if entry is None or entry.problem is not None:
            return
        drag = QDrag(self)
        drag.setMimeData(block_mime_data(entry.path))
        drag.setPixmap(tile("structure").pixmap(QSize(TILE, TILE), self.devicePixelRatioF()))
        drag.setHotSpot(QPoint(TILE // 2, TILE // 2))
        drag.exec(Qt.DropAction.CopyAction)

    @guarded(None)
    def keyPressEvent(self, event: QKeyEvent) -> None:
        entry = self.current
        if event.key() == Qt.Key.Key_Delete and entry is not None and not entry.bundled:
            self.delete_wanted.emit(entry)
        else:
            super().keyPressEvent(event)

    @guarded(None)
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        entry = self.current
        if entry is None or entry.bundled:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        delete = menu.addAction(self.tr("Delete from the library"))
        delete.setData(entry)
        delete.triggered.connect(self._delete_current)
        menu.popup(event.globalPos())

    @Slot()
    def _delete_current(self) -> None:
        sender: QObject = self.sender()
        self.delete_wanted.emit(sender.data())  # type: ignore[attr-defined]


def _row(entry: Entry) -> QListWidgetItem:
    item = QListWidgetItem(tile("structure"), shown(entry.name))
    item.setData(_ENTRY, entry)
    item.setFont(ui_font(13))
    item.setSizeHint(QSize(0, ROW))
    problem: Problem | None = entry.problem
    text = entry.help if problem is None else sentence(problem)
    item.setToolTip(tooltips.plain(text))
    if problem is not None:
        item.setForeground(color("muted"))
    return item
