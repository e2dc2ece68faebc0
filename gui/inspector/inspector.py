"""The dock beside the canvas: one node's parameters, or the whole network when none is selected."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from engine.network.model import Changes
from gui.editor import Editor
from gui.inspector.network_form import NetworkForm
from gui.inspector.node_form import NodeForm
from gui.tab_order import put_in_tab_order
from gui.theme import GRID, appearance

#: px that the longest name of a field, the field and a scroll bar need.
LEAST_WIDTH = 29 * GRID


class Inspector(QScrollArea):
    """Follows the selection of `editor`."""

    #: The recipe is to be edited.
    training_wanted = Signal()

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setMinimumWidth(LEAST_WIDTH)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its fields are the stops
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._editor = editor
        self._form: NodeForm | NetworkForm | None = None
        editor.selection_changed.connect(self._rebuild)
        editor.replaced.connect(self._rebuild)
        editor.changed.connect(self._network_changed)
        appearance.changed.connect(self._rebuild)  # its labels have colours of their own
        self._rebuild()

    @property
    def form(self) -> NodeForm | NetworkForm | None:
        return self._form

    def _rebuild(self) -> None:
        """Another node, another form."""
        selected = self._editor.selected
        self._form = NetworkForm(self._editor) if selected is None else NodeForm(self._editor, selected)
        if isinstance(self._form, NetworkForm):
            self._form.training_wanted.connect(self.training_wanted)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(GRID * 3 // 2, GRID, GRID * 3 // 2, GRID)
        column.addWidget(self._form)
        column.addStretch(1)
        self.setWidget(holder)
        put_in_tab_order(self, holder)

    def _network_changed(self, changes: Changes) -> None:
        if isinstance(self._form, NodeForm) and self._form.node_id in changes.changed:
            self._form.refresh()
