"""A node as a card: family, name, parameters in short, their number, problems, and below them what it
makes of one sample."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QStaticText
from PySide6.QtWidgets import QStyleOptionGraphicsItem, QWidget

from engine.amounts import count_text
from engine.build.report import ShapeReport
from engine.messages import shown
from engine.network.layers import LAYERS
from engine.network.model import Node
from engine.telemetry.thumbnail import Thumbnail
from gui import icons
from gui.canvas import ports
from gui.canvas.geometry import NODE_HEIGHT, NODE_WIDTH, STRIP_HEIGHT
from gui.canvas.items import summary
from gui.canvas.ports import Port, PortLook
from gui.canvas.sheet import SheetItem
from gui.guard import guarded
from gui.theme import CORNER, LIGHT, color, contrast, family_color, mixed, number_font, ui_font

if TYPE_CHECKING:
    from gui.canvas.items.strip import Strip

#: Below this zoom there is no text: it could not be read.
READABLE = 0.4

BAND = 28.0
_LEFT, _RIGHT = BAND + 10, NODE_WIDTH - 10
_FIRST_LINE, _SECOND_LINE = 7.0, 25.0
_BADGE = QRectF(_RIGHT - 13, 8, 14, 14)
_NAME = QRectF(_LEFT, _FIRST_LINE - 2, _RIGHT - _LEFT, 18)
FROST = 12  #: px, of the snowflake
#: Ports and the selection ring reach over the edge of the card.
_MARGIN = 8.0
#: So much of its tint is in the ground of a card: text on it stays readable.
GROUND_TINT = 0.1


class NodeItem(SheetItem):
    """Shows one Node. It changes nothing: gestures do, through the editor."""

    #: A card like all others: from afar they are drawn together.
    plain = True

    def __init__(self, node: Node, dots: tuple[Port, ...] = (), second: str = "") -> None:
        super().__init__()
        self.setZValue(1)
        self.node = node
        self.ports = dots
        self._second = second
        self.problem = False  #: something is wrong at this node
        self.cause = False  #: this node is why something further down is wrong
        self.fault = False  #: training stopped here
        self.frozen = False  #: it keeps its weights while others learn
        self.selected = False
        self.hovered = False
        self.tint: QColor | None = None  #: of its band, where it is not that of the family
        self._parameters = 0
        self._looks: Mapping[Port, PortLook] = {}
        #: Where its ports are, as far as somebody asked.
        self._dots: dict[Port, QPointF] = {}
        self._strip: Strip | None = None
        self._written = False
        self._shape_card()
        self.show_node(node, dots, second)

    # What it shows

    def show_node(self, node: Node, dots: tuple[Port, ...], second: str = "") -> None:
        """Look as this node does now, with `second` as second line instead of its parameters; where
        it lies is said by `put`."""
        self.node = node
        self.ports = dots
        self._second = second
        self._dots.clear()
        self._rewrite()

    def put(self, corner: QPointF) -> None:
        """Lie with the node's (x, y) at this place of the scene."""
        self.setPos(corner)

    @property
    def corner(self) -> QPointF:
        """Where the node's (x, y) is shown, in scene coordinates."""
        return self.pos()

    def show_report(self, report: ShapeReport) -> bool:
        """Take what shape inference says about this node; problems are set by the scene."""
        found = report.nodes.get(self.node.id)
        parameters = 0 if found is None else found.parameters
        differs = parameters != self._parameters
        if differs:
            self._parameters = parameters
            self._rewrite()
        return differs

    def show_state(self, **states: bool) -> None:
        """Set any of problem, cause, fault, frozen, selected, hovered; repaints when one differs."""
        before = (self.problem or self.fault, self.frozen)
        differs = False
        for name, value in states.items():
            if getattr(self, name) != value:
                setattr(self, name, value)
                differs = True
        if differs:
            self.update()
        if before != (self.problem or self.fault, self.frozen):  # marks need room beside the name
            self._rewrite()

    def show_tint(self, tint: QColor | None) -> None:
        """What the lens says of this node."""
        if tint != self.tint:
            self.tint = tint
            self.update()

    def show_thumbnail(self, thumbnail: Thumbnail | None) -> bool:
        """What the node makes of a sample, or None for nothing. True when the height changed."""
        if thumbnail is self.thumbnail:
            return False
        differs = (thumbnail is None) != (self._strip is None)
        self._strip = None if thumbnail is None else _strip(thumbnail)
        if differs:
            self.prepareGeometryChange()
            self._shape_card()
        self.update()
        return differs

    def show_ports(self, looks: Mapping[Port, PortLook]) -> None:
        """How the ports look; those not named are at rest."""
        if looks != self._looks:
            self._looks = looks
            self.update()

    def follow_theme(self) -> None:
        if self._strip is not None:
            self._strip.recolor()
        self.update()

    @property
    def height(self) -> float:
        return NODE_HEIGHT + (STRIP_HEIGHT if self._strip is not None else 0)

    @property
    def second_line(self) -> str:
        """What stands below the name, in full."""
        return self._second or summary.summary(self.node)

    @property
    def card(self) -> QRectF:
        """What is drawn, in the item's own coordinates."""
        return QRectF(0, 0, NODE_WIDTH, self.height)

    @property
    def scene_card(self) -> QRectF:
        return self.card.translated(self.pos())

    def meets(self, area: QRectF) -> bool:
        """Whether what answers to the mouse touches `area` of the scene."""
        if self.plain:
            return self.scene_card.intersects(area)
        return self.shape().translated(self.pos()).intersects(area)

    # What it looks like from afar

    @property
    def ground(self) -> QColor:
        """The colour of the card."""
        ground = color("surface" if self.node.kind in LAYERS else "raised")
        return ground if self.tint is None else mixed(ground, self.tint, GROUND_TINT)

    @property
    def band_height(self) -> float:
        """How far down the family's colour reaches."""
        return NODE_HEIGHT if self._strip is not None else self.height

    @property
    def shade(self) -> QColor:
        """The colour of the band."""
        return family_color(self.family) if self.tint is None else self.tint

    @property
    def edge(self) -> tuple[str, float, bool]:
        """Of the border: theme colour, width, and whether it is dashed."""
        if self.problem or self.fault:
            return ("error", 1.5, False)
        if self.cause:
            return ("warning", 1.5, True)
        return ("muted" if self.hovered else "line", 1.0, False)

    @property
    def thumbnail(self) -> Thumbnail | None:
        """What the strip shows."""
        return None if self._strip is None else self._strip.thumbnail

    def anchor(self, port: Port) -> QPointF:
        """Centre of a port, in scene coordinates."""
        if port not in self._dots:
            self._dots[port] = ports.place(self.ports, port, self.card)
        return self.pos() + self._dots[port]

    def on_badge(self, point: QPointF) -> bool:
        """Whether a scene point is on the mark of a problem."""
        return self.problem and _BADGE.contains(point - self.pos())

    @property
    def name_box(self) -> QRectF:
        """Where the name stands, in the item's own coordinates."""
        return _NAME

    def on_name(self, point: QPointF) -> bool:
        """Whether a scene point is on the name."""
        return self.name_box.contains(point - self.pos()) and not self.on_badge(point)

    # Preparing: done once a change, not once a repaint

    def _shape_card(self) -> None:
        whole = self.card
        self._dots.clear()
        self._card, self._band = _outlines(whole.width(), whole.height(), self.band_height)
        self._bounds = whole.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)

    def _rewrite(self) -> None:
        """The words are laid out when they are to be read: most of a large network is out of sight."""
        self._written = False
        self.update()

    def write_out(self) -> None:
        if not self._written:
            self._written = True
            self._write()

    def _write(self) -> None:
        badge = self.problem or self.fault
        room = _RIGHT - _LEFT - (_BADGE.width() + 4 if badge else 0)
        name_font = ui_font(13, QFont.Weight.Medium)
        count = count_text(self._parameters) if self._parameters else ""
        self._count = line(count, number_font(12))
        self._count_at = QPointF(_LEFT + room - self._count.size().width(), _FIRST_LINE)
        # On one baseline with the name, whose letters are taller.
        rise = QFontMetricsF(name_font).ascent() - QFontMetricsF(number_font(12)).ascent()
        self._count_at += QPointF(0, rise)
        self._frost_at = QPointF(_LEFT + room - self._count.size().width(), _FIRST_LINE + 2)
        self._frost_at -= QPointF(FROST + (4 if count else 0), 0)
        room -= self._count.size().width() + 8 if count else 0.0
        room -= FROST + 4 if self.frozen else 0.0
        self._name = line(fitting(name_font, self._shown_name(), room), name_font)
        self._summary = line(self._second_line(_RIGHT - _LEFT), ui_font(12))

    def _shown_name(self) -> str:
        return shown(self.node.name)

    def _second_line(self, room: float) -> str:
        font = ui_font(12)
        text = self.second_line
        layer = LAYERS.get(self.node.kind)
        if text or layer is None:
            return fitting(font, text, room)
        width = QFontMetricsF(font).horizontalAdvance
        return next((text for text in summary.stand_in(layer) if width(text) <= room), "")

    # Drawing

    @guarded(QRectF())
    def boundingRect(self) -> QRectF:
        return self._bounds

    @guarded(QPainterPath())
    def shape(self) -> QPainterPath:
        return self._card

    @guarded(None)
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        scale = option.levelOfDetailFromTransform(painter.worldTransform())
        self._draw_card(painter)
        if scale < READABLE:
            return
        self.write_out()
        self._draw_icon(painter, scale)
        self._draw_text(painter)
        if self._strip is not None:
            self._strip.draw(painter)
        self._draw_ports(painter)

    def _draw_ports(self, painter: QPainter) -> None:
        for port in self.ports:
            look = self._looks.get(port, PortLook.REST)
            ports.draw_port(painter, ports.place(self.ports, port, self.card), look, self.selected)

    def _draw_card(self, painter: QPainter) -> None:
        painter.fillPath(self._card, self.ground)
        painter.fillPath(self._band, self.shade)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(self._border())
        painter.drawPath(self._card)
        self._draw_ring(painter)

    def _draw_ring(self, painter: QPainter) -> None:
        """Around the card while it is selected; the painter fills nothing."""
        if self.selected:
            painter.setPen(QPen(color("accent"), 2))
            painter.drawRoundedRect(self.card.adjusted(-3, -3, 3, 3), CORNER + 3, CORNER + 3)

    def _border(self) -> QPen:
        token, width, dashed = self.edge
        return QPen(color(token), width, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine)

    @property
    def family(self) -> str:
        layer = LAYERS.get(self.node.kind)
        return "unknown" if layer is None else layer.family

    def _draw_icon(self, painter: QPainter, scale: float) -> None:
        ground = self.shade.name()
        ink = max((LIGHT.text, LIGHT.surface), key=lambda shade: contrast(shade, ground))
        top = (NODE_HEIGHT - 16) / 2
        if self.node.kind not in LAYERS:
            painter.setPen(QPen(ink))
            painter.setFont(ui_font(16, QFont.Weight.Medium))
            painter.drawText(QRectF(0, 0, BAND, NODE_HEIGHT), Qt.AlignmentFlag.AlignCenter, "?")
            return
        ratio = min(4.0, max(1.0, math.ceil(scale * painter.device().devicePixelRatio())))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        picture = icons.pixmap(f"family-{self.family}", ink, 16, ratio)
        painter.drawPixmap(QPointF((BAND - 16) / 2, top), picture)

    def _draw_text(self, painter: QPainter) -> None:
        painter.setPen(color("text"))
        painter.setFont(ui_font(13, QFont.Weight.Medium))
        painter.drawStaticText(QPointF(_LEFT, _FIRST_LINE), self._name)
        painter.setPen(color("muted"))
        painter.setFont(ui_font(12))
        painter.drawStaticText(QPointF(_LEFT, _SECOND_LINE), self._summary)
        painter.setFont(number_font(12))
        painter.drawStaticText(self._count_at, self._count)
        if self.frozen:
            draw_frost(painter, self._frost_at)
        if self.problem or self.fault:
            draw_badge(painter, _BADGE)


