"""Commands about blocks, and about what is written beside the network."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QWidget

from gui.actions import Actions
from gui.canvas import blocks, notes
from gui.canvas.view import CanvasView
from gui.editor import Editor
from gui.library import Library


class BlockCommands(QObject):
    def __init__(self, actions: Actions, canvas: CanvasView, library: Library, window: QWidget) -> None:
        super().__init__(window)
        self._library = library
        self._actions = actions
        self._canvas = canvas
        self._scene = canvas.scene()
        self._editor: Editor = self._scene.editor
        actions.handle(
            {
                "group": self.group,
                "ungroup": self.ungroup,
                "toggle_block": self.toggle,
                "enter_block": self.enter,
                "leave_block": self._editor.leave,
                "save_block": self.save,
                "comment": self.comment,
                "frame": self.frame,
            }
        )
        editor = self._editor
        for signal in (
            editor.selection_changed,
            editor.changed,
            editor.replaced,
            editor.level_changed,
        ):
            signal.connect(self._enable)
        self._enable()

    @Slot()
    def _enable(self) -> None:
        """Each command with the reason why it makes no sense now."""
        some = bool(self._editor.selection)
        block = self._selected_block() is not None
        for name in ("group", "frame"):
            self._actions.set_enabled(name, some, self.tr("Nothing is selected."))
        for name in ("ungroup", "toggle_block", "enter_block", "save_block"):
            self._actions.set_enabled(name, block, self.tr("Select a block."))
        inside = bool(self._editor.level)
        self._actions.set_enabled("leave_block", inside, self.tr("You are in no block."))

    def _selected_block(self) -> str | None:
        selected = self._editor.selected
        if selected is None or self._editor.network.nodes[selected].kind != "Block":
            return None
        return selected

    @Slot()
    def group(self) -> None:
        blocks.group(self._scene)

    @Slot()
    def ungroup(self) -> None:
        blocks.ungroup(self._scene)

    @Slot()
    def toggle(self) -> None:
        block = self._selected_block()
        if block is not None:
            blocks.toggle(self._scene, block)

    @Slot()
    def enter(self) -> None:
        block = self._selected_block()
        if block is not None:
            self._editor.enter(block)

    @Slot()
    def save(self) -> None:
        block = self._selected_block()
        if block is not None:
            self._library.save(block)

    @Slot()
    def comment(self) -> None:
        middle = self._canvas.mapToScene(self._canvas.viewport().rect().center())
        notes.add_comment(self._scene, middle)

    @Slot()
    def frame(self) -> None:
        notes.add_frame(self._scene)
