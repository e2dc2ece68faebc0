"""Choices of which there can be several: a list that one adds to, and the losses of the outputs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QMenu, QToolButton, QVBoxLayout, QWidget

from engine.messages import shown
from engine.network.ends import outputs
from engine.network.model import Network
from engine.recipe.losses import LOSSES
from engine.recipe.option import Option
from engine.recipe.recipe import Recipe
from gui.editor import Editor
from gui.icons import icon
from gui.plotting.parts import ElidedLabel
from gui.recipe import edits
from gui.recipe.choice import KindRow, ParameterRows, option_text
from gui.recipe.place import Place
from gui.recipe.run import Run
from gui.theme import GRID, appearance, color, ui_font


class _Renewed(QWidget):
    """Holds one widget that is replaced as a whole. `renewed`: it was."""

    renewed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(GRID // 2)
        self._body = QWidget()
        self.column.addWidget(self._body)

    def replace(self, body: QWidget) -> QVBoxLayout:
        """The layout of the new widget."""
        rows = QVBoxLayout(body)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(GRID // 2)
        self.column.replaceWidget(self._body, body)
        self._body.hide()  # until it is deleted it would take keys
        self._body.deleteLater()
        self._body = body
        return rows


class ChoiceList(_Renewed):
    """Choices in their order, each with its parameters and a button that takes it away."""

    def __init__(self, editor: Editor, field: str, options: Mapping[str, Option], add: str) -> None:
        super().__init__()
        self._editor = editor
        self._field = field
        self._options = options
        self._kinds: tuple[str, ...] | None = None
        self._parts: list[ParameterRows] = []
        self.add = QToolButton()
        self.add.setText(add)
        self.add.setObjectName("add-" + field)
        self.add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.add.setIconSize(QSize(12, 12))
        self.add.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu = QMenu(self.add)
        self.menu.setToolTipsVisible(True)
        for option in options.values():
            action = self.menu.addAction(option.title.replace("&", "&&"))
            action.setToolTip(option_text(option))
            action.triggered.connect(partial(self._append, option))
        self.add.setMenu(self.menu)
        self.add.setStyleSheet("QToolButton::menu-indicator { image: none; }")
        self.add.setVisible(bool(options))
        self.column.addWidget(self.add)
        appearance.changed.connect(self._tint)
        self._tint()

    def follow(self, recipe: Recipe, run: Run | None) -> None:
        chosen = getattr(recipe, self._field)
        kinds = tuple(choice.kind for choice in chosen)
        if kinds != self._kinds:
            self._kinds = kinds
            self._build(recipe)
        for part in self._parts:
            part.follow(recipe, run)
        for action, option in zip(self.menu.actions(), self._options.values(), strict=True):
            twice = option.kind in kinds and not option.parameters
            action.setEnabled(not twice)

    def _build(self, recipe: Recipe) -> None:
        rows = self.replace(QWidget())
        self._parts = []
        for number, choice in enumerate(getattr(recipe, self._field)):
            rows.addWidget(self._entry(choice.option, number))
            part = ParameterRows(self._editor, Place(self._field, number))
            self._parts.append(part)
            rows.addWidget(part)
        self.renewed.emit()

    def _entry(self, option: Option, number: int) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        title = ElidedLabel(option.title, ui_font(13))
        holder.setToolTip(option_text(option))
        remove = QToolButton()
        remove.setAutoRaise(True)
        remove.setIcon(icon("close", color("muted")))
        remove.setIconSize(QSize(12, 12))
        remove.setFixedSize(5 * GRID // 2, 5 * GRID // 2)
        remove.setObjectName(f"remove-{self._field}-{number}")
        remove.setAccessibleName(self.tr("Remove {0}").format(option.title))
        remove.setToolTip(remove.accessibleName())
        remove.clicked.connect(partial(self._remove, number, remove.accessibleName()))
        row.addWidget(title, 1)
        row.addWidget(remove)
        return holder

    def _append(self, option: Option, _: bool = False) -> None:
        edits.append(self._editor, self._field, option)

    def _remove(self, number: int, title: str, _: bool = False) -> None:
        edits.drop(self._editor, Place(self._field, number), title)
        self.add.setFocus()

    @Slot()
    def _tint(self) -> None:
        self.add.setIcon(icon("plus", color("muted")))
        for button in self.findChildren(QToolButton):
            if button is not self.add and button.objectName().startswith("remove-"):
                button.setIcon(icon("close", color("muted")))


class OutputLosses(_Renewed):
    """Where a network has several outputs: the loss of each, and its weight in the sum."""

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor
        self._network = Network()
        self._shown: tuple[tuple[str, str], ...] = ()
        self._parts: list[KindRow | ParameterRows] = []
        self.hide()

    def follow(self, recipe: Recipe, run: Run | None) -> None:
        if self._network is not self._editor.network:
            self._network = self._editor.network
            self._look_for_outputs()
        for part in self._parts:
            part.follow(recipe, run)

    def _look_for_outputs(self) -> None:
        nodes = self._network.nodes
        names = tuple((key, nodes[key].name) for key in outputs(self._network) if key in nodes)
        names = names if len(names) > 1 else ()
        if names != self._shown:
            self._shown = names
            self._build()
        self.setVisible(bool(names))

    def _build(self) -> None:
        rows = self.replace(QWidget())
        self._parts = []
        translate = QCoreApplication.translate
        for node_id, name in self._shown:
            place = Place("output_losses", node_id)
            kind = KindRow(
                self._editor, place, shown(name), LOSSES, translate("recipe", "the same loss")
            )
            values = ParameterRows(self._editor, place, ("target", "weight"))
            self._parts += [kind, values]
            rows.addWidget(kind)
            rows.addWidget(values)
        self.renewed.emit()
