"""Copy, cut, paste, duplicate. The clipboard carries text: between windows, through any editor."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRectF, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from engine.network.copies import cut_out, moved, roots, without_ports
from engine.network.edits import RemoveNodes
from engine.network.model import Network
from engine.network.problem import Problem
from engine.project.errors import FileProblem
from engine.project.fragment import from_text, to_text
from gui.actions import Actions
from gui.canvas.copying import STEP, add_copies, shifted, uncovered
from gui.canvas.geometry import node_rect, snap
from gui.canvas.guides import united
from gui.canvas.view import CanvasView
from gui.editor import Editor


class ClipboardCommands(QObject):
    """Problems with what is pasted go through `editor.refused`, as those of any edit."""

    #: (text, level) for the message bar.
    message = Signal(str, str)

    def __init__(self, actions: Actions, canvas: CanvasView, window: QWidget) -> None:
        super().__init__(window)
        self._actions = actions
        self._canvas = canvas
        self._editor: Editor = canvas.scene().editor
        actions.handle({"copy": self.copy, "cut": self.cut, "paste": self.paste})
        actions.handle({"duplicate": self.duplicate})
        self._editor.selection_changed.connect(self._enable)
        self._enable()

    @Slot()
    def _enable(self) -> None:
        some = bool(self._editor.selection)
        for name in ("copy", "cut", "duplicate"):
            self._actions.set_enabled(name, some, self.tr("Nothing is selected."))

    @Slot()
    def copy(self) -> None:
        """The selected nodes, or the words that are selected in a label: unlike a text field it leaves
        the key to the window."""
        label = QApplication.focusWidget()
        if isinstance(label, QLabel) and label.hasSelectedText():
            QGuiApplication.clipboard().setText(label.selectedText())
        else:
            self._write()

    @Slot()
    def cut(self) -> None:
        if self._write():
            self._editor.edit(RemoveNodes(self._editor.selection), self.tr("Cut"))

    def _write(self) -> bool:
        """Put the selected nodes, all that lies in them, and the links among them on the clipboard."""
        scene = self._canvas.scene()
        fragment = cut_out(self._editor.network, self._editor.selection)
        # Nodes of several blocks keep their places to each other.
        shown = [node.id for node in roots(fragment) if scene.shows(node.id)]
        places = {key: scene.position(key) for key in shown}
        try:
            text = to_text(moved(fragment, places, ""))
        except FileProblem as problem:
            self.message.emit(str(problem), "error")
            return False
        # Text alone: a QMimeData made in Python, left on the clipboard, ends the process with a crash.
        QGuiApplication.clipboard().setText(text)
        return True

    @Slot()
    def paste(self) -> None:
        """The nodes on the clipboard, near where they come from or else in the middle of the view."""
        fragment = from_text(QGuiApplication.clipboard().text())
        if isinstance(fragment, Network):
            fragment = self._fitting(fragment)
        if isinstance(fragment, Problem):
            self._editor.refused.emit(fragment)
            return
        placed = uncovered(self._editor.network, self._in_sight(fragment))
        if add_copies(self._editor, placed, self.tr("Paste")):
            self._reveal(_box(placed))

    @Slot()
    def duplicate(self) -> None:
        """Copies of the selected nodes beside them, in the same blocks."""
        network = self._editor.network
        copies = uncovered(network, shifted(cut_out(network, self._editor.selection), STEP, STEP))
        add_copies(self._editor, copies, self.tr("Duplicate"))

    @property
    def target_block(self) -> str:
        """The block that a paste goes into: the one that one has stepped into, if any."""
        return self._editor.level

    def _fitting(self, fragment: Network) -> Network | Problem:
        """The fragment in the block it goes into; ports of a block can lie in one only."""
        found = fragment if self.target_block else without_ports(fragment)
        if not found.nodes:
            code = "only_in_a_block" if fragment.nodes else "no_fragment"
            return Problem(code, None, values={})
        return moved(found, {}, self.target_block)

    def _in_sight(self, fragment: Network) -> Network:
        """The fragment where it was copied from if that is in sight, else in the middle of the view."""
        box, view = _box(fragment), self._view_area()
        if view.contains(box.center()):
            return fragment
        corner = view.center() - QPointF(box.width(), box.height()) / 2
        x, y = snap(corner.x(), corner.y())
        return shifted(fragment, x - box.x(), y - box.y())

    def _reveal(self, box: QRectF) -> None:
        """After many pastes the steps lead out of sight."""
        if not self._view_area().contains(box.center()):
            self._canvas.centerOn(box.center())

    def _view_area(self) -> QRectF:
        canvas = self._canvas
        return canvas.mapToScene(canvas.viewport().rect()).boundingRect()


def _box(fragment: Network) -> QRectF:
    """The cards of a fragment; of what lies in a block only the block."""
    return united(node_rect(fragment, node) for node in roots(fragment))
