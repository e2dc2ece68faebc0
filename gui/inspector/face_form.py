"""Parameters on the face of a block: set there, and raised to it from the nodes inside."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFormLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from engine.messages import shown
from engine.network.block_edits import RaiseParameter
from engine.network.model import Network, ParameterValue
from engine.network.raised import Face, SetRaised, faces
from gui.editor import Editor
from gui.icons import icon
from gui.inspector.fields import ParameterField, value_text
from gui.theme import GRID, appearance, ui_font


class FaceForm(QWidget):
    """A field for each parameter that is raised to the face of `block`."""

    def __init__(self, editor: Editor, block: str) -> None:
        super().__init__()
        self._editor = editor
        self._block = block
        self._shown: tuple[str, ...] = ()
        self.fields: dict[str, ParameterField] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GRID // 2)
        self._title = QLabel(self.tr("From inside"))
        self._title.setFont(ui_font(12, QFont.Weight.Medium))
        self._title.setStyleSheet("color: {0};".format(appearance.theme.muted))
        self._title.hide()
        self._body = QWidget()
        self._column.addWidget(self._title)
        self._column.addWidget(self._body)
        editor.changed.connect(self.refresh)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        """The block's face, or what lies behind it, changed."""
        network = self._editor.network
        if self._block not in network.nodes:
            return
        found = faces(network, self._block)
        if tuple(face.name for face in found) != self._shown:
            self._build(found)
        for face in found:
            field = self.fields.get(face.name)
            if field is not None and face.values:
                field.show_value(face.values[0])
                field.setToolTip(_apart(face))

    def _build(self, found: tuple[Face, ...]) -> None:
        self._shown = tuple(face.name for face in found)
        self.fields = {}
        body = QWidget()
        form = QFormLayout(body)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(GRID * 2)
        form.setVerticalSpacing(GRID // 2)
        for face in found:
            if face.parameter is None:
                continue
            node = self._editor.network.nodes[face.targets[0][0]]
            value = node.parameters.get(face.parameter.name, face.parameter.default)
            field = ParameterField(face.parameter, value, node.name)
            field.committed.connect(self._setter(face.name))
            label = QLabel(shown(face.name))
            label.setToolTip(face.parameter.help)
            label.setBuddy(field)
            form.addRow(label, field)
            self.fields[face.name] = field
        self._column.replaceWidget(self._body, body)
        self._body.deleteLater()
        self._body = body
        self._title.setVisible(bool(self.fields))

    def _setter(self, name: str) -> Callable[[ParameterValue], None]:
        editor, block = self._editor, self._block
        title = self.tr("Set {0}").format(name)

        def set_raised(value: ParameterValue) -> None:
            editor.edit(SetRaised(block, name, value), title, merge=f"{block}.face.{name}")

        return set_raised


class RaiseButton(QToolButton):
    """Whether a parameter of a node shows on the face of the block around it."""

    def __init__(self, editor: Editor, node_id: str, parameter: str) -> None:
        super().__init__()
        self._editor = editor
        self._node = node_id
        self._parameter = parameter
        self.setCheckable(True)
        self.setAutoRaise(True)
        self.setIcon(icon("raise"))
        self.setObjectName(f"raise-{parameter}")
        self.setAccessibleName(self.tr("Show {0} on the block").format(parameter))
        self.clicked.connect(self._toggle)
        editor.changed.connect(self.refresh)
        appearance.changed.connect(self._tint)
        self.refresh()

    @Slot()
    def refresh(self) -> None:
        network = self._editor.network
        if self._node not in network.nodes:
            return
        block = network.nodes[self._node].block
        self.setVisible(bool(block))
        face = _face_with(network, block, self._target) if block else None
        self.setChecked(face is not None)
        if block:
            name = shown(network.nodes[block].name)
            text = self.tr("Shown on {0}; click to hide it there") if face else self.tr("Show on {0}")
            self.setToolTip(text.format(name))

    @property
    def _target(self) -> tuple[str, str]:
        return self._node, self._parameter

    @Slot()
    def _toggle(self) -> None:
        network = self._editor.network
        block = network.nodes[self._node].block
        raised = network.nodes[block].raised
        face = _face_with(network, block, self._target)
        if face is None:
            name = _face_for(network, block, self._target)
            edit = RaiseParameter(block, name, (*raised.get(name, ()), self._target))
            title = self.tr("Show {0} on the block").format(self._parameter)
        else:
            rest = tuple(target for target in raised[face] if target != self._target)
            edit = RaiseParameter(block, face, rest)
            title = self.tr("Hide {0} on the block").format(self._parameter)
        self._editor.edit(edit, title)
        self.refresh()

    @Slot()
    def _tint(self) -> None:
        self.setIcon(icon("raise"))


def _face_with(network: Network, block: str, target: tuple[str, str]) -> str | None:
    """The name under which a parameter shows on the block."""
    raised = network.nodes[block].raised
    return next((name for name, targets in raised.items() if target in targets), None)


def _face_for(network: Network, block: str, target: tuple[str, str]) -> str:
    """Where a parameter joins the face: together with those of its name that have its value, else
    under a name with its node's in it."""
    node_id, name = target
    node = network.nodes[node_id]
    same = next((face for face in faces(network, block) if face.name == name), None)
    if same is None or same.values == (node.parameters.get(name),):
        return name
    return f"{node.name} {name}"


def _apart(face: Face) -> str:
    """What is to be said when the nodes inside no longer agree."""
    if len(face.values) < 2:
        return ""
    values = ", ".join(value_text(value) for value in face.values[:8])
    text = QCoreApplication.translate(
        "FaceForm", "Different inside: {0}. A value set here goes to all of them."
    )
    return text.format(values)
