"""The line of steps on which recorded states are ticks and the viewed one is a handle."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QToolTip, QWidget

from engine.telemetry.recorder import Points, Recorder
from gui.guard import guarded
from gui.theme import CORNER, GRID, appearance, color, mixed, number_font
from gui.timeline.curve import loss_line
from gui.timeline.scale import Scale, short
from gui.timeline.signs import SIZE, Sign, draw_sign, signs_of

HEIGHT = 6 * GRID
#: px of the height: numbers and signs above the curve, numbers of the scale below it.
_ABOVE, _BELOW = 2 * GRID, 3 * GRID // 2
_SIDE = 2 * GRID
_TICK = 5
#: px at either side of a sign in which it is pointed at.
_REACH = 6


class Track(QAbstractSlider):
    """A slider over the recorded states, in their order; behind the last one it is live. So keys,
    wheel and screen readers treat it as they treat every slider."""

    #: The user wishes to see this recorded step; None: return to live.
    sought = Signal(object)
    #: The space bar.
    play_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._states: tuple[int, ...] = ()
        self._recorder: Recorder | None = None
        self._newest = 0
        self._linear = False
        self._points: Points | None = None
        self._signs: tuple[Sign, ...] = ()
        self._dragging = False
        self.setOrientation(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Timeline"))
        self.setSingleStep(1)
        self.setPageStep(8)
        self.setRange(0, 0)
        self.valueChanged.connect(self._moved)
        appearance.changed.connect(self.update)
        self._say()

    # What it shows

    @property
    def states(self) -> tuple[int, ...]:
        return self._states

    @property
    def is_live(self) -> bool:
        return self.value() >= len(self._states)

    @property
    def step(self) -> int:
        """The step at the handle."""
        return self._newest if self.is_live else self._states[self.value()]

    @property
    def newest(self) -> int:
        return self._newest

    @property
    def signs(self) -> tuple[Sign, ...]:
        return self._signs

    def set_run(self, recorder: Recorder | None) -> None:
        self._recorder = recorder
        self._newest = 0
        self.set_states(())
        self.refresh()

    def set_states(self, states: tuple[int, ...]) -> None:
        """The recorded steps, ascending. The handle stays with its step."""
        viewed = None if self.is_live else self.step
        self._states = states
        self._newest = max(self._newest, states[-1] if states else 0)
        self.show_viewed(viewed)

    def show_viewed(self, step: int | None) -> None:
        """The handle at this step (or the recorded one closest to it), without asking for it."""
        blocked = self.blockSignals(True)
        live = len(self._states)
        self.setRange(0, live)
        if step is None or not self._states:
            self.setValue(live)
        else:
            self.setValue(min(range(live), key=lambda at: abs(self._states[at] - step)))
        self.blockSignals(blocked)
        self._say()
        self.update()

    def set_linear(self, linear: bool) -> None:
        self._linear = linear
        self.update()

    @Slot()
    def refresh(self) -> None:
        """Look at what was recorded since."""
        recorder = self._recorder
        if recorder is None:
            self._points, self._signs = None, ()
        else:
            self._points = recorder.scalars["loss"].view()
            self._signs = signs_of(recorder.marks)
            last = self._states[-1] if self._states else 0
            self._newest = max(recorder.newest_step, last)
        self.update()

    def x_of(self, step: int) -> float:
        """Where a step is drawn."""
        return self._scale().x(step)

    def sizeHint(self) -> QSize:
        return QSize(40 * GRID, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(12 * GRID, HEIGHT)

    def _scale(self) -> Scale:
        return Scale(self._newest, _SIDE, self.width() - _SIDE, self._linear)

    @Slot()
    def _moved(self) -> None:
        self._say()
        self.update()
        self.sought.emit(None if self.is_live else self.step)

    def _say(self) -> None:
        if self.is_live:
            text = self.tr("Live, {0} recorded states").format(len(self._states))
        else:
            text = self.tr("Step {0} of {1}").format(format(self.step, ","), format(self._newest, ","))
        self.setAccessibleDescription(text)

    # Keys, mouse and wheel

    @guarded(None)
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self._states:
            self.play_wanted.emit()
        else:
            super().keyPressEvent(event)

    @guarded(None)
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._states:
            self._dragging = True
            self.setSliderDown(True)
            self._drag(event.position().x())

    @guarded(None)
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragging:
            self._drag(event.position().x())

    @guarded(None)
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragging = False
            self.setSliderDown(False)

    def _drag(self, x: float) -> None:
        """To the state that is drawn closest; the right end is the present."""
        scale = self._scale()
        stops = (*self._states, self._newest) if self._newest > self._states[-1] else self._states
        place = scale.nearest(x, stops)
        beyond = x >= scale.right + GRID // 2
        self.setValue(len(self._states) if place is None or beyond else place)

    @guarded(None)
    def wheelEvent(self, event: QWheelEvent) -> None:
        """One state a notch, up and left to the earlier one."""
        turned = event.angleDelta().y() or event.angleDelta().x()
        if turned and self._states:
            self.setValue(self.value() + (-1 if turned > 0 else 1))
        event.accept()

    @guarded(False)
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.help_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def help_at(self, place: QPointF) -> str:
        """What is said at a place: the signs there, or how to use the track."""
        scale = self._scale()
        near = [s.text for s in self._signs if abs(scale.x(s.step) - place.x()) <= _REACH]
        if near and place.y() <= _ABOVE + GRID:
            return "\n".join(near[-8:])
        return self.tr(
            "Drag, or use the arrow keys: panels and canvas show the recorded state at that step.\n"
            "The space bar plays them. "
            "Each tick is one; at the right end everything is live."
        )

    # Drawing

    @guarded(None)
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = self._scale()
        plot = QRectF(
            scale.left, _ABOVE, max(scale.right - scale.left, 1), self.height() - _ABOVE - _BELOW
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(color("canvas"))
        painter.drawRoundedRect(plot.adjusted(-GRID, 0, GRID, 0), CORNER, CORNER)
        if self._points is not None:
            self._draw_curve(painter, scale, plot)
        self._draw_ticks(painter, scale, plot)
        self._draw_numbers(painter, scale, plot)
        for sign in self._signs:
            draw_sign(painter, sign.kind, QPointF(scale.x(sign.step), _ABOVE - SIZE - 1))
        self._draw_handle(painter, scale, plot)
        painter.end()

    def _draw_curve(self, painter: QPainter, scale: Scale, plot: QRectF) -> None:
        assert self._points is not None
        line = loss_line(self._points, scale, plot.adjusted(0, 3, 0, -_TICK - 2))
        ink = mixed(color("canvas"), color(appearance.theme.series[0]), 0.55)
        painter.setPen(QPen(ink, 1.25))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(line)

    def _draw_ticks(self, painter: QPainter, scale: Scale, plot: QRectF) -> None:
        painter.setPen(QPen(color("muted"), 1))
        for step in self._states:
            x = round(scale.x(step)) + 0.5
            painter.drawLine(QPointF(x, plot.bottom() - _TICK), QPointF(x, plot.bottom()))

    def _draw_numbers(self, painter: QPainter, scale: Scale, plot: QRectF) -> None:
        """Steps below the track, those with room; the newest always."""
        font = number_font(10)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(color("muted"))
        taken: list[QRectF] = []
        for step in (self._newest, *scale.labelled()):
            text = format(step, ",") if step == self._newest else short(step)
            width = metrics.horizontalAdvance(text)
            left = min(max(scale.x(step) - width / 2, 0), self.width() - width)
            place = QRectF(left, plot.bottom(), width, _BELOW)
            if not any(place.adjusted(-GRID, 0, GRID, 0).intersects(other) for other in taken):
                taken.append(place)
                painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _draw_handle(self, painter: QPainter, scale: Scale, plot: QRectF) -> None:
        if not self._states:
            return
        ink = color("accent" if self.is_live else "warning")
        x = round(scale.x(self.step)) + 0.5
        painter.setPen(QPen(ink, 2))
        painter.drawLine(QPointF(x, plot.top() - 2), QPointF(x, plot.bottom()))
        text = self.tr("live") if self.is_live else format(self.step, ",")
        font = number_font(11)
        width = QFontMetricsF(font).horizontalAdvance(text) + GRID
        left = min(max(x - width / 2, 1), self.width() - width - 1)
        label = QRectF(left, 1, width, _ABOVE - 1)
        if self.hasFocus():
            painter.setPen(QPen(color("text"), 1.5))
        else:
            painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawRoundedRect(label, CORNER, CORNER)
        painter.setFont(font)
        painter.setPen(color("accent_text" if self.is_live else "window"))
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, text)
