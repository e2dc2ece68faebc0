"""Commands about where things lie on the canvas, and about the picture of it."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.project.errors import FileProblem
from engine.project.examples import EXAMPLE_FOLDER
from gui.actions import Actions
from gui.canvas import align
from gui.canvas.align import Direction, Side
from gui.canvas.export import FORMATS, save_diagram
from gui.canvas.view import CanvasView
from gui.documents import Documents
from gui.editor import Editor
from gui.settings import Settings
from gui.theme import appearance

ALIGN = ("align_left", "align_center", "align_right", "align_top", "align_middle", "align_bottom")
DISTRIBUTE = ("distribute_horizontally", "distribute_vertically")


class LayoutCommands(QObject):
    #: (text, level) for the message bar.
    message = Signal(str, str)

    def __init__(
        self,
        actions: Actions,
        canvas: CanvasView,
        documents: Documents,
        settings: Settings,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._actions = actions
        self._canvas = canvas
        self._editor: Editor = canvas.scene().editor
        self._documents = documents
        self._settings = settings
        self._window = window
        handlers = {"arrange": canvas.arranger.arrange, "zoom_selection": canvas.zoom_to_selection}
        actions.handle(handlers | {"export_diagram": self.export_diagram})
        actions.handle(dict.fromkeys(ALIGN, self._align) | dict.fromkeys(DISTRIBUTE, self._distribute))
        preferences = settings.preferences
        appearance.reduce_motion = preferences.reduce_motion
        canvas.minimap.set_wanted(preferences.minimap)
        for name, checked in (
            ("minimap", preferences.minimap),
            ("reduce_motion", preferences.reduce_motion),
        ):
            actions[name].setCheckable(True)
            actions[name].setChecked(checked)
        actions["minimap"].toggled.connect(self._show_minimap)
        actions["reduce_motion"].toggled.connect(self._reduce_motion)
        for signal in (self._editor.selection_changed, self._editor.changed, self._editor.replaced):
            signal.connect(self._enable)
        self._enable()

    @Slot()
    def _enable(self) -> None:
        """Each command with the reason why it makes no sense now."""
        some = bool(self._editor.network.nodes)
        for name in ("arrange", "export_diagram"):
            self._actions.set_enabled(name, some, self.tr("The network is empty."))
        selected = len(self._editor.selection)
        self._actions.set_enabled("zoom_selection", selected > 0, self.tr("Nothing is selected."))
        for names, least, reason in (
            (ALIGN, align.FEWEST_TO_ALIGN, self.tr("Select two nodes or more.")),
            (DISTRIBUTE, align.FEWEST_TO_DISTRIBUTE, self.tr("Select three nodes or more.")),
        ):
            for name in names:
                self._actions.set_enabled(name, selected >= least, reason)

    @Slot()
    def _align(self) -> None:
        side = cast(Side, self.sender().objectName().removeprefix("align_"))
        align.move_to(self._canvas.glide, align.aligned, side, self.tr("Align"))

    @Slot()
    def _distribute(self) -> None:
        direction = cast(Direction, self.sender().objectName().removeprefix("distribute_"))
        align.move_to(self._canvas.glide, align.distributed, direction, self.tr("Distribute"))

    @Slot(bool)
    def _show_minimap(self, shown: bool) -> None:
        self._canvas.minimap.set_wanted(shown)
        self._settings.preferences.minimap = shown
        self._settings.save()

    @Slot(bool)
    def _reduce_motion(self, reduced: bool) -> None:
        appearance.reduce_motion = reduced
        self._settings.preferences.reduce_motion = reduced
        self._settings.save()

    # A picture of the diagram

    @Slot()
    def export_diagram(self) -> None:
        """Ask where to, and write it."""
        kinds = {
            self.tr("PNG picture, double size (*.png)"): "png",
            self.tr("SVG drawing (*.svg)"): "svg",
            self.tr("PDF page (*.pdf)"): "pdf",
        }
        path = self._documents.path
        folder = Path.home() if path is None or EXAMPLE_FOLDER in path.parents else path.parent
        start = str(folder / "{0}.{1}".format(self._documents.name, FORMATS[0]))
        title = self.tr("Export diagram")
        chosen, kind = QFileDialog.getSaveFileName(self._window, title, start, ";;".join(kinds))
        if not chosen:
            return
        target = Path(chosen)
        if target.suffix.lower().removeprefix(".") not in FORMATS:
            target = target.with_name("{0}.{1}".format(target.name, kinds.get(kind, FORMATS[0])))
        self.write_diagram(target)

    def write_diagram(self, path: Path) -> None:
        """Write the diagram and say so, or say why not."""
        try:
            scale = save_diagram(self._canvas.scene(), path)
        except FileProblem as problem:
            self.message.emit(str(problem), "error")
            return
        text = self.tr("Saved {0}").format(path.name)
        if path.suffix.lower() == ".png" and scale < 1:
            text = self.tr(
                "Saved {0} at {1} % of its size: a larger picture cannot be painted. "
                "SVG and PDF have no such limit."
            ).format(path.name, round(scale * 100))
        self.message.emit(text, "status" if scale >= 1 else "info")
