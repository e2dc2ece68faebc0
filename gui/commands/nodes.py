"""Find and rename: commands of the canvas and the list of nodes together."""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QDockWidget, QWidget

from gui.actions import Actions
from gui.canvas.view import CanvasView
from gui.editor import Editor
from gui.node_list.node_list import NodeList


class NodeListCommands(QObject):
    def __init__(
        self, actions: Actions, canvas: CanvasView, nodes: NodeList, dock: QDockWidget, window: QWidget
    ) -> None:
        super().__init__(window)
        self._actions = actions
        self._canvas = canvas
        self._editor: Editor = canvas.scene().editor
        self._nodes = nodes
        self._dock = dock
        actions.handle({"find": self.find, "rename": self.rename})
        nodes.left.connect(canvas.setFocus)
        self._editor.selection_changed.connect(self._enable)
        self._enable()

    @Slot()
    def _enable(self) -> None:
        one = self._editor.selected is not None
        self._actions.set_enabled("rename", one, self.tr("Select one node."))

    @Slot()
    def find(self) -> None:
        """Bring the list to the front, with the keyboard in its search field."""
        self._dock.show()
        self._dock.raise_()
        self._nodes.focus_search()

    @Slot()
    def rename(self) -> None:
        """Edit the name of the selected node where the keyboard is: in the list or on the card."""
        selected = self._editor.selected
        if self._nodes.tree.hasFocus():
            self._nodes.rename()
        elif selected is not None:
            self._canvas.scene().reveal(selected)
            self._editor.select(frozenset({selected}))  # a step into its block leaves it behind
            self._canvas.renamer.start(selected)
