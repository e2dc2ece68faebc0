"""The whole network, when no node is selected: what it costs, and how it is going to be trained."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from gui.editor import Editor
from gui.inspector.costs import NetworkCosts
from gui.plotting.parts import set_ink
from gui.recipe.summary import training_lines
from gui.theme import GRID, appearance, ui_font


class NetworkForm(QWidget):
    #: The recipe is to be edited.
    training_wanted = Signal()

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor
        title = QLabel(self.tr("Training"))
        title.setFont(ui_font(13, ui_font().Weight.DemiBold))
        self.recipe = QLabel()
        self.recipe.setTextFormat(Qt.TextFormat.PlainText)
        self.recipe.setWordWrap(True)
        self.edit = QPushButton(self.tr("Training Settings…"))
        self.edit.setObjectName("edit-recipe")
        self.edit.setAutoDefault(False)
        self.edit.clicked.connect(self.training_wanted)
        self.costs = NetworkCosts(editor)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        for widget in (title, self.recipe, self.edit, self.costs):
            column.addWidget(widget)
        editor.recipe_changed.connect(self.refresh)
        appearance.changed.connect(self._tint)
        self.refresh()
        self._tint()

    @Slot()
    def refresh(self) -> None:
        self.recipe.setText("\n".join(training_lines(self._editor.project)))

    @Slot()
    def _tint(self) -> None:
        set_ink(self.recipe, "muted")
