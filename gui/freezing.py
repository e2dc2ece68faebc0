"""Layers that keep their weights: what the commands, the inspector and the cards ask about them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication

from engine.recipe.frozen import freeze, frozen_nodes, unfreeze, within
from gui.editor import Editor


def learning(editor: Editor, ids: Iterable[str]) -> frozenset[str]:
    """Those of these nodes, and of the nodes in them, that have weights to learn, as far as shapes are
    known."""
    shapes = editor.report.nodes
    inside = within(editor.network, ids)
    return frozenset(key for key in inside if key in shapes and shapes[key].parameters)


def are_frozen(editor: Editor, ids: Iterable[str]) -> bool:
    """Whether none of these nodes learns, though some could."""
    could = learning(editor, ids)
    return bool(could) and could <= frozen_nodes(editor.network, editor.project.recipe.frozen)


def toggle(editor: Editor, ids: Iterable[str]) -> None:
    """Freeze these nodes and all that lies in them, or let them learn again; one undo step."""
    ids = frozenset(ids)
    network, frozen = editor.network, editor.project.recipe.frozen
    if are_frozen(editor, ids):
        title, kept = QCoreApplication.translate("recipe", "Unfreeze"), unfreeze(network, frozen, ids)
    else:
        could = learning(editor, ids)
        title, kept = QCoreApplication.translate("recipe", "Freeze"), freeze(network, frozen, could)
    editor.set_recipe(title, merge="", frozen=kept)


def marked(editor: Editor) -> frozenset[str]:
    """The nodes whose cards say that they are frozen: layers with weights, and blocks that hold such
    layers and nothing that learns."""
    if not editor.project.recipe.frozen:
        return frozenset()
    network, shapes = editor.network, editor.report.nodes
    frozen = frozen_nodes(network, editor.project.recipe.frozen)
    found: set[str] = set()
    moving: set[str] = set()
    for node_id, shape in shapes.items():
        if node_id not in network.nodes or not shape.parameters:
            continue
        if network.nodes[node_id].kind == "Block":
            continue
        around = network.blocks_around(node_id)
        if node_id in frozen:
            found.update((node_id, *around))
        else:
            moving.update(around)
    return frozenset(found - moving)
