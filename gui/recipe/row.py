"""One line of the form: a name, its field, whether it changes a run at once, and the way back."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, QPointF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.network.layers import Parameter
from engine.network.model import ParameterValue
from gui.canvas.tooltips import plain
from gui.guard import guarded
from gui.icons import icon
from gui.inspector.fields import ParameterField, value_text
from gui.plotting.parts import ElidedLabel
from gui.recipe.note import Note
from gui.theme import GRID, appearance, color, ui_font

LABEL_WIDTH = 13 * GRID  #: px
_MARK = 10  #: px
_FIELD_HEIGHT = 26  #: px


class LiveMark(QWidget):
    """A dot where a change acts at once, a ring where it waits for the next run."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedWidth(_MARK)
        self._live: bool | None = None

    def show_live(self, live: bool | None) -> None:
        """None: there is no run to change."""
        if live != self._live:
            self._live = live
            words = {True: self.tr("Changes the run at once"), False: self.tr("Waits for the next run")}
            self.setToolTip("" if live is None else words[live])
            self.update()

    @property
    def live(self) -> bool | None:
        return self._live

    @guarded(None)
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._live is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(color("good" if self._live else "muted"), 1.25))
        painter.setBrush(color("good") if self._live else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(QPointF(self.width() / 2, self.height() / 2), 2.75, 2.75)
        painter.end()


class _Title(ElidedLabel):
    """What it says in full stands in the tooltip of its row."""

    def _elide(self) -> None:
        super()._elide()
        self.setToolTip("")


class Row(QWidget):
    """`field` with what belongs to it. `reset_wanted`: back to the default."""

    reset_wanted = Signal()

    def __init__(self, title: str, field: QWidget, help_text: str = "", *, live: bool = False) -> None:
        super().__init__()
        self.field = field
        self._live = live
        self._changed: bool | None = None
        self._why = ""
        self._waiting = False
        self.title = _Title(title, ui_font(13))
        self.title.setFixedWidth(LABEL_WIDTH)
        self.title.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.title.setBuddy(field)
        self.setToolTip(plain(help_text))
        self.mark = LiveMark()
        self.reset = QToolButton()
        self.reset.setAutoRaise(True)
        self.reset.setIconSize(QSize(12, 12))
        self.reset.setFixedSize(5 * GRID // 2, 5 * GRID // 2)
        self.reset.setAccessibleName(self.tr("Reset {0}").format(title))
        self.reset.setObjectName("reset-" + field.objectName())
        self.reset.clicked.connect(self.reset_wanted)
        policy = self.reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.reset.setSizePolicy(policy)
        self.note = Note()
        self.note.setContentsMargins(LABEL_WIDTH + GRID // 2, 0, 5 * GRID // 2 + _MARK, GRID // 2)
        self.note.hide()
        self._arrange()
        appearance.changed.connect(self._tint)
        self.show_changed(False)
        quiet_wheel(field)
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        for part in (field, *field.findChildren(QWidget, options=direct)):
            if isinstance(part, QAbstractSpinBox | QComboBox | QLineEdit):
                part.setFixedHeight(_FIELD_HEIGHT)

    def _arrange(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID // 2)
        line.addWidget(self.title)
        line.addWidget(self.field, 1)
        line.addWidget(self.mark)
        line.addWidget(self.reset)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 4)
        column.addLayout(line)
        column.addWidget(self.note)

    def show_changed(self, changed: bool, default: str = "") -> None:
        """Quiet while it is the default; else it can be reset."""
        if default:
            self.reset.setToolTip(self.tr("Back to {0}").format(default))
        if changed != self._changed:
            self._changed = changed
            self.reset.setVisible(changed)
            self._tint()

    def show_run(self, live: bool, waits: bool = False, *, part: bool = True) -> None:
        """live: a run is under way. waits: that run goes on without this change. part: of that run;
        the parameters of another optimizer than its own are not."""
        self.mark.show_live(self._live and part if live else None)
        self._waiting = live and waits
        self._say()

    @Slot(str)
    def refuse(self, why: str) -> None:
        """Why what the field shows cannot be; "" when it can."""
        self._why = why
        self._say()

    def _say(self) -> None:
        text = self._why or (self.tr("next run") if self._waiting else "")
        self.note.say(text, "error" if self._why else "warning")
        self.note.setVisible(bool(text))

    @Slot()
    def _tint(self) -> None:
        self.title.tint("text" if self._changed else "muted")
        self.reset.setIcon(icon("reset", color("muted")))


class ParameterRow(Row):
    """A declared parameter. `committed` carries a value that fits and differs from what was shown."""

    committed = Signal(object)

    def __init__(
        self,
        parameter: Parameter,
        value: ParameterValue,
        owner: str,
        *,
        title: str = "",
        zero: str = "",
        formula: str = "",
        live: bool = False,
    ) -> None:
        self.parameter = parameter
        self._value = value
        field = ParameterField(parameter, value, owner, zero)
        field.setObjectName("field-" + parameter.name)
        name = title or parameter.name
        lines = [parameter.name, parameter.help, formula, self._range()]
        super().__init__(name, field, "\n".join(line for line in lines if line), live=live)
        self.reset.setObjectName("reset-" + parameter.name)
        field.editor.setAccessibleName(name)
        field.judged.connect(self.refuse)
        field.committed.connect(self._commit)
        self.show_value(value)
        self.reset_wanted.connect(self._reset)

    @property
    def editor(self) -> QWidget:
        assert isinstance(self.field, ParameterField)
        return self.field.editor

    @property
    def merges(self) -> bool:
        """Whether changes that follow each other are one step: arrows are pressed many times."""
        return isinstance(self.editor, QAbstractSpinBox)

    def show_value(self, value: ParameterValue, default: ParameterValue | None = None) -> None:
        self._value = value
        default = self.parameter.default if default is None else default
        assert isinstance(self.field, ParameterField)
        self.field.show_value(value)
        self._default = default
        self.show_changed(value != default, self.field.text_of(default))

    def say(self, why: str) -> None:
        """What is wrong with what the field shows, together with the rest of the recipe."""
        assert isinstance(self.field, ParameterField)
        self.field.say(why)

    @Slot(object)
    def _commit(self, value: ParameterValue) -> None:
        if value != self._value:
            self.committed.emit(value)

    @Slot()
    def _reset(self) -> None:
        self.committed.emit(self._default)
        self.editor.setFocus()

    def _range(self) -> str:
        """What it can be, where that is not everything."""
        low, high = self.parameter.minimum, self.parameter.maximum
        if self.parameter.type not in ("int", "float", "floats") or not math.isfinite(low):
            return ""
        if not math.isfinite(high):
            return self.tr("At least {0}").format(value_text(low))
        return self.tr("{0} to {1}").format(value_text(low), value_text(high))


class _QuietWheel(QObject):
    """Whoever scrolls through the form must not change what passes under the mouse."""

    @guarded(False)
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        wheel = event.type() == QEvent.Type.Wheel
        if wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return super().eventFilter(watched, event)


def quiet_wheel(field: QWidget) -> None:
    """The wheel changes a field only once it has the keyboard."""
    found = [field, *field.findChildren(QWidget)]
    for widget in found:
        if isinstance(widget, QAbstractSpinBox | QComboBox):
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            widget.installEventFilter(_QuietWheel(widget))
