"""Writing a new name where the old one stands on the card."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPointF, QRect, Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent
from PySide6.QtWidgets import QLineEdit

from gui.canvas.items.node_item import READABLE, NodeItem
from gui.canvas.ports import REACH
from gui.editor import Editor
from gui.guard import guarded
from gui.naming import LONGEST_NAME, rename
from gui.theme import GRID, appearance, ui_font

if TYPE_CHECKING:
    from gui.canvas.view import CanvasView

#: Screen pixels: far away the field is larger than the card, so that it can be read.
_NARROWEST = 128
_SMALLEST_FONT, _LARGEST_FONT = 11, 40


class Renamer(QObject):
    """Opens a field over a card's name, keeps it there, and makes one RenameNode of it."""

    def __init__(self, view: CanvasView, editor: Editor) -> None:
        super().__init__(view)
        self._view = view
        self._editor = editor
        self._node_id = ""
        self._field: NameField | None = None
        editor.changed.connect(self._follow)
        editor.replaced.connect(self.cancel)
        editor.level_changed.connect(self.cancel)
        view.zoom_changed.connect(self._place)
        view.horizontalScrollBar().valueChanged.connect(self._place)
        view.verticalScrollBar().valueChanged.connect(self._place)

    @property
    def field(self) -> NameField | None:
        """What is being typed into, None while no name is edited."""
        return self._field

    def starts_at(self, point: QPointF) -> bool:
        """Begin where a scene point is on a name that can be read; else False."""
        scene = self._view.scene()
        item = scene.target_at(point)
        if self._view.zoom < READABLE or not isinstance(item, NodeItem) or not item.on_name(point):
            return False
        return scene.port_near(point, REACH) is None and self.start(item.node.id)

    def start(self, node_id: str) -> bool:
        """Edit the name of a node that is on the canvas; else False."""
        scene = self._view.scene()
        if not scene.shows(node_id):
            return False
        self._finish(keep=True)
        self._node_id = node_id
        name = self._editor.network.nodes[node_id].name
        self._view.ensureVisible(scene.node_item(node_id))
        self._field = NameField(name)
        self._field.setParent(self._view.viewport())
        self._field.committed.connect(self._commit)
        self._field.left.connect(self._leave)
        self._place()
        self._field.show()
        self._field.selectAll()
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    @Slot()
    def cancel(self) -> None:
        self._finish(keep=False)

    @Slot()
    def _commit(self) -> None:
        """Enter: a blank name stays in the field, marked."""
        if self._field is not None and not self._field.text().strip():
            self._field.complain()
            return
        self._finish(keep=True)

    @Slot(bool)
    def _leave(self, keep: bool) -> None:
        self._finish(keep=keep)

    def _finish(self, *, keep: bool) -> None:
        field, self._field = self._field, None
        if field is None:
            return
        if field.hasFocus():
            self._view.setFocus()
        field.hide()
        field.deleteLater()
        if keep:
            rename(self._editor, self._node_id, field.text())

    @Slot()
    def _follow(self) -> None:
        if self._view.scene().shows(self._node_id):
            self._place()
        else:
            self.cancel()

    @Slot()
    def _place(self) -> None:
        """Over the name, as large as the card is drawn."""
        if self._field is None or not self._view.scene().shows(self._node_id):
            return
        zoom = self._view.zoom
        item = self._view.scene().node_item(self._node_id)
        shown: QRect = self._view.mapFromScene(item.mapRectToScene(item.name_box)).boundingRect()
        size = max(_SMALLEST_FONT, min(_LARGEST_FONT, round(13 * zoom)))
        self._field.setFont(ui_font(size, QFont.Weight.Medium))
        width = max(_NARROWEST, shown.width() + GRID)
        height = self._field.sizeHint().height()
        top = shown.center().y() - height // 2
        self._field.setGeometry(shown.left() - GRID // 2, top, width, height)


class NameField(QLineEdit):
    """`committed`: Enter. `left`: Escape (False) or the focus went elsewhere (True)."""

    committed = Signal()
    left = Signal(bool)

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.setObjectName("rename")
        self.setAccessibleName(self.tr("Name"))
        self.setMaxLength(max(LONGEST_NAME, len(name)))
        self.setTextMargins(0, 0, 0, 0)
        self._mark("accent")
        self.textEdited.connect(self._edited)

    def complain(self) -> None:
        self._mark("error")
        self.setToolTip(self.tr("Every node has a name."))

    @Slot()
    def _edited(self) -> None:
        self._mark("accent")
        self.setToolTip("")

    def _mark(self, token: str) -> None:
        theme = appearance.theme
        rule = "#rename {{ border: 1px solid {0}; background: {1}; padding: 0 2px; }}"
        self.setStyleSheet(rule.format(getattr(theme, token), theme.surface))

    @guarded(None)
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.committed.emit()
        elif key == Qt.Key.Key_Escape:
            self.left.emit(False)
        else:
            super().keyPressEvent(event)
        event.accept()  # what a field does not use would move nodes on the canvas

    @guarded(None)
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self.left.emit(True)
