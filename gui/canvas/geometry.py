"""Where things lie on the canvas. Scene units are pixels at 100 %; y grows downwards.

A node's (x, y) is the upper left corner of its card. Data runs from top to bottom.
"""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFontMetricsF, QPainterPath

from engine.network.layers import complete
from engine.network.model import CANVAS_LIMIT, Network, Node, clamp_position
from engine.telemetry.thumbnail import has_thumbnail
from gui.theme import GRID, ui_font

NODE_WIDTH = 176
NODE_HEIGHT = 48
#: What a card grows by while it shows what its node makes of a sample.
STRIP_HEIGHT = 40
#: Between two linked cards: room for the shape of the tensor between them.
GAP = 40
#: Height of the title of an opened block or a frame, and the room around what lies in it.
TITLE_HEIGHT = 32
PADDING = 40
#: From the corner of an opened block to the (0, 0) of its inside.
INSIDE = QPointF(PADDING, TITLE_HEIGHT + PADDING)
COMMENT_WIDTH, COMMENT_MARGIN = 240, 12
LONGEST_COMMENT = 4_000

#: A wire that climbs leaves and enters its ports this far vertically, with corners this round.
_STUB = 20.0
_RADIUS = 14.0
_LONGEST_HANDLE = 120.0
#: Straight parts that stand for a curve.
_PARTS = 6


def snap(x: float, y: float) -> tuple[float, float]:
    """The nearest crossing of the grid."""
    x, y = clamp_position(x, y)
    return float(round(x / GRID) * GRID), float(round(y / GRID) * GRID)


def room(kind: str) -> int:
    """The height that a card of this kind may need, its picture included."""
    return NODE_HEIGHT + (STRIP_HEIGHT if has_thumbnail(kind) else 0)


def node_rect(network: Network, node: Node) -> QRectF:
    """All the place a node may need, in its block."""
    corner = QPointF(*clamp_position(node.x, node.y))
    if node.kind == "Block" and node.open:
        rects = (node_rect(network, network.nodes[key]) for key in network.children.get(node.id, ()))
        return opened_rect(corner, [rect.translated(corner + INSIDE) for rect in rects])
    return QRectF(corner, card_size(node))


def card_size(node: Node) -> QSizeF:
    """Of a node that is no opened block."""
    if node.kind == "Comment":
        return comment_size(node)
    if node.kind == "Frame":
        values = complete(node)
        return QSizeF(*(_px(values[name]) for name in ("width", "height")))
    return QSizeF(NODE_WIDTH, room(node.kind))


def opened_rect(corner: QPointF, inside: Iterable[QRectF]) -> QRectF:
    """The frame of an opened block around what lies in it; its title begins at `corner`, or where
    something lies farther to the left or higher."""
    frame = QRectF(corner, QSizeF(NODE_WIDTH + 2 * PADDING, TITLE_HEIGHT + PADDING))
    for rect in inside:
        frame |= rect.adjusted(-PADDING, -PADDING - TITLE_HEIGHT, PADDING, PADDING)
    return frame


def comment_size(node: Node) -> QSizeF:
    """As high as its words need."""
    metrics = QFontMetricsF(ui_font(13))
    width = COMMENT_WIDTH - 2 * COMMENT_MARGIN
    text = comment_text(node)
    flags = Qt.TextFlag.TextWordWrap.value
    high = metrics.boundingRect(QRectF(0, 0, width, 1e6), flags, text).height()
    return QSizeF(COMMENT_WIDTH, max(NODE_HEIGHT, high + 2 * COMMENT_MARGIN))


def comment_text(node: Node) -> str:
    """What a comment says, no longer than a person reads."""
    text = complete(node)["text"]
    return text[:LONGEST_COMMENT] if isinstance(text, str) else ""


def _px(value: object) -> float:
    """A size from a file, which may be anything."""
    least, most = 64.0, CANVAS_LIMIT / 10
    return min(max(float(value), least), most) if isinstance(value, int | float) else least


def free_place(network: Network, x: float, y: float, block: str = "") -> tuple[float, float]:
    """The first place at (x, y) in a block, or to its right, where a card overlaps no other."""
    x, y = snap(x, y)
    beside = (network.nodes[key] for key in network.children.get(block, ()))
    taken = [node_rect(network, node) for node in beside if node.kind != "Frame"]
    row = [rect for rect in taken if rect.top() < y + NODE_HEIGHT and rect.bottom() > y]
    for rect in sorted(row, key=QRectF.left):
        if rect.left() < x + NODE_WIDTH and rect.right() > x:
            x, y = snap(rect.right() + GAP, y)
    return x, y


def below(network: Network, node: Node) -> tuple[float, float]:
    """Where the successor of `node` goes: below it, or beside what is there already."""
    rect = node_rect(network, node)
    return free_place(network, node.x, rect.bottom() + GAP, node.block)


