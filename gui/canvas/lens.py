"""Which lens the canvas is seen through, and what that makes of its cards and links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QColor

from engine.network.model import Link, Node
from engine.telemetry.frame import Frame, Watch
from gui.canvas.items.link_item import LinkItem
from gui.canvas.items.node_item import NodeItem
from gui.canvas.lenses import LENSES
from gui.canvas.lenses.facts import Facts
from gui.canvas.lenses.lens_kind import NOTES, LensKind
from gui.canvas.overlays.legend_rows import Row
from gui.theme import appearance, color

if TYPE_CHECKING:
    from gui.canvas.scene import CanvasScene

DRAWING, TRAINING = "structure", "gradients"


class Lens(QObject):
    """While one draws and while a run is there, each has a lens of its own, and keeps it.

    `chosen`: another lens is in use. `changed`: what it shows may look different, or its legend."""

    chosen = Signal()
    changed = Signal()

    def __init__(self, scene: CanvasScene) -> None:
        super().__init__(scene)
        self._scene = scene
        self.facts = Facts(scene.editor)
        self._lenses: dict[str, LensKind] = {kind.name: kind(self.facts) for kind in LENSES}
        self.at_rest, self.in_run = DRAWING, TRAINING
        self._lens.prepare()
        scene.editor.shapes_changed.connect(self._costs_changed)
        scene.editor.recipe_changed.connect(self._costs_changed)
        scene.editor.changed.connect(self.changed)
        scene.editor.replaced.connect(self.forget)
        appearance.changed.connect(self.refresh)

    # Choosing

    @property
    def has_run(self) -> bool:
        """Whether there is anything to be seen of a run."""
        return self.facts.run is not None

    @property
    def name(self) -> str:
        return self.in_run if self.has_run else self.at_rest

    def title(self) -> str:
        return self._lens.title()

    def can_show(self, name: str) -> bool:
        return self.has_run or not self._lenses[name].live

    def choose(self, name: str) -> None:
        """Look through another lens; one that shows a run waits for one."""
        if name == self.name or not self.can_show(name):
            return
        if self.has_run:
            self.in_run = name
        else:
            self.at_rest = name
        self.refresh()
        self.chosen.emit()

    @Slot()
    def choose_next(self) -> None:
        """The next in the order of the menu, after the last one the first."""
        names = [name for name in self._lenses if self.can_show(name)]
        self.choose(names[(names.index(self.name) + 1) % len(names)])

    def remember(self, at_rest: str, in_run: str) -> None:
        """What was chosen last time."""
        if at_rest in self._lenses and not self._lenses[at_rest].live:
            self.at_rest = at_rest
        self.in_run = in_run if in_run in self._lenses else TRAINING
        self.refresh()
        self.chosen.emit()

    # What there is to be seen

    def want(self, watch: Watch) -> Watch:
        """What a run has to be asked for; before its first picture, too."""
        return self._lenses[self.in_run].want(watch)

    def take(self, frame: Frame) -> None:
        had_run = self.has_run
        self.facts.take(frame)
        if self._lens.live or not had_run:
            self.refresh()
        if not had_run:
            self.chosen.emit()

    @Slot()
    def forget(self) -> None:
        """The run is gone; so is what was seen of it."""
        had_run = self.has_run
        self.facts.forget()
        self.refresh()
        if had_run:
            self.chosen.emit()

    @Slot()
    def _costs_changed(self, _: object = None) -> None:
        if self._lens.costs:
            self.refresh()

    @Slot()
    def refresh(self) -> None:
        """Every card and link anew; those that look the same are not repainted."""
        self._lens.prepare()
        for card in self._scene.node_items():
            self.show_node(card)
        for line in self._scene.link_items():
            self.show_link(line)
        self.changed.emit()

    def show_node(self, card: NodeItem) -> None:
        token = None if card.node.kind in NOTES else self._lens.tint(card.node)
        tint: QColor | None = None if token is None else color(token)
        card.show_tint(tint)

    def show_link(self, line: LinkItem) -> None:
        look = self._lens.look(line.link)
        line.show_look(look.token, look.width)

    # In words

    def legend(self) -> tuple[Row, ...]:
        return self._lens.legend()

    def about_node(self, node: Node) -> str:
        return self._lens.about_node(node)

    def about_link(self, link: Link) -> str:
        return self._lens.about_link(link)

    @property
    def _lens(self) -> LensKind:
        return self._lenses[self.name]