@lru_cache(maxsize=64)
def _outlines(width: float, height: float, band: float) -> tuple[QPainterPath, QPainterPath]:
    """Of a card and its band; nearly all cards have the same."""
    card = QPainterPath()
    card.addRoundedRect(QRectF(0, 0, width, height), CORNER, CORNER)
    side = QPainterPath()
    side.addRect(QRectF(0, 0, BAND, band))
    return card, card.intersected(side)


def _strip(thumbnail: Thumbnail) -> Strip:
    """Numpy draws it, which is imported when there are numbers to draw."""
    from gui.canvas.items.strip import Strip

    return Strip(thumbnail)


def draw_frost(painter: QPainter, corner: QPointF) -> None:
    """A snowflake, for a layer that does not learn."""
    scale = painter.worldTransform().m11() * painter.device().devicePixelRatio()
    ratio = min(4.0, max(1.0, math.ceil(scale)))
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(corner, icons.pixmap("frozen", color("accent").name(), FROST, ratio))


def draw_badge(painter: QPainter, place: QRectF) -> None:
    """An exclamation mark in a disc: seen without colour, too."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color("error"))
    painter.drawEllipse(place)
    centre = place.center()
    stroke = QPen(color("surface"), 1.75)
    stroke.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(stroke)
    painter.drawLine(centre + QPointF(0, -3.5), centre + QPointF(0, 0.5))
    painter.drawPoint(centre + QPointF(0, 3.5))


def fitting(font: QFont, text: str, room: float) -> str:
    return QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, room)


def line(text: str, font: QFont) -> QStaticText:
    line = QStaticText(text)
    line.setTextFormat(Qt.TextFormat.PlainText)
    line.prepare(font=font)
    return line
