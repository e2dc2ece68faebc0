"""A window of its own that shows runs side by side."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHeaderView,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.runs.comparison import Comparison, Row
from gui.theme import GRID, appearance, color, number_font, ui_font

_TITLES = 30 * GRID
_COLUMN = 20 * GRID


class CompareDialog(QDialog):
    """It stays open beside the work; the arrow keys go through its rows, Escape closes it."""

    def __init__(self, comparison: Comparison, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Compare runs"))
        self._comparison = comparison
        self.tree = QTreeWidget()
        self.tree.setObjectName("run-tree")
        self.tree.setAccessibleName(self.tr("Differences between runs"))
        self.tree.setFrameShape(QFrame.Shape.NoFrame)
        self.tree.setUniformRowHeights(True)
        self.tree.setSelectionBehavior(QTreeWidget.SelectionBehavior.SelectRows)
        self.tree.setColumnCount(1 + len(comparison.names))
        self.tree.setHeaderLabels(["", *comparison.names])
        self.tree.setIndentation(2 * GRID)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.tree, 1)
        column.addWidget(buttons)
        self._fill()
        header = self.tree.header()
        header.setStretchLastSection(True)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.resizeSection(0, _TITLES)
        for at in range(len(comparison.names)):
            header.resizeSection(at + 1, _COLUMN)
        width = _TITLES + _COLUMN * len(comparison.names) + 4 * GRID
        self.resize(QSize(min(width, 1200), 520))
        appearance.changed.connect(self._fill)

    def _fill(self) -> None:
        self.tree.clear()
        for section in self._comparison.sections:
            head = QTreeWidgetItem([section.title])
            head.setFont(0, ui_font(13, QFont.Weight.DemiBold))
            self.tree.addTopLevelItem(head)
            for row in section.rows:
                head.addChild(_item(row))
            if not section.rows:
                remark = QTreeWidgetItem([section.remark])
                remark.setForeground(0, color("muted"))
                head.addChild(remark)
                remark.setFirstColumnSpanned(True)
            head.setExpanded(True)
            head.setFirstColumnSpanned(True)


def _item(row: Row) -> QTreeWidgetItem:
    item = QTreeWidgetItem([row.title, *row.cells])
    item.setForeground(0, color("muted"))
    for at, cell in enumerate(row.cells, 1):
        item.setFont(at, number_font(12))
        item.setToolTip(at, cell)
        if at - 1 in row.best:
            font = number_font(12)
            font.setWeight(QFont.Weight.Bold)
            item.setFont(at, font)
            item.setForeground(at, color("good"))
            item.setText(at, "{0} ✓".format(cell))
    return item
