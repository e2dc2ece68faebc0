"""Cards on their way to where the network has them already."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEasingCurve, QObject, QPointF, QVariantAnimation, Slot

from gui.canvas.scene import CanvasScene
from gui.guard import guarded
from gui.theme import GLIDE_MS, appearance

#: With more cards than this the steps would be too far apart to look like a movement.
_MOST = 400


class Glide(QObject):
    """An edit is made at once; what glides is the picture. The next edit or gesture ends it."""

    def __init__(self, scene: CanvasScene) -> None:
        super().__init__(scene)
        self.scene = scene
        self._way: dict[str, tuple[QPointF, QPointF]] = {}
        self._animation = QVariantAnimation(self)
        self._animation.setDuration(GLIDE_MS)
        self._animation.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._animation.setStartValue(0.0)
        self._animation.setEndValue(1.0)
        self._animation.valueChanged.connect(self._show)
        scene.editor.changed.connect(self.end)
        scene.editor.replaced.connect(self.end)

    @property
    def running(self) -> bool:
        return bool(self._way)

    def over(self, ids: Iterable[str], edit: Callable[[], bool]) -> bool:
        """Make an edit, then show these cards, and what lies in them, moving from where they were.
        What `edit` answers."""
        self.end()
        before = {key: self._place(key) for key in self._with_insides(ids)}
        if not edit():
            return False
        if appearance.reduce_motion or len(before) > _MOST:
            return True
        now = {key: self._place(key) for key in before if self._is_shown(key)}
        self._way = {key: (before[key], to) for key, to in now.items() if before[key] != to}
        if self._way:
            self._show(0.0)
            self._animation.start()
        return True

    @Slot()
    def end(self) -> None:
        """Every card is where it belongs, now."""
        self._animation.stop()
        way, self._way = self._way, {}
        network = self.scene.editor.network
        # Where the network has them: the edit that ended this may have moved some elsewhere.
        there = [key for key in way if key in network.nodes and self._is_shown(key)]
        self.scene.place({key: self.scene.position(key) for key in there})

    @guarded(None)
    def _show(self, share: float) -> None:
        if not self._way:
            return
        if share >= 1.0:
            self.end()
            return
        places = {key: start + (to - start) * share for key, (start, to) in self._way.items()}
        self.scene.place({key: (place.x(), place.y()) for key, place in places.items()})

    def _with_insides(self, ids: Iterable[str]) -> set[str]:
        ids = set(ids)
        inside = (child for key in ids for child in self.scene.editor.network.inside(key))
        return {key for key in ids.union(inside) if self._is_shown(key)}

    def _place(self, node_id: str) -> QPointF:
        return QPointF(*self.scene.position(node_id))

    def _is_shown(self, node_id: str) -> bool:
        return self.scene.shows(node_id)
