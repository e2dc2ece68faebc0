"""The dock beside the canvas: one node's parameters, or the training recipe when none is selected."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from engine.network.model import Changes
from gui.editor import Editor
from gui.inspector.node_form import NodeForm
from gui.inspector.recipe_form import RecipeForm
from gui.theme import GRID, appearance

#: px that the longest name of a field, the field and a scroll bar need.
LEAST_WIDTH = 29 * GRID


class Inspector(QScrollArea):
    """Follows the selection of `editor`."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setMinimumWidth(LEAST_WIDTH)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its fields are the stops
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._editor = editor
        self._form: NodeForm | RecipeForm | None = None
        editor.selection_changed.connect(self._rebuild)
        editor.replaced.connect(self._rebuild)
        editor.changed.connect(self._network_changed)
        appearance.changed.connect(self._rebuild)  # its labels have colours of their own
        self._rebuild()

    @property
    def form(self) -> NodeForm | RecipeForm | None:
        return self._form

    def _rebuild(self) -> None:
        """Another node, another form."""
        selected = self._editor.selected
        self._form = RecipeForm(self._editor) if selected is None else NodeForm(self._editor, selected)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(GRID * 3 // 2, GRID, GRID * 3 // 2, GRID)
        column.addWidget(self._form)
        column.addStretch(1)
        self.setWidget(holder)
        self._put_in_tab_order(holder)

    def _put_in_tab_order(self, holder: QWidget) -> None:
        """Behind what stands above the inspector: a new widget comes last in the window otherwise."""
        before: QWidget = self
        for widget in holder.findChildren(QWidget):
            stops = widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
            here = widget.window() is self.window()  # the list of a combo box is a window itself
            if stops and here and widget.focusProxy() is None:
                QWidget.setTabOrder(before, widget)
                before = widget

    def _network_changed(self, changes: Changes) -> None:
        if isinstance(self._form, NodeForm) and self._form.node_id in changes.changed:
            self._form.refresh()
