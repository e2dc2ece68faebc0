"""Everything about one node: name, help, parameters, shapes, problems."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from engine.build.report import NodeShape, ShapeReport, shape_text
from engine.network.edits import SetParameter
from engine.network.layers import LAYERS
from engine.network.model import ParameterValue
from gui.editor import Editor
from gui.fixes import FixButtons
from gui.icons import pixmap
from gui.inspector.costs import NodeCosts
from gui.inspector.face_form import FaceForm, RaiseButton
from gui.inspector.fields import ParameterField
from gui.inspector.freeze_button import FreezeButton
from gui.naming import LONGEST_NAME, rename
from gui.theme import GRID, appearance, family_color, number_font, ui_font
from gui.words import sentence


class NodeForm(QWidget):
    """Edits go through `editor`, one undo step a change; typing in one field merges into one."""

    def __init__(self, editor: Editor, node_id: str) -> None:
        super().__init__()
        self.node_id = node_id
        self._editor = editor
        self._fields: dict[str, ParameterField] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID)
        self._problems = _plain_label("error", wrap=True)
        self._add_header()
        self._column.addWidget(self._problems)
        self.fixes = FixButtons(editor)
        self._column.addWidget(self.fixes)
        self._add_help()
        self._add_parameters()
        if editor.network.nodes[node_id].kind == "Block":
            self.face = FaceForm(editor, node_id)
            self._column.addWidget(self.face)
        self._facts = _plain_label("muted", wrap=True)
        self._facts.setFont(number_font())
        self._column.addWidget(self._facts)
        self.costs = NodeCosts(editor, node_id)
        self._column.addWidget(self.costs)
        editor.shapes_changed.connect(self._show_report)
        editor.fixes_changed.connect(self.fixes.refresh)
        self._show_report(editor.report)

    def field(self, name: str) -> ParameterField:
        return self._fields[name]

    @property
    def name_edit(self) -> QLineEdit:
        return self._name

    def refresh(self) -> None:
        """The node changed: by this form, by undo, or elsewhere."""
        node = self._editor.network.nodes[self.node_id]
        if self._name.text() != node.name:
            self._name.setText(node.name)
        for name, field in self._fields.items():
            field.show_value(node.parameters.get(name, field.parameter.default))

    def _add_header(self) -> None:
        node = self._editor.network.nodes[self.node_id]
        layer = LAYERS.get(node.kind)
        family = layer.family if layer is not None else "unknown"
        mark = QLabel()
        mark.setPixmap(
            pixmap(f"family-{family}", family_color(family).name(), 20, self.devicePixelRatioF())
        )
        self._name = QLineEdit(node.name)
        self._name.setMaxLength(max(LONGEST_NAME, len(node.name)))
        self._name.setAccessibleName(self.tr("Name"))
        self._name.setObjectName("name")
        self._name.setFont(ui_font(13, ui_font().Weight.Medium))
        self._name.editingFinished.connect(self._rename)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(mark)
        row.addWidget(self._name, 1)
        row.addWidget(FreezeButton(self._editor, self.node_id))
        self._column.addLayout(row)

    def _add_help(self) -> None:
        node = self._editor.network.nodes[self.node_id]
        layer = LAYERS.get(node.kind)
        if layer is None:
            text = self.tr("This version does not know the layer {0}. It is kept as it is.")
            label = _plain_label("muted", wrap=True)
            label.setText(text.format(node.kind[:LONGEST_NAME]))
            self._column.addWidget(label)
            return
        label = _plain_label("muted", wrap=True)
        label.setText(layer.help)
        formula = _plain_label("text", wrap=True)
        formula.setText(layer.formula)
        formula.setFont(number_font())
        self._column.addWidget(label)
        self._column.addWidget(formula)

    def _add_parameters(self) -> None:
        node = self._editor.network.nodes[self.node_id]
        layer = LAYERS.get(node.kind)
        if layer is None or not layer.parameters:
            return
        form = QFormLayout()
        form.setHorizontalSpacing(GRID * 2)
        form.setVerticalSpacing(GRID // 2)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for parameter in layer.parameters:
            value = node.parameters.get(parameter.name, parameter.default)
            field = ParameterField(parameter, value, node.name)
            field.committed.connect(self._setter(parameter.name))
            label = QLabel(parameter.name)
            label.setToolTip(parameter.help)
            label.setBuddy(field)
            form.addRow(label, self._with_raise(field) if node.block else field)
            self._fields[parameter.name] = field
        self._column.addLayout(form)

    def _with_raise(self, field: ParameterField) -> QWidget:
        """A field and, beside it, whether the block around shows it."""
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        row.addWidget(field, 1)
        row.addWidget(RaiseButton(self._editor, self.node_id, field.parameter.name))
        return holder

    def _setter(self, name: str) -> Callable[[ParameterValue], None]:
        editor, node_id = self._editor, self.node_id
        title = self.tr("Set {0}").format(name)

        def set_parameter(value: ParameterValue) -> None:
            editor.edit(SetParameter(node_id, name, value), title, merge=f"{node_id}.{name}")

        return set_parameter

    def _rename(self) -> None:
        node = self._editor.network.nodes.get(self.node_id)
        if not rename(self._editor, self.node_id, self._name.text()) and node is not None:
            self._name.setText(node.name)

    def _show_report(self, report: ShapeReport) -> None:
        shape = report.nodes.get(self.node_id, NodeShape())
        inferred = [
            "{0} {1}".format(name, format(value, ",")) for name, value in shape.arguments.items()
        ]
        lines = [*inferred, self.tr("output {0}").format(shape_text(shape.output))]
        self._facts.setText("\n".join(lines))
        self.fixes.show_problems(report.problems_of(self.node_id))
        problems = [sentence(problem) for problem in report.problems_of(self.node_id)]
        self._problems.setText("\n".join(problems))
        self._problems.setVisible(bool(problems))


def _plain_label(token: str, *, wrap: bool) -> QLabel:
    label = QLabel()
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wrap)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setStyleSheet("color: {0};".format(getattr(appearance.theme, token)))
    return label
