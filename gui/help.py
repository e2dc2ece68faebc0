"""How to do what: the list of shortcuts and gestures, and the about box."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QLabel,
    QLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine import __version__
from gui.actions import COMMANDS
from gui.icons import pixmap
from gui.theme import GRID, appearance, number_font, ui_font

GESTURES = (
    ("Drag from the layer list", "Add a layer; onto a link: put it in"),
    ("Double click a layer in the list", "Add it behind the selected node"),
    ("Double click on empty canvas", "Add a layer there by typing"),
    ("Drag from a port to a port", "Link two nodes"),
    ("Drag from a port to empty canvas", "Add a layer there, linked"),
    ("Drag a link, or its end off its port", "Link its nearer end elsewhere"),
    ("Drop that end on empty canvas", "Unlink"),
    ("Drag an unlinked node onto a link", "Put it in"),
    ("Right button, menu key", "What can be done here"),
    ("Shift+Tab on the canvas", "Leave it"),
    ("Click the mark of a problem", "Show the problem and its fixes"),
    ("Drag a node, arrow keys", "Move what is selected"),
    ("Alt + drag a node", "Drag a copy of what is selected"),
    ("Double click a name", "Rename the node"),
    ("Drag on empty canvas", "Select a region"),
    ("Click or drag on the map", "Go there"),
    ("Wheel, Ctrl + wheel", "Zoom about the mouse"),
    ("Middle button, Space + drag", "Pan"),
    ("Drag on the timeline, its wheel, arrow keys", "Show the recorded state at that step"),
    ("Space on the timeline", "Play the recorded states"),
)


def show_shortcuts(parent: QWidget) -> None:
    """A window that stays open beside the work."""
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(dialog.tr("Keyboard and mouse"))
    grid = QGridLayout()
    grid.setHorizontalSpacing(GRID * 3)
    grid.setVerticalSpacing(GRID // 2)
    keyed = [command for command in COMMANDS.values() if command.shortcut]
    for row, command in enumerate(keyed):
        keys = QKeySequence(command.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
        _row(grid, row, 0, keys, QCoreApplication.translate("actions", command.help))
    for row, (gesture, effect) in enumerate(GESTURES):
        _row(
            grid,
            row,
            2,
            QCoreApplication.translate("help", gesture),
            QCoreApplication.translate("help", effect),
        )
    _finish(dialog, _scrolled(grid))


def show_about(parent: QWidget) -> None:
    dialog = QDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(dialog.tr("About Backlit"))
    grid = QGridLayout()
    grid.setHorizontalSpacing(GRID * 2)
    mark = QLabel()
    mark.setPixmap(pixmap("backlit", appearance.theme.text, 64, parent.devicePixelRatioF()))
    name = QLabel("Backlit {0}".format(__version__))
    name.setFont(ui_font(20, ui_font().Weight.DemiBold))
    text = QLabel(
        dialog.tr(
            "A light table for neural networks: draw one, train it, see through it.\n\n"
            "Free software under the MIT licence. Fonts: Inter and JetBrains Mono (SIL OFL).\n"
            "Digits: MNIST by LeCun, Cortes and Burges (CC BY-SA 3.0)."
        )
    )
    grid.addWidget(mark, 0, 0, 2, 1, Qt.AlignmentFlag.AlignTop)
    grid.addWidget(name, 0, 1)
    grid.addWidget(text, 1, 1)
    _finish(dialog, grid)


def _row(grid: QGridLayout, row: int, column: int, keys: str, effect: str) -> None:
    label = QLabel(keys)
    label.setFont(number_font() if column == 0 else ui_font(13, ui_font().Weight.Medium))
    grid.addWidget(label, row, column)
    grid.addWidget(QLabel(effect), row, column + 1)


def _scrolled(grid: QGridLayout) -> QVBoxLayout:
    """The list as tall as it is, or as the screen allows."""
    holder, area, column = QWidget(), QScrollArea(), QVBoxLayout()
    grid.setContentsMargins(0, 0, GRID * 2, 0)
    holder.setLayout(grid)
    area.setWidget(holder)
    area.setFrameShape(QFrame.Shape.NoFrame)
    size = holder.sizeHint()
    tallest = QGuiApplication.primaryScreen().availableSize().height() - GRID * 16
    area.setMinimumSize(size.width(), min(size.height(), tallest))
    column.addWidget(area)
    return column


def _finish(dialog: QDialog, grid: QLayout) -> None:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.close)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(GRID * 3, GRID * 2, GRID * 3, GRID * 2)
    column.setSpacing(GRID * 2)
    column.addLayout(grid)
    column.addWidget(buttons)
    dialog.show()
