"""A choice of the recipe: what is chosen, in a list, and below it the parameters that this has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QCoreApplication, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from engine.network.layers import Parameter
from engine.recipe.live import LIVE_FIELDS, is_live
from engine.recipe.losses import Loss
from engine.recipe.option import Option
from engine.recipe.recipe import Recipe
from gui.editor import Editor
from gui.recipe import edits
from gui.recipe.place import Place
from gui.recipe.row import ParameterRow, Row
from gui.recipe.run import Run
from gui.recipe.section import Section
from gui.theme import GRID

#: So many parameters are in sight; of more than that, the first ones and those that were changed.
SHOWN = 4


class KindRow(Row):
    """The options of a choice as a list. inherits: how it is called that there is no own choice."""

    def __init__(
        self,
        editor: Editor,
        place: Place,
        title: str,
        options: Mapping[str, Option],
        inherits: str = "",
    ) -> None:
        self._editor = editor
        self._place = place
        self._options = options
        combo = narrow_combo()
        combo.setObjectName("kind-" + place.field if place.key is None else f"kind-{place.key}")
        combo.setAccessibleName(title)
        if inherits:
            combo.addItem(inherits, "")
        for option in options.values():
            combo.addItem(option.title, option.kind)
            text = option_text(option)
            combo.setItemData(combo.count() - 1, text, Qt.ItemDataRole.ToolTipRole)
        super().__init__(title, combo, live=place.field in LIVE_FIELDS)
        self.combo = combo
        combo.activated.connect(self._choose)
        self.reset_wanted.connect(self._reset)

    def follow(self, recipe: Recipe, run: Run | None) -> None:
        own, chosen = self._place.own(recipe), self._place.find(recipe)
        blocker = QSignalBlocker(self.combo)
        self.combo.setCurrentIndex(self.combo.findData("" if own is None else chosen.kind))
        blocker.unblock()
        self.combo.setToolTip(option_text(chosen.option))
        default = self._default
        changed = own is not None if default is None else chosen.kind != default.kind
        self.show_changed(changed, self.combo.itemText(0) if default is None else default.title)
        waits = False
        if run is not None and self._place.field not in LIVE_FIELDS:
            before = self._place.find(run.recipe)
            waits = before is None or before.kind != chosen.kind
        self.show_run(run is not None, waits)

    @property
    def _default(self) -> Option | None:
        """What a fresh recipe has here; None where it has no choice of its own."""
        chosen = self._place.own(Recipe())
        return None if chosen is None else chosen.option

    @Slot()
    def _choose(self) -> None:
        kind = self.combo.currentData()
        if not kind:
            self._reset()
        elif self._place.own(self._editor.project.recipe) is None or kind != self._kind:
            edits.choose(self._editor, self._place, self._options[kind])

    @property
    def _kind(self) -> str:
        return str(self._place.find(self._editor.project.recipe).kind)

    @Slot()
    def _reset(self) -> None:
        default = self._default
        if default is None:
            edits.drop(self._editor, self._place, self.tr("Reset {0}").format(self.title.full_text))
        else:
            edits.choose(self._editor, self._place, default)
        self.combo.setFocus()


class ParameterRows(QWidget):
    """A row for each parameter of the choice at `place`, made anew when another option is chosen.

    attributes: fields of the choice itself that get a row, too."""

    #: Other rows stand here now.
    renewed = Signal()

    def __init__(self, editor: Editor, place: Place, attributes: Sequence[str] = ()) -> None:
        super().__init__()
        self._editor = editor
        self._place = place
        self._attributes = attributes
        self._kind = ""
        self.rows: dict[str, ParameterRow] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._body = QWidget()
        self._column.addWidget(self._body)

    def follow(self, recipe: Recipe, run: Run | None) -> None:
        choice = self._place.find(recipe)
        if choice is None:
            return
        if choice.kind != self._kind:
            self._build(choice)
        before = None if run is None else self._place.find(run.recipe)
        field = self._place.field
        for name, row in self.rows.items():
            value = _value(choice, name)
            row.show_value(value)
            runs = field in LIVE_FIELDS or (before is not None and before.kind == choice.kind)
            waits = runs and not is_live(field) and _value(before, name) != value
            row.show_run(run is not None, waits, part=runs)

    def _build(self, choice: Any) -> None:
        self._kind = choice.kind
        option: Option = choice.option
        extra = [p for name in self._attributes if (p := _attribute(option, name)) is not None]
        self.rows = {
            p.name: self._row(p, _value(choice, p.name), option) for p in (*option.parameters, *extra)
        }
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        for row in self._in_sight(choice):
            column.addWidget(row)
        rest = [row for row in self.rows.values() if row.parent() is None]
        if rest:
            more = Section("more", self.tr("{0} more").format(len(rest)), unfolded=False, strong=False)
            more.header.say(", ".join(row.title.full_text for row in rest))
            for row in rest:
                more.add(row)
            column.addWidget(more)
        self._column.replaceWidget(self._body, body)
        self._body.hide()  # until it is deleted its rows would take keys
        self._body.deleteLater()
        self._body = body
        body.setVisible(bool(self.rows))
        self.setVisible(bool(self.rows))
        self.renewed.emit()

    def _row(self, parameter: Parameter, value: Any, option: Option) -> ParameterRow:
        row = ParameterRow(
            parameter,
            value,
            option.title,
            formula=option.formula,
            live=is_live(self._place.field),
        )
        row.committed.connect(partial(edits.set_value, self._editor, row, self._place))
        return row

    def _in_sight(self, choice: Any) -> list[ParameterRow]:
        """Declarations begin with what matters most."""
        rows = list(self.rows.values())
        if len(rows) <= SHOWN:
            return rows
        first = rows[: SHOWN - 1]
        return first + [row for row in rows[SHOWN - 1 :] if row.parameter.name in choice.parameters]


def _value(choice: Any, name: str) -> Any:
    value = choice.complete.get(name) if choice.option.parameter(name) else getattr(choice, name)
    if name == "target" and not value:
        return choice.option.targets[0]
    return value


def _attribute(option: Option, name: str) -> Parameter | None:
    """A field of a loss as a parameter; None where there is nothing to choose."""
    translate = QCoreApplication.translate
    if name == "weight":
        text = translate("recipe", "Share of this loss in the sum over all outputs.")
        return Parameter("weight", "float", 1.0, text, 0.0, 1e6)
    if not isinstance(option, Loss) or len(option.targets) < 2:
        return None
    text = translate("recipe", "What the output is compared with.")
    return Parameter("target", "choice", option.targets[0], text, choices=option.targets)


def option_text(option: Option) -> str:
    """What an option is, for a tooltip."""
    help_text = QCoreApplication.translate("engine", option.help)
    return "\n".join(line for line in (option.title, help_text, option.formula) if line)


def narrow_combo() -> QComboBox:
    """As wide as there is room, not as wide as its longest entry."""
    combo = QComboBox()
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(6)
    return combo
