"""A part of the form that folds; folded it says in a few words what is in it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from gui.guard import guarded
from gui.theme import CORNER, GRID, appearance, color, ui_font

HEADER_HEIGHT = 4 * GRID  #: px
_TRIANGLE = 3.5


class Header(QAbstractButton):
    """The title of a section, which a click or the space bar folds and unfolds."""

    def __init__(self, title: str, strong: bool = True) -> None:
        super().__init__()
        self.setText(title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._strong = strong
        self._summary = ""
        self.toggled.connect(self._explain)
        self._explain()
        appearance.changed.connect(self.update)

    @property
    def summary(self) -> str:
        return self._summary

    def say(self, summary: str) -> None:
        """What is in it, in a few words."""
        if summary != self._summary:
            self._summary = summary
            self._explain()
            self.update()

    @Slot()
    def _explain(self) -> None:
        state = self.tr("unfolded") if self.isChecked() else self.tr("folded")
        self.setAccessibleName("{0}, {1}".format(self.text(), state))
        self.setAccessibleDescription(self._summary)
        self.setToolTip("" if self.isChecked() else self._summary)

    @guarded(QSize(GRID, HEADER_HEIGHT))
    def sizeHint(self) -> QSize:
        return QSize(20 * GRID, HEADER_HEIGHT if self._strong else 3 * GRID)

    @guarded(None)
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            painter.setPen(QPen(color("accent"), 1) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(color("raised") if self.underMouse() else Qt.BrushStyle.NoBrush)
            area = self.rect().toRectF().adjusted(0.5, 3.5, -0.5, -3.5)
            painter.drawRoundedRect(area, CORNER, CORNER)
        self._draw_triangle(painter)
        weight = QFont.Weight.DemiBold if self._strong else QFont.Weight.Normal
        font = ui_font(13 if self._strong else 12, weight)
        painter.setFont(font)
        painter.setPen(color("text" if self._strong else "muted"))
        left = 2 * GRID
        place = self.rect().adjusted(left, 0, -GRID // 2, 0)
        painter.drawText(place, _MIDDLE, self.text())
        if not self.isChecked():
            self._draw_summary(painter, place, QFontMetrics(font).horizontalAdvance(self.text()))
        painter.end()

    def _draw_triangle(self, painter: QPainter) -> None:
        """It points down to what it shows, to the right where nothing is shown."""
        painter.setPen(QPen(color("muted"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        middle = QPointF(5.5, self.height() / 2)
        half = _TRIANGLE
        tips = [QPointF(-half, -half / 2), QPointF(0, half / 2), QPointF(half, -half / 2)]
        if not self.isChecked():
            tips = [QPointF(tip.y(), tip.x()) for tip in tips]
        painter.drawPolyline(QPolygonF([middle + tip for tip in tips]))

    def _draw_summary(self, painter: QPainter, place: QRect, title: int) -> None:
        font = ui_font(12)
        room = place.adjusted(title + 2 * GRID, 0, 0, 0)
        mode = Qt.TextElideMode.ElideRight
        text = QFontMetrics(font).elidedText(self._summary, mode, room.width())
        painter.setFont(font)
        painter.setPen(color("muted"))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)


_MIDDLE = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft


class Section(QWidget):
    """A header, and under it `body` while it is unfolded."""

    #: (name, unfolded), by hand.
    folded = Signal(str, bool)

    def __init__(self, name: str, title: str, *, unfolded: bool, strong: bool = True) -> None:
        super().__init__()
        self.name = name
        self.header = Header(title, strong)
        self.header.setObjectName("fold-" + name)
        self.header.setChecked(unfolded)
        self._body = QWidget()
        self._rows = QVBoxLayout(self._body)
        self._rows.setContentsMargins(0, 0, 0, GRID if strong else 0)
        self._rows.setSpacing(GRID // 2)
        self._body.setVisible(unfolded)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addWidget(self._body)
        self.header.toggled.connect(self._fold)

    def add(self, widget: QWidget) -> None:
        self._rows.addWidget(widget)

    @property
    def is_unfolded(self) -> bool:
        return self.header.isChecked()

    def unfold(self) -> None:
        self.header.setChecked(True)

    @Slot(bool)
    def _fold(self, unfolded: bool) -> None:
        self._body.setVisible(unfolded)
        self.folded.emit(self.name, unfolded)
