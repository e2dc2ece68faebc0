"""Which data set the network is trained on, and what is in it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.data import SOURCES
from engine.recipe.recipe import DataChoice
from gui.editor import Editor
from gui.recipe.choice import narrow_combo
from gui.recipe.note import Note
from gui.recipe.row import Row
from gui.theme import GRID


class DataRow(QWidget):
    """Follows `editor.project.data`."""

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor
        title = QCoreApplication.translate("recipe", "data set")
        self.combo = narrow_combo()
        self.combo.setObjectName("field-data")
        self.combo.setAccessibleName(title)
        for source in SOURCES.values():
            self.combo.addItem(source.title, source.name)
        self.combo.activated.connect(self._choose)
        self.row = Row(title, self.combo)
        self._help = Note()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.row)
        column.addWidget(self._help)

    def follow(self, live: bool, began: DataChoice | None) -> None:
        data = self._editor.project.data
        self.combo.setCurrentIndex(self.combo.findData(data.source))
        known = SOURCES.get(data.source)
        self._help.setText(
            known.help if known else self.tr("Unknown data set: {0}").format(data.source[:80])
        )
        self.row.show_run(live, began is not None and began != data)

    @Slot()
    def _choose(self) -> None:
        self._editor.set_data(self.tr("Choose data"), self.combo.currentData())
