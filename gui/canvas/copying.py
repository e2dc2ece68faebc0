"""Copies of nodes: where they go, and how they come into the network."""

from __future__ import annotations

from collections.abc import Mapping

from engine.network.arrange import Position
from engine.network.copies import AddFragment, moved, renewed, roots
from engine.network.model import Network
from engine.network.problem import Problem
from engine.project import limits
from gui.editor import Editor
from gui.theme import GRID

#: How far a copy lies from what it would cover: right of it and below.
STEP = 3 * GRID


def add_copies(editor: Editor, fragment: Network, title: str) -> bool:
    """The fragment under ids and names of its own, selected; one undo step. False when it is refused.
    Its trained numbers stay behind: a copy learns anew."""
    count = len(editor.network.nodes) + len(fragment.nodes)
    if count > limits.NODES:
        values = {"count": f"{count:,}", "limit": f"{limits.NODES:,}"}
        editor.refused.emit(Problem("too_many_nodes", None, values=values))
        return False
    copies = renewed(editor.network, fragment)
    if not editor.edit(AddFragment(copies), title):
        return False
    editor.select(frozenset(node.id for node in roots(copies)))
    return True


def uncovered(network: Network, fragment: Network) -> Network:
    """The fragment where it is, or as many steps aside as it takes until none of its cards lies
    exactly on another, so that every paste of the same nodes can be seen."""
    taken = {(node.block, node.x, node.y) for node in network.nodes.values()}
    loose = roots(fragment)
    away = 0
    while any((node.block, node.x + away, node.y + away) in taken for node in loose):
        away += STEP
    return shifted(fragment, away, away)


def shifted(fragment: Network, dx: float, dy: float) -> Network:
    """The fragment, moved as a whole within the blocks it lies in."""
    places: Mapping[str, Position] = {node.id: (node.x + dx, node.y + dy) for node in roots(fragment)}
    return moved(fragment, places, None)
