"""What the dots beside the fields mean while a run goes on."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from gui.recipe.note import Note
from gui.recipe.row import LiveMark
from gui.theme import GRID


class LiveLegend(QWidget):
    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID // 2, GRID // 2, 0, GRID // 2)
        row.setSpacing(GRID // 2)
        for live, text in ((True, self.tr("live: acts at once")), (False, self.tr("next run"))):
            mark, note = LiveMark(), Note(text)
            mark.show_live(live)
            note.setWordWrap(False)
            row.addWidget(mark)
            row.addWidget(note)
            row.addSpacing(GRID)
        row.addStretch(1)
        self.hide()
