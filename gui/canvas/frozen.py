"""Which cards say that they are frozen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from gui import freezing

if TYPE_CHECKING:
    from gui.canvas.scene import CanvasScene


class FrozenMarks(QObject):
    """Follows the recipe, the network and what is known of its weights."""

    def __init__(self, scene: CanvasScene) -> None:
        super().__init__(scene)
        self._scene = scene
        editor = scene.editor
        self.shown = freezing.marked(editor)
        for signal in (
            editor.recipe_changed,
            editor.changed,
            editor.replaced,
            editor.shapes_changed,
        ):
            signal.connect(self._follow)

    @Slot()
    def _follow(self, _: object = None) -> None:
        before, self.shown = self.shown, freezing.marked(self._scene.editor)
        for node_id in before ^ self.shown:
            if self._scene.shows(node_id):
                self._scene.node_item(node_id).show_state(frozen=node_id in self.shown)
