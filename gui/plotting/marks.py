"""What happened at a step, as vertical lines over a plot."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QGraphicsObject, QStyleOptionGraphicsItem, QWidget

from engine.messages import shown
from engine.telemetry.recorder import Mark
from gui.guard import guarded
from gui.plotting.plots import Plot, mixed, number_text
from gui.theme import GRID, color, ui_font

translate = QCoreApplication.translate

#: px at either side of a line in which it is pointed at.
REACH = 6
ROW = 2 * GRID
WIDEST = 22 * GRID
#: Labels stand in so many rows, where the plot has this height for each.
MOST_ROWS = 3
ROW_SHARE = 6 * GRID
#: More would be a wall; the newest are drawn.
MOST = 200
#: The best step has its own sign on the curve, and checkpoints are the timeline's.
UNDRAWN = frozenset({"best", "checkpoint"})


def mark_text(mark: Mark) -> str:
    """A mark in words, such as learning_rate 0.001 → 0.0003."""
    words = {
        "resumed": translate("marks", "resumed"),
        "early_stop": translate("marks", "stopped early"),
        "not_compiled": translate("marks", "not compiled: {reason}"),
        "not_recorded": translate("marks", "no longer saved: {reason}"),
        "best": translate("marks", "best so far"),
    }
    values = {name: _value(value) for name, value in mark.values.items()}
    if {"before", "after"} <= values.keys():
        name = values.get("name", shown(mark.code))
        return translate("marks", "{0} {1} → {2}").format(name, values["before"], values["after"])
    text = words.get(mark.code)
    if text is None:
        return " ".join([shown(mark.code).replace("_", " "), *values.values()])
    return text.format(**{"reason": "", **values})


class MarkLines(QGraphicsObject):
    """The marks of a run over the curves of a plot, with as many labels as have room, newest first.

    It lies on the plot's box and draws in pixels, so labels keep their size at any zoom."""

    def __init__(self, plot: Plot, labelled: bool) -> None:
        self._box = plot.getViewBox()
        super().__init__(self._box)
        self._labelled = labelled
        self._marks: tuple[Mark, ...] = ()
        self.setZValue(30)
        self.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        self._box.sigResized.connect(self._resized)
        self._box.sigRangeChanged.connect(self._moved)

    @property
    def marks(self) -> tuple[Mark, ...]:
        return self._marks

    def set_marks(self, marks: Sequence[Mark]) -> None:
        drawn = tuple(mark for mark in marks if mark.code not in UNDRAWN)[-MOST:]
        if drawn != self._marks:
            self._marks = drawn
            self.update()

    def point_at(self, step: float | None) -> None:
        """The tooltip says what happened near this step."""
        texts = []
        if step is not None:
            place = self._x_of(step)
            near = [mark for mark in self._marks if abs(self._x_of(mark.step) - place) <= REACH]
            line = translate("marks", "step {0}: {1}")
            texts = [line.format(f"{mark.step:,}", mark_text(mark)) for mark in near[-8:]]
        self.setToolTip("\n".join(texts))

    def placed(self) -> list[tuple[float, Mark, QRectF | None]]:
        """Each mark in sight with its x in px and the place of its label, if there is room for it."""
        metrics = QFontMetrics(ui_font(11))
        width = self._box.width()
        result: list[tuple[float, Mark, QRectF | None]] = []
        taken: list[QRectF] = []
        rows = min(int(self._box.height() / ROW_SHARE), MOST_ROWS) if self._labelled else 0
        for mark in reversed(self._marks):
            x = self._x_of(mark.step)
            if not 0 <= x <= width:
                continue
            size = min(metrics.horizontalAdvance(mark_text(mark)) + GRID, WIDEST)
            free = (
                place
                for row in range(rows)
                for left in (x + 2, x - 2 - size)
                if (place := QRectF(left, 2 + row * ROW, size, ROW)) and left >= 0
                if place.right() <= width and not any(place.intersects(other) for other in taken)
            )
            label = next(free, None)
            if label is not None:
                taken.append(label)
            result.append((x, mark, label))
        return result

    @guarded(QRectF())
    def boundingRect(self) -> QRectF:
        return QRectF(0, 0, self._box.width(), self._box.height())

    @guarded(None)
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        height = self._box.height()
        painter.setFont(ui_font(11))
        metrics = painter.fontMetrics()
        placed = self.placed()
        for x, mark, _ in placed:
            ink = color("warning" if mark.code == "not_recorded" else "accent")
            painter.setPen(QPen(mixed(ink, color("surface"), 0.7), 0, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(x, 0), QPointF(x, height))
        for _, mark, place in placed:
            if place is None:
                continue
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(color("surface"))
            painter.drawRect(place)
            painter.setPen(color("warning" if mark.code == "not_recorded" else "accent"))
            room = int(place.width()) - GRID // 2
            text = metrics.elidedText(mark_text(mark), Qt.TextElideMode.ElideRight, room)
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _x_of(self, step: float) -> float:
        return float(self._box.mapFromView(QPointF(step, 0)).x())

    def _resized(self, *_: object) -> None:
        self.prepareGeometryChange()
        self.update()

    def _moved(self, *_: object) -> None:
        if self._marks:
            self.update()


def _value(value: str | float) -> str:
    return shown(value) if isinstance(value, str) else number_text(value)
