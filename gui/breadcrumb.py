"""Where one is: the blocks around the level that the canvas shows, each a way back to it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from engine.messages import shown
from gui.editor import Editor
from gui.theme import GRID, appearance, ui_font


class Breadcrumb(QFrame):
    """A row of buttons above the canvas, only there while one is in a block."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self.setObjectName("breadcrumb")
        self.setAccessibleName(self.tr("Where you are in the network"))
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        self._row.setSpacing(GRID // 2)
        for signal in (editor.level_changed, editor.replaced, editor.changed, appearance.changed):
            signal.connect(self._show)
        self._show()

    @property
    def buttons(self) -> tuple[QToolButton, ...]:
        """The network itself first, the block one is in last."""
        return tuple(self.findChildren(QToolButton, options=Qt.FindChildOption.FindDirectChildrenOnly))

    @Slot()
    def _show(self) -> None:
        self._clear()
        network, level = self._editor.network, self._editor.level
        self.setVisible(bool(level))
        if not level:
            return
        around = [level, *network.blocks_around(level)]
        self._add("", self.tr("Network"))
        for block in reversed(around):
            self._row.addWidget(_separator())
            self._add(block, shown(network.nodes[block].name))
        self._row.addStretch(1)

    def _add(self, block: str, title: str) -> None:
        button = QToolButton(self)
        button.setText(title.replace("&", "&&"))
        button.setAutoRaise(True)
        button.setFont(ui_font(13))
        button.setEnabled(block != self._editor.level)
        button.setToolTip(self.tr("Go back to {0}").format(title) if button.isEnabled() else "")
        button.setProperty("block", block)
        button.clicked.connect(self._go)
        self._row.addWidget(button)

    @Slot()
    def _go(self) -> None:
        self._editor.enter(self.sender().property("block"))

    def _clear(self) -> None:
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.setParent(None)
                widget.deleteLater()


def _separator() -> QLabel:
    label = QLabel("›")
    label.setStyleSheet("color: {0};".format(appearance.theme.muted))
    return label
