"""Aligning and spreading the selected cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from PySide6.QtCore import QPointF, QRectF

from engine.network.edits import MoveNodes
from gui.canvas.glide import Glide

Side = Literal["left", "center", "right", "top", "middle", "bottom"]
Direction = Literal["horizontally", "vertically"]

#: How many cards it takes.
FEWEST_TO_ALIGN, FEWEST_TO_DISTRIBUTE = 2, 3


def aligned(cards: Mapping[str, QRectF], side: Side) -> dict[str, QPointF]:
    """New upper left corners: all cards have this side where the outermost of them has it, or their
    middle in the middle of all."""
    whole = _around(cards)
    result = {}
    for key, card in cards.items():
        place = QRectF(card)
        match side:
            case "left":
                place.moveLeft(whole.left())
            case "center":
                place.moveLeft(whole.center().x() - card.width() / 2)
            case "right":
                place.moveRight(whole.right())
            case "top":
                place.moveTop(whole.top())
            case "middle":
                place.moveTop(whole.center().y() - card.height() / 2)
            case "bottom":
                place.moveBottom(whole.bottom())
        result[key] = place.topLeft()
    return result


def distributed(cards: Mapping[str, QRectF], direction: Direction) -> dict[str, QPointF]:
    """New upper left corners with equal gaps, to the pixel; the first and the last card stay. Cards
    that have no room between them overlap equally."""
    across = direction == "horizontally"

    def start(key: str) -> float:
        return cards[key].left() if across else cards[key].top()

    def size(key: str) -> float:
        return cards[key].width() if across else cards[key].height()

    order = sorted(cards, key=lambda key: (start(key) + size(key) / 2, start(key)))
    room = start(order[-1]) + size(order[-1]) - start(order[0])
    gap = (room - sum(map(size, order))) / (len(order) - 1)
    result = {}
    at = start(order[0])
    for key in order:
        result[key] = QPointF(cards[key].topLeft())
        if key not in (order[0], order[-1]):
            result[key].setX(round(at)) if across else result[key].setY(round(at))
        at += size(key) + gap
    return result


def move_to(
    glide: Glide, rule: Callable[[Mapping[str, QRectF], Any], dict[str, QPointF]], how: str, title: str
) -> None:
    """Move the selected cards to where `rule` (aligned or distributed) wants them; one undo step."""
    scene = glide.scene
    network, selection = scene.editor.network, scene.editor.selection
    # What lies in a selected block goes with it.
    ids = [
        key
        for key in selection
        if scene.shows(key) and selection.isdisjoint(network.blocks_around(key))
    ]
    if len(ids) < FEWEST_TO_ALIGN:
        return
    places = rule({key: scene.card_rect(key) for key in ids}, how)
    positions = {key: scene.relative(key, place.x(), place.y()) for key, place in places.items()}
    now = {key: (network.nodes[key].x, network.nodes[key].y) for key in ids}
    moved = {key: to for key, to in positions.items() if to != now[key]}
    if moved:
        glide.over(moved, lambda: scene.editor.edit(MoveNodes(moved), title))


def _around(cards: Mapping[str, QRectF]) -> QRectF:
    whole = QRectF()
    for card in cards.values():
        whole = whole.united(card)
    return whole
