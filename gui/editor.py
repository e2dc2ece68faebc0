"""The project being edited, its undo stack, its live shapes and the selection.

Canvas, palette, inspector and panels share one `Editor` and never each other. The project is a
value; everything on screen follows the signals below.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack

from engine.build.fix import Fix, Fixes
from engine.build.report import EMPTY_REPORT, ShapeReport
from engine.network.edits import Edit, EditError
from engine.network.expand import expand
from engine.network.model import Network, changes
from engine.network.problem import Problem
from engine.project.project import Project, Weights, owner
from engine.recipe.recipe import DataChoice


class ShapeSource(Protocol):
    """Infers shapes away from the GUI thread (`engine.shape_service.ShapeService`)."""

    def infer(self, project: Project, weights: Weights) -> None: ...


class Editor(QObject):
    """`changed` carries a `Changes`, `shapes_changed` a `ShapeReport`, `refused` a `Problem`."""

    changed = Signal(object)
    recipe_changed = Signal()
    shapes_changed = Signal(object)
    #: There are proven fixes now for the problems in `report`.
    fixes_changed = Signal()
    selection_changed = Signal()
    #: One stepped into a block, or out of it.
    level_changed = Signal()
    refused = Signal(object)
    #: Another project took the place of the one before: drop every picture of it.
    replaced = Signal()

    def __init__(self, shapes: ShapeSource | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self._shapes = shapes
        self._project = Project()
        self._weights: Weights = {}
        self._report = EMPTY_REPORT
        self._fixes: Fixes | None = None
        self._selection: frozenset[str] = frozenset()
        self._level = ""

    # What is there now

    @property
    def project(self) -> Project:
        return self._project

    @property
    def network(self) -> Network:
        return self._project.network

    @property
    def weights(self) -> Weights:
        """The latest trained numbers, or what the file held; {} when never trained."""
        return self._weights

    def fitting_weights(self) -> Weights:
        """The trained numbers that still fit the network, as far as its shapes are known."""
        kept = {}
        nodes = expand(self.network).network.nodes
        for key, values in self._weights.items():
            found = owner(key, nodes)
            shape = None if found is None else self._report.nodes.get(found[0])
            if found is None:
                continue
            if shape is None or shape.output is None or shape.fits(found[1], values):
                kept[key] = values
        return kept

    @property
    def report(self) -> ShapeReport:
        """The latest shapes. They may be a moment older than the network."""
        return self._report

    def fixes_of(self, problem: Problem) -> tuple[Fix, ...]:
        """What is proven to help against a problem of the project as it is now."""
        return self._fixes.of(problem) if self._fixes is not None and self.knows_fixes else ()

    @property
    def knows_fixes(self) -> bool:
        """Whether fixes were looked for since the last edit."""
        return self._fixes is not None and self._fixes.project is self._project

    @property
    def selection(self) -> frozenset[str]:
        """Ids of the selected nodes."""
        return self._selection

    @property
    def selected(self) -> str | None:
        """The one selected node, or None when there is none or several."""
        return next(iter(self._selection)) if len(self._selection) == 1 else None

    @property
    def level(self) -> str:
        """The block that one has stepped into, "" for the network itself."""
        return self._level

    # Changing it

    def edit(self, edit: Edit, title: str, merge: str = "") -> bool:
        """Apply an edit as one undo step named `title`. Steps with the same non-empty `merge` key
        that follow each other become one. False when the edit did not fit; `refused` says why."""
        try:
            network = edit.apply(self.network)
        except EditError as error:
            self.refused.emit(error.problem)
            return False
        self._push(replace(self._project, network=network), title, merge)
        return True

    def set_recipe(self, title: str, *, merge: str | None = None, **values: Any) -> None:
        """Change fields of the recipe as one undo step. Steps for the same fields that follow each
        other become one, unless `merge` is "" or another key. Raises pydantic.ValidationError."""
        merged = {**self._project.recipe.model_dump(), **values}
        recipe = type(self._project.recipe).model_validate(merged)
        key = "recipe:" + ",".join(values) if merge is None else merge
        self._push(replace(self._project, recipe=recipe), title, key)

    def set_data(self, title: str, source: str) -> None:
        """Train on another data set, with its default settings; one undo step."""
        data = DataChoice(source=source)
        if source != self._project.data.source:
            self._push(replace(self._project, data=data), title, "")

    def select(self, ids: frozenset[str]) -> None:
        ids = frozenset(node_id for node_id in ids if node_id in self.network.nodes)
        if ids != self._selection:
            self._selection = ids
            self.selection_changed.emit()

    def enter(self, block: str) -> None:
        """Step into a block, or with "" to the network itself. The selection stays behind."""
        if block != self._level and (not block or self._is_block(block)):
            self.select(frozenset())
            self._level = block
            self.level_changed.emit()

    def leave(self) -> None:
        """Step out of the block one is in, and select it."""
        block = self._level
        if block:
            self.enter(self.network.nodes[block].block)
            self.select(frozenset({block}))

    def set_weights(self, weights: Weights) -> None:
        """Trained numbers arrived: they belong to the project but are not an edit."""
        self._weights = weights

    def open(self, project: Project, weights: Weights) -> None:
        """Show another project; its undo history begins now."""
        self.select(frozenset())
        self._level = ""
        self._project = project
        self._weights = weights
        self._report = EMPTY_REPORT
        self.undo_stack.clear()
        self.replaced.emit()
        self._infer(weights)

    @Slot(object)
    def take_shapes(self, report: ShapeReport) -> None:
        self._report = report
        self.shapes_changed.emit(report)

    @Slot(object)
    def take_fixes(self, fixes: Fixes) -> None:
        self._fixes = fixes
        if fixes.project is self._project:
            self.fixes_changed.emit()

    def _push(self, project: Project, title: str, merge: str) -> None:
        if project != self._project or changes(self.network, project.network):
            self.undo_stack.push(_Step(self, self._project, project, title, merge))

    def _show(self, project: Project) -> None:
        """Undo and redo end here as well: one door for every change."""
        before, self._project = self._project, project
        self._stay_inside(before.network)
        if before.network is not project.network:
            # Whoever hears of the change finds no selected node that is gone.
            selected = self._selection
            self._selection = selected & project.network.nodes.keys()
            self.changed.emit(changes(before.network, project.network))
            if self._selection != selected:
                self.selection_changed.emit()
        # Numbers that no longer fit after an edit are no problem: that layer will learn anew.
        self._infer({})
        if before.recipe != project.recipe or before.data != project.data:
            self.recipe_changed.emit()

    def _is_block(self, node_id: str) -> bool:
        node = self.network.nodes.get(node_id)
        return node is not None and node.kind == "Block"

    def _stay_inside(self, before: Network) -> None:
        """When the block one is in is gone, one is in what was around it."""
        level = self._level
        while level and not self._is_block(level):
            level = before.nodes[level].block if level in before.nodes else ""
        if level != self._level:
            self._level = level
            self.level_changed.emit()

    def _infer(self, weights: Weights) -> None:
        if self._shapes is not None:
            self._shapes.infer(self._project, weights)


class _Step(QUndoCommand):
    """Undo is the earlier value, redo the later one: they cannot drift apart."""

    def __init__(self, editor: Editor, before: Project, after: Project, title: str, merge: str) -> None:
        super().__init__(title)
        self._editor = editor
        self._before = before
        self._after = after
        self._merge = merge

    def id(self) -> int:
        return 1 if self._merge else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Step) or other._merge != self._merge:
            return False
        self._after = other._after
        return True

    def redo(self) -> None:
        self._editor._show(self._after)

    def undo(self) -> None:
        self._editor._show(self._before)


__all__ = ["Editor", "Problem", "ShapeSource"]
