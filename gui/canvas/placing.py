"""New nodes: where they go and what they are linked to."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.network.edits import AddNode, Connect, Edit, Together
from engine.network.layers import LAYERS, new_node
from engine.network.model import Link, Network, Node
from gui.canvas.geometry import GAP, below, free_place, room
from gui.editor import Editor


def add_at(editor: Editor, kind: str, x: float, y: float) -> None:
    """A node of this kind with its upper left corner at (x, y), selected."""
    node = new_node(editor.network, kind, x, y)
    if editor.edit(AddNode(node), _title(kind)):
        editor.select(frozenset({node.id}))


def append(editor: Editor, kind: str) -> None:
    """A node of this kind after the selected one: below it, linked to it where both have the ports
    for it, and selected, so that the next one follows it. One undo step."""
    network = editor.network
    before = None if editor.selected is None else network.nodes[editor.selected]
    x, y = _end(network) if before is None else below(network, before)
    node = new_node(network, kind, x, y)
    edits: tuple[Edit, ...] = (AddNode(node),)
    link = None if before is None else _link(before, node)
    if link is not None:
        edits = (*edits, Connect(link))
    if editor.edit(Together(edits), _title(kind)):
        editor.select(frozenset({node.id}))


def _link(source: Node, target: Node) -> Link | None:
    known = LAYERS.get(source.kind)
    outputs = ("out",) if known is None else known.outputs
    inputs = LAYERS[target.kind].inputs
    return Link(source.id, target.id, outputs[0], inputs[0]) if outputs and inputs else None


def _end(network: Network) -> tuple[float, float]:
    """Below the lowest node."""
    if not network.nodes:
        return 0.0, 0.0
    lowest = max(network.nodes.values(), key=lambda node: node.y + room(node.kind))
    return free_place(network, lowest.x, lowest.y + room(lowest.kind) + GAP)


def _title(kind: str) -> str:
    return QCoreApplication.translate("Canvas", "Add {kind}").format(kind=kind)
