"""Whether a node learns: a button in the head of the inspector."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QToolButton

from gui import freezing
from gui.editor import Editor
from gui.icons import icon


class FreezeButton(QToolButton):
    """Pressed while the node, or all that lies in the block, keeps its weights."""

    def __init__(self, editor: Editor, node_id: str) -> None:
        super().__init__()
        self._editor = editor
        self._node = node_id
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setIcon(icon("frozen"))
        self.setObjectName("freeze")
        self.setAccessibleName(self.tr("Freeze"))
        self.clicked.connect(self._toggle)
        for signal in (editor.recipe_changed, editor.shapes_changed):
            signal.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self, _: object = None) -> None:
        ids = (self._node,)
        self.setVisible(bool(freezing.learning(self._editor, ids)))
        frozen = freezing.are_frozen(self._editor, ids)
        self.setChecked(frozen)
        asleep = self.tr("Frozen: it keeps its weights while others learn. Click to let it learn.")
        self.setToolTip(asleep if frozen else self.tr("Freeze: keep its weights while others learn"))

    @Slot()
    def _toggle(self) -> None:
        freezing.toggle(self._editor, (self._node,))
        self.refresh()
