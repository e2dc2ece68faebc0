"""How and on what the network is trained: the inspector when no node is selected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.data import SOURCES
from engine.recipe.optimizers import OPTIMIZERS
from engine.recipe.recipe import Recipe
from gui.editor import Editor
from gui.inspector.costs import NetworkCosts
from gui.inspector.fields import SMALLEST_WIDTH
from gui.theme import GRID, appearance, number_font, ui_font

WHOLE_NUMBERS = {"batch_size": 1_000_000, "epochs": 1_000_000, "seed": 2**31 - 1}
FRACTIONS = ("learning_rate",)


class RecipeForm(QWidget):
    """Every change is one undo step of `editor`."""

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self._editor = editor
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(GRID * 2)
        self._form.setVerticalSpacing(GRID // 2)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._data = _narrow_combo()
        for source in SOURCES.values():
            self._data.addItem(source.title, source.name)
        self._data.activated.connect(self._choose_data)
        self._data_help = self._note()
        self._optimizer = _narrow_combo()
        self._optimizer.addItems(list(OPTIMIZERS))
        self._optimizer.textActivated.connect(self._setter("optimizer", str))
        self._fractions = {name: self._fraction(name) for name in FRACTIONS}
        self._numbers = {name: self._number(name, top) for name, top in WHOLE_NUMBERS.items()}
        self.costs = NetworkCosts(editor)
        self._arrange()
        editor.recipe_changed.connect(self.refresh)
        appearance.changed.connect(self._tint)
        self.refresh()
        self._tint()

    def refresh(self) -> None:
        """Show the recipe and data of the project."""
        recipe, data = self._editor.project.recipe, self._editor.project.data
        index = self._data.findData(data.source)
        self._data.setCurrentIndex(index)
        known = SOURCES.get(data.source)
        self._data_help.setText(
            known.help if known else self.tr("Unknown data set: {0}").format(data.source[:80])
        )
        self._optimizer.setCurrentText(recipe.optimizer.kind)
        for name, line in self._fractions.items():
            line.setText("{0:g}".format(getattr(recipe, name)))
            line.setStyleSheet("")
        for name, spin in self._numbers.items():
            spin.blockSignals(True)
            spin.setValue(getattr(recipe, name))
            spin.blockSignals(False)

    def _arrange(self) -> None:
        title = QLabel(self.tr("Training"))
        title.setFont(ui_font(13, ui_font().Weight.DemiBold))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(title)
        self._form.addRow(self.tr("data"), self._data)
        self._form.addRow(self._data_help)
        self._form.addRow(self.tr("optimizer"), self._optimizer)
        for name in FRACTIONS:
            self._form.addRow(name, self._fractions[name])
        for name in WHOLE_NUMBERS:
            self._form.addRow(name, self._numbers[name])
        column.addLayout(self._form)
        column.addWidget(self.costs)

    def _number(self, name: str, top: int) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(0 if name == "seed" else 1, top)
        spin.setFont(number_font())
        spin.setKeyboardTracking(False)
        spin.setMinimumWidth(SMALLEST_WIDTH)
        spin.setObjectName(name)
        spin.setAccessibleName(name)
        spin.valueChanged.connect(self._setter(name, int))
        return spin

    def _fraction(self, name: str) -> QLineEdit:
        line = QLineEdit()
        line.setMinimumWidth(SMALLEST_WIDTH)
        line.setFont(number_font())
        line.setObjectName(name)
        line.setAccessibleName(name)
        line.editingFinished.connect(self._fraction_setter(name, line))
        return line

    def _fraction_setter(self, name: str, line: QLineEdit) -> Callable[[], None]:
        apply = self._setter(name, float)

        def commit() -> None:
            try:
                apply(line.text().replace(",", "."))
            except ValueError:  # no number, or out of range: pydantic's error is one too
                line.setStyleSheet("border: 1px solid {0};".format(appearance.theme.error))
                field = Recipe.model_fields[name]
                line.setToolTip(self.tr("A number {0}").format(_range(field.metadata)))

        return commit

    def _setter(self, name: str, convert: type) -> Callable[[Any], None]:
        editor = self._editor
        title = self.tr("Set {0}").format(name)

        def commit(value: Any) -> None:
            editor.set_recipe(title, **{name: convert(value)})

        return commit

    def _choose_data(self) -> None:
        self._editor.set_data(self.tr("Choose data"), self._data.currentData())

    def _note(self) -> QLabel:
        label = QLabel()
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _tint(self) -> None:
        self._data_help.setStyleSheet("color: {0};".format(appearance.theme.muted))


def _narrow_combo() -> QComboBox:
    """As wide as there is room, not as wide as its longest entry."""
    combo = QComboBox()
    combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    combo.setMinimumContentsLength(6)
    return combo


def _range(metadata: list[Any]) -> str:
    """'≥ 0, ≤ 1000' from pydantic's bounds."""
    signs = (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))
    return ", ".join(
        f"{sign} {getattr(bound, name):g}"
        for bound in metadata
        for name, sign in signs
        if hasattr(bound, name)
    )
