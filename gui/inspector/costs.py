"""What a node, or the whole network, costs: the part of the inspector that shows it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Slot
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.amounts import bytes_text, flops_text
from engine.build.budget import total
from engine.build.formula import Formula, parameter_formula
from engine.build.report import NodeCost
from gui.editor import Editor
from gui.plotting.parts import set_ink
from gui.theme import GRID, number_font, ui_font

#: Stands where nothing is known.
UNKNOWN = "–"


class CostTable(QWidget):
    """A heading, and under it names on the left with their amounts on the right."""

    def __init__(self, title: str) -> None:
        super().__init__()
        heading = QLabel(title)
        heading.setFont(ui_font(13, ui_font().Weight.DemiBold))
        self._aside = _label("muted")
        self._aside.setFont(ui_font(12))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(GRID)
        self._grid.setVerticalSpacing(GRID // 2)
        self._grid.setColumnStretch(0, 1)
        self._amounts: dict[str, QLabel] = {}
        self._titles: dict[str, QLabel] = {}
        head = QHBoxLayout()
        head.addWidget(heading)
        head.addStretch(1)
        head.addWidget(self._aside)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID // 2)
        column.addLayout(head)
        column.addLayout(self._grid)

    def add_row(self, name: str, title: str, help_text: str = "") -> None:
        amount = _label("text")
        amount.setFont(number_font())
        amount.setAlignment(Qt.AlignmentFlag.AlignRight)
        label = _label("muted")
        label.setText(title)
        label.setFont(ui_font(12))
        for part in (label, amount):
            part.setToolTip(help_text)
        row = self._grid.rowCount()
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(amount, row, 1)
        self._amounts[name], self._titles[name] = amount, label

    def add_note(self, *, numbers: bool = False) -> QLabel:
        """A line across both columns, out of sight while it says nothing."""
        note = _label("muted")
        note.setWordWrap(True)
        note.setFont(number_font() if numbers else ui_font(12))
        note.hide()
        self._grid.addWidget(note, self._grid.rowCount(), 0, 1, 2)
        return note

    def say_aside(self, text: str) -> None:
        """To the right of the heading."""
        self._aside.setText(text)

    def rename(self, name: str, title: str) -> None:
        self._titles[name].setText(title)

    def write(self, name: str, text: str) -> None:
        self._amounts[name].setText(text)

    def text(self, name: str) -> str:
        return self._amounts[name].text()


class NodeCosts(CostTable):
    """Of one node, or of all that lies in a block."""

    def __init__(self, editor: Editor, node_id: str) -> None:
        super().__init__(QCoreApplication.translate("costs", "Cost"))
        self._editor = editor
        self._node_id = node_id
        self.add_row("parameters", self.tr("parameters"), self.tr("Numbers that are learned"))
        self.numbers = self.add_note(numbers=True)
        self.words = self.add_note()
        self.add_row("flops", self.tr("FLOPs"), _flops_help())
        self.add_row("one", self.tr("activations"), _activations_help())
        self.add_row("batch", "", _activations_help())
        self.copies = self.add_note()
        self.say_aside(self.tr("one sample"))
        editor.shapes_changed.connect(self.refresh)
        editor.recipe_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self, _: object = None) -> None:
        cost = self._editor.report.costs.get(self._node_id)
        # A layer that runs nowhere yet has a cost of zero layers, which is none that is known.
        known = cost if cost is not None else NodeCost(flops=None, activation_bytes=None)
        batch = self._editor.project.recipe.batch_size
        learned, kept = known.known_parameters, known.activation_bytes
        self.write("parameters", UNKNOWN if learned is None else format(learned, ","))
        self.write("flops", UNKNOWN if known.flops is None else flops_text(known.flops))
        self.write("one", UNKNOWN if kept is None else bytes_text(kept))
        self.rename("batch", self.tr("activations × {0}").format(format(batch, ",")))
        self.write("batch", UNKNOWN if kept is None else bytes_text(batch * kept))
        self._show_formula(known)

    def _show_formula(self, cost: NodeCost) -> None:
        node = self._editor.network.nodes.get(self._node_id)
        shape = self._editor.report.nodes.get(self._node_id)
        formula = parameter_formula(node, shape) if node is not None and shape is not None else None
        is_block = node is not None and node.kind == "Block"
        numbers = _with_result(formula, cost) if formula is not None and cost.parameters else ""
        words = _in_words(formula) if numbers and formula is not None else ""
        copies = ""
        if is_block and cost.layers:
            copies = self.tr("the sum over {0} layers").format(format(cost.layers, ","))
        elif cost.layers > 1:
            copies = self.tr("all {0} copies together").format(format(cost.layers, ","))
        for note, text in ((self.numbers, numbers), (self.words, words), (self.copies, copies)):
            note.setText(text)
            note.setVisible(bool(text))


class NetworkCosts(CostTable):
    """Of the whole network at the recipe's batch size."""

    def __init__(self, editor: Editor) -> None:
        super().__init__(QCoreApplication.translate("costs", "Cost"))
        self._editor = editor
        self.add_row("layers", self.tr("layers"), self.tr("Each copy in a repeated block counts"))
        self.add_row("parameters", self.tr("parameters"), self.tr("Numbers that are learned"))
        self.add_row("flops", self.tr("FLOPs a sample"), _flops_help())
        self.add_row("activations", self.tr("activations"), _activations_help())
        self.add_row("weights", self.tr("weights"))
        self.add_row("gradients", self.tr("gradients"))
        self.add_row("optimizer", "", self.tr("What the optimizer remembers of each parameter"))
        self.add_row(
            "all", self.tr("memory"), self.tr("All of these, without what PyTorch itself needs")
        )
        self.note = self.add_note()
        editor.shapes_changed.connect(self.refresh)
        editor.recipe_changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self, _: object = None) -> None:
        project, costs = self._editor.project, self._editor.report.costs
        recipe = project.recipe
        cost = total(project.network, costs, recipe, recipe.batch_size)
        least = "≥ " if cost.unknown else ""
        self.say_aside(self.tr("batch of {0}").format(format(recipe.batch_size, ",")))
        self.rename("optimizer", self.tr("optimizer, {0}").format(recipe.optimizer.kind))
        self.write("layers", format(cost.layers, ","))
        self.write("parameters", least + format(cost.parameters, ","))
        self.write("flops", least + flops_text(cost.flops))
        for name, amount in (
            ("activations", cost.activation_bytes),
            ("weights", cost.weight_bytes),
            ("gradients", cost.gradient_bytes),
            ("optimizer", cost.optimizer_bytes),
            ("all", cost.bytes),
        ):
            self.write(name, least + bytes_text(amount))
        text = self.tr("≥: at least. Nodes of unknown cost: {0}").format(cost.unknown)
        self.note.setText(text)
        self.note.setVisible(bool(cost.unknown))


def _with_result(formula: Formula, cost: NodeCost) -> str:
    """`64 × 32 × 3 × 3 + 64 = 18,496`; of several copies `3 × (…) = …`."""
    numbers = formula.numbers
    if cost.layers > 1:
        numbers = "{0} × ({1})".format(format(cost.layers, ","), numbers)
    # The line may break before the equals sign only.
    return "{0} =\u00a0{1}".format(numbers, format(cost.parameters, ","))


def _in_words(formula: Formula) -> str:
    translate = QCoreApplication.translate
    terms = [[translate("engine", factor.name) for factor in term] for term in formula.terms]
    return " + ".join(" × ".join(term) for term in terms)


def _flops_help() -> str:
    return QCoreApplication.translate(
        "costs", "Operations on numbers in a forward pass of one sample; a multiply-add is two"
    )


def _activations_help() -> str:
    return QCoreApplication.translate(
        "costs", "What the layers put out, kept until the backward pass has used it"
    )


def _label(token: str) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    set_ink(label, token)
    return label
