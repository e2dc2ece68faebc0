"""Commands about how the network is trained: the Training dock, new weights, frozen layers."""

from __future__ import annotations

import random
from collections.abc import Callable

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QDockWidget, QMainWindow

from gui import freezing
from gui.actions import Actions
from gui.editor import Editor
from gui.recipe.dock import RecipeDock
from gui.training import Training

#: Seeds are drawn below this: they can be read, told and typed.
SEEDS = 1_000_000


class TrainingCommands(QObject):
    def __init__(
        self,
        actions: Actions,
        editor: Editor,
        training: Training,
        form: RecipeDock,
        reset: Callable[[], None],
        window: QMainWindow,
    ) -> None:
        super().__init__(window)
        self._actions = actions
        self._editor = editor
        self._training = training
        self._form = form
        self._reset = reset
        actions.handle(
            {"recipe": self.show_form, "new_weights": self.new_weights, "freeze": self.freeze}
        )
        for signal in (
            editor.selection_changed,
            editor.recipe_changed,
            editor.replaced,
            editor.shapes_changed,
        ):
            signal.connect(self._enable)
        training.state_changed.connect(self._enable)
        self._enable()

    @Slot()
    def _enable(self, _: object = None) -> None:
        could = freezing.learning(self._editor, self._editor.selection)
        reason = self.tr("Nothing that is selected has weights to learn.")
        self._actions.set_enabled("freeze", bool(could), reason)
        frozen = freezing.are_frozen(self._editor, could)
        self._actions["freeze"].setText(self.tr("Un&freeze") if frozen else self.tr("&Freeze"))
        self._actions.set_enabled(
            "new_weights",
            self._actions["reset"].isEnabled(),
            self._actions.reason("reset"),
        )

    @Slot()
    def show_form(self) -> None:
        """Bring the Training dock to the front, with the keyboard in it."""
        dock = self._form.parentWidget()
        assert isinstance(dock, QDockWidget)
        dock.show()
        dock.raise_()
        self._form.focus_first()

    @Slot()
    def new_weights(self) -> None:
        """Another seed, one undo step, and everything learned is forgotten."""
        before = self._editor.project.recipe.seed
        seed = random.randrange(SEEDS - 1)
        seed += seed >= before
        self._editor.set_recipe(self.tr("New initial weights"), merge="", seed=seed)
        self._reset()

    @Slot()
    def freeze(self) -> None:
        freezing.toggle(self._editor, self._editor.selection)


class FrontDock(QObject):
    """Of two docks behind each other the one that is needed: the inspector for a selected node, the
    recipe when nothing is selected. While somebody tunes a run, the recipe stays."""

    def __init__(
        self,
        editor: Editor,
        training: Training,
        window: QMainWindow,
        node: QDockWidget,
        recipe: QDockWidget,
    ) -> None:
        super().__init__(window)
        self._editor = editor
        self._training = training
        self._window = window
        self._node = node
        self._recipe = recipe
        self._tuned = False
        editor.selection_changed.connect(self._follow)
        editor.recipe_changed.connect(self._recipe_changed)
        training.ended.connect(self._run_ended)

    @Slot()
    def _follow(self) -> None:
        if self._tuned or (self._editor.selection and self._editor.selected is None):
            return
        front, behind = self._recipe, self._node
        if self._editor.selection:
            front, behind = behind, front
        if front in self._window.tabifiedDockWidgets(behind) and not front.isHidden():
            front.raise_()

    @Slot()
    def _recipe_changed(self) -> None:
        focus = self._window.focusWidget()
        by_hand = focus is not None and self._recipe.isAncestorOf(focus)
        self._tuned = by_hand and self._training.is_live

    @Slot()
    def _run_ended(self) -> None:
        self._tuned = False