def wire(start: QPointF, end: QPointF, lane: float | None = None) -> tuple[QPainterPath, QPointF]:
    """The curve of a link from an output to an input port, and the middle of it for its label.

    lane: the x along which it runs past cards that lie in between."""
    if lane is None and end.y() - start.y() >= NODE_HEIGHT / 2:
        return _falling(start, end), (start + end) / 2
    lane = _climbing_lane(start, end) if lane is None else lane
    return _rounded(_corners(start, end, lane)), middle_of(start, end, lane)


def way(start: QPointF, end: QPointF, lane: float | None = None) -> list[QPointF]:
    """The curve of `wire` in straight parts, corners and all: for what is seen from afar."""
    if lane is not None:
        return _corners(start, end, lane)
    if end.y() - start.y() < NODE_HEIGHT / 2:
        return _corners(start, end, _climbing_lane(start, end))
    if start.x() == end.x():
        return [start, end]
    handle = QPointF(0, _handle(start, end))
    points = (start, start + handle, end - handle, end)
    return [_on_curve(points, part / _PARTS) for part in range(_PARTS + 1)]


def rounded_way(points: list[QPointF]) -> list[QPointF]:
    """Such a way of level and upright parts with its corners cut as their arcs would."""
    result = points[:1]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        first, last = _towards(corner, before), _towards(corner, after)
        result += [first, (first + last) / 4 + corner / 2, last]
    return [*result, points[-1]]


def way_bounds(start: QPointF, end: QPointF, lane: float | None = None) -> QRectF:
    """What that curve keeps within."""
    if lane is None and end.y() - start.y() >= NODE_HEIGHT / 2:
        return QRectF(start, end).normalized()
    lane = _climbing_lane(start, end) if lane is None else lane
    low, high = start.y() + _STUB, end.y() - _STUB
    left, right = min(start.x(), end.x(), lane), max(start.x(), end.x(), lane)
    return QRectF(QPointF(left, min(start.y(), high)), QPointF(right, max(end.y(), low)))


def middle_of(start: QPointF, end: QPointF, lane: float | None = None) -> QPointF:
    """Where the label of that curve goes."""
    if lane is None and end.y() - start.y() < NODE_HEIGHT / 2:
        lane = _climbing_lane(start, end)
    return (start + end) / 2 if lane is None else QPointF(lane, (start.y() + end.y()) / 2)


def may_hide(start: QPointF, end: QPointF) -> bool:
    """Whether a card fits between the two ports, so that the link could run behind it."""
    return end.y() - start.y() > NODE_HEIGHT + GAP


def lane_beside(cards: list[QRectF]) -> float:
    """The x of a lane to the right of these cards."""
    return max(card.right() for card in cards) + 3 * GRID


def _falling(start: QPointF, end: QPointF) -> QPainterPath:
    handle = QPointF(0, _handle(start, end))
    path = QPainterPath(start)
    path.cubicTo(start + handle, end - handle, end)
    return path


def _handle(start: QPointF, end: QPointF) -> float:
    return min((end.y() - start.y()) / 2, _LONGEST_HANDLE)


def _on_curve(points: tuple[QPointF, QPointF, QPointF, QPointF], share: float) -> QPointF:
    """A point of a cubic Bézier curve."""
    rest = 1 - share
    first, second, third, fourth = points
    return (
        first * rest**3
        + second * (3 * share * rest**2)
        + third * (3 * share**2 * rest)
        + fourth * share**3
    )


def _climbing_lane(start: QPointF, end: QPointF) -> float:
    if abs(end.x() - start.x()) > NODE_WIDTH + 2 * GRID:
        return (start.x() + end.x()) / 2
    return max(start.x(), end.x()) + NODE_WIDTH / 2 + 3 * GRID


def _corners(start: QPointF, end: QPointF, lane: float) -> list[QPointF]:
    """Around the cards instead of behind them: down, aside, along the lane, and in."""
    low, high = start.y() + _STUB, end.y() - _STUB
    aside = [QPointF(start.x(), low), QPointF(lane, low), QPointF(lane, high)]
    return [start, *aside, QPointF(end.x(), high), end]


def _rounded(points: list[QPointF]) -> QPainterPath:
    """A polyline of horizontal and vertical parts whose corners are arcs."""
    path = QPainterPath(points[0])
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        path.lineTo(_towards(corner, before))
        path.quadTo(corner, _towards(corner, after))
    path.lineTo(points[-1])
    return path


def _towards(corner: QPointF, other: QPointF) -> QPointF:
    away = other - corner
    length = abs(away.x()) + abs(away.y())
    if length == 0:
        return corner
    return corner + away * (min(_RADIUS, length / 2) / length)
