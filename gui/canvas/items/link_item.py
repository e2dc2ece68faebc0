"""A link as a curve, and the shape of its tensor as a label in the middle of it."""

from __future__ import annotations

import weakref
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPainterPathStroker, QPen, QStaticText
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from engine.build.report import Shape, shape_text
from engine.network.model import Link
from gui.canvas import geometry, health
from gui.canvas.items.node_item import READABLE
from gui.canvas.sheet import SheetItem
from gui.guard import guarded
from gui.theme import CORNER, color, number_font

#: Width of the invisible path that answers to the mouse.
REACH = 12.0
_LABEL_HEIGHT = 18.0
_LABEL_MARGIN = 6.0
_LABEL_ROOM = 176.0


class LinkItem(SheetItem):
    """Shows one Link. Its label is an item of its own, so that no other link runs across it."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self.setZValue(0)
        self.link = link
        self.label = ShapeLabel(self)
        self.shape_of_tensor: Shape | None = None
        self._token: str | None = None  #: the colour that the lens gives it
        self.selected = False
        self.hovered = False
        self.lifted = False  #: its end is in the user's hand
        self.lane: float | None = None  #: where it runs past cards in its way
        self._width = health.THINNEST
        self._start, self._end = QPointF(), QPointF()
        #: Made when they are asked for: most links of a large network are out of sight.
        self._path: QPainterPath | None = None
        self._hit: QPainterPath | None = None
        self._bounds = QRectF()

    def run_between(self, start: QPointF, end: QPointF, lane: float | None = None) -> None:
        """Go from an output to an input port, in scene coordinates (`geometry.wire`)."""
        if (start, end, lane) == (self._start, self._end, self.lane) and not self._bounds.isNull():
            return
        self.prepareGeometryChange()
        self._start, self._end, self.lane = start, end, lane
        self._path = self._hit = None
        half = REACH / 2
        self._bounds = geometry.way_bounds(start, end, lane).adjusted(-half, -half, half, half)
        self.label.setPos(geometry.middle_of(start, end, lane))
        self.label.stand_aside(lane is not None and lane not in (start.x(), end.x()))
        self.update()

    @property
    def ends(self) -> tuple[QPointF, QPointF] | None:
        """From where to where it runs; None before it runs at all."""
        return None if self._bounds.isNull() else (self._start, self._end)

    def way(self, *, rounded: bool) -> list[QPointF]:
        """The curve in straight parts, with or without round corners."""
        points = geometry.way(self._start, self._end, self.lane)
        turns = len(points) > 2 and points[1].x() == points[0].x()
        return geometry.rounded_way(points) if rounded and turns else points

    def show_shape(self, shape: Shape | None, known: bool) -> None:
        """The tensor's shape; `known` is False while nobody has inferred it."""
        self.shape_of_tensor = shape
        self.label.write(shape_text(shape) if known else "")

    def show_look(self, token: str | None = None, width: float = health.THINNEST) -> None:
        """What the lens says: a colour of the theme or #RRGGBB, None at rest, and a width in px."""
        if (token, width) != (self._token, self._width):
            self._token, self._width = token, width
            self.update()

    def show_state(self, **states: bool) -> None:
        """Set any of selected, hovered, lifted; repaints when one differs."""
        if any(getattr(self, name) != value for name, value in states.items()):
            for name, value in states.items():
                setattr(self, name, value)
            self.label.setVisible(not self.lifted)
            self.update()
            self.label.update()

    @property
    def path(self) -> QPainterPath:
        """The curve, in scene coordinates."""
        if self._path is None:
            self._path = geometry.wire(self._start, self._end, self.lane)[0]
        return self._path

    @property
    def width(self) -> float:
        return self._width

    @property
    def drawn_width(self) -> float:
        return max(self._width, 2.5) if self.selected or self.hovered else self._width

    def token(self) -> str:
        """The colour it is drawn in, for `gui.theme.color`."""
        if self.selected:
            return "accent"
        if self._token is not None:
            return self._token
        return "text" if self.hovered else "muted"

    @guarded(QRectF())
    def boundingRect(self) -> QRectF:
        return self._bounds

    @guarded(QPainterPath())
    def shape(self) -> QPainterPath:
        if self._hit is None:
            stroker = QPainterPathStroker()
            stroker.setWidth(REACH)
            self._hit = stroker.createStroke(self.path)
        return self._hit

    @guarded(None)
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        pen = QPen(color(self.token(), 0.25 if self.lifted else 1.0), self.drawn_width)
        if self.lifted:
            pen.setStyle(Qt.PenStyle.DashLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self.path)


class ShapeLabel(QGraphicsItem):
    """`N × 32 × 26 × 26` on a ground of its own. It belongs to a link and answers for it."""

    def __init__(self, owner: LinkItem) -> None:
        super().__init__()
        self.setZValue(2)
        self._owner = weakref.ref(owner)  # else both would wait for the garbage collector
        self.text = ""
        self._aside = False
        self.box = QRectF()  #: what is drawn, in its own coordinates
        #: Room for most shapes from the first: for every label that outgrows it Qt sorts anew.
        self._bounds = QRectF(-_LABEL_ROOM / 2, -_LABEL_HEIGHT / 2, _LABEL_ROOM, _LABEL_HEIGHT)
        self._line = QStaticText()

    @property
    def owner(self) -> LinkItem:
        owner = self._owner()
        assert owner is not None
        return owner

    def stand_aside(self, aside: bool) -> None:
        """Reach to the right of the link only: the cards that it passes are on its left."""
        if aside != self._aside:
            self._aside = aside
            self._measure()

    def write(self, text: str) -> None:
        if text == self.text:
            return
        self.text = text
        self._line = _line(text)
        self._measure()

    def _measure(self) -> None:
        width = self._line.size().width() + 2 * _LABEL_MARGIN
        left = -2 * _LABEL_MARGIN if self._aside else -width / 2
        box = QRectF(left, -_LABEL_HEIGHT / 2, width, _LABEL_HEIGHT)
        self.box = box if self.text else QRectF()
        if not self._bounds.contains(box):
            self.prepareGeometryChange()
            self._bounds |= box
        self.update()

    @guarded(QRectF())
    def boundingRect(self) -> QRectF:
        return self._bounds

    @guarded(QPainterPath())
    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self.box)
        return path

    @guarded(None)
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        if not self.text or scale < READABLE:
            return
        marked = self.owner.selected or self.owner.hovered
        painter.setPen(QPen(color(self.owner.token() if marked else "line"), 1))
        painter.setBrush(color("surface"))
        inside = self.box.adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(inside, CORNER, CORNER)
        painter.setPen(color("text"))
        painter.setFont(number_font(11))
        left = self.box.left() + _LABEL_MARGIN
        painter.drawStaticText(QPointF(left, -self._line.size().height() / 2), self._line)


@lru_cache(maxsize=1024)
def _line(text: str) -> QStaticText:
    """Most links of a network carry one of a few shapes."""
    line = QStaticText(text)
    line.setTextFormat(Qt.TextFormat.PlainText)
    line.prepare(font=number_font(11))
    return line
