"""What is done with blocks on the canvas: made of nodes, taken apart, opened in place and closed."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QRectF

from engine.network.block_edits import GroupNodes, OpenBlock, UngroupBlock
from engine.network.edits import MoveNodes, Together
from engine.network.model import Network, Node
from gui.canvas.arrange import refitted_frames
from gui.canvas.geometry import node_rect
from gui.canvas.scene import CanvasScene


def group(scene: CanvasScene) -> bool:
    """The selected nodes become one closed block, which is selected then."""
    editor = scene.editor
    network = editor.network
    ids = outermost(network, editor.selection)
    known = set(network.nodes)
    edit = GroupNodes(frozenset(ids), network.fresh_name("Block"))
    if not ids or not editor.edit(edit, QCoreApplication.translate("Canvas", "Make a block")):
        return False
    made = (key for key in editor.network.nodes if key not in known)
    editor.select(frozenset(key for key in made if editor.network.nodes[key].kind == "Block"))
    return True


def ungroup(scene: CanvasScene) -> None:
    """The insides of the selected blocks take their places."""
    editor = scene.editor
    network = editor.network
    blocks = [key for key in editor.selection if network.nodes[key].kind == "Block"]
    freed = [child for block in blocks for child in network.children.get(block, ())]
    edits = tuple(UngroupBlock(block) for block in blocks)
    if edits and editor.edit(Together(edits), QCoreApplication.translate("Canvas", "Take block apart")):
        editor.select(frozenset(freed))


def toggle(scene: CanvasScene, block: str) -> None:
    """Open a block in place, or close it. What lies below or beside it makes room, or comes back; one
    undo step."""
    editor = scene.editor
    node = editor.network.nodes[block]
    opened = OpenBlock(block, not node.open)
    after = opened.apply(editor.network)
    moved = room_for(editor.network, after, node)
    frames = refitted_frames(editor.network, moved)
    translate = QCoreApplication.translate
    title = translate("Canvas", "Close block") if node.open else translate("Canvas", "Open block")
    editor.edit(Together((opened, MoveNodes(moved), *frames)), title)


def outermost(network: Network, ids: frozenset[str]) -> list[str]:
    """Those of `ids` that lie in no other of them."""
    return [key for key in ids if ids.isdisjoint(network.blocks_around(key))]


def room_for(before: Network, after: Network, block: Node) -> dict[str, tuple[float, float]]:
    """Where nodes beside a block go when it grows or shrinks: those below it, in its way, by as much
    as its lower edge moves, those right of it by as much as its right edge does. Around an opened
    block the same holds one level up, and so on."""
    moved: dict[str, tuple[float, float]] = {}
    while True:
        old, new = (node_rect(network, network.nodes[block.id]) for network in (before, after))
        for key in before.children.get(block.block, ()):
            node = before.nodes[key]
            # A frame goes with what lies on it.
            place = None if node.kind == "Frame" else _pushed(before, node, old, new)
            if place is not None and key != block.id:
                moved[key] = place
        if not block.block:
            return moved
        after = MoveNodes(moved).apply(after)
        block = before.nodes[block.block]


def _pushed(network: Network, node: Node, old: QRectF, new: QRectF) -> tuple[float, float] | None:
    """Where a node goes beside one that grows from `old` to `new`; None where it stays."""
    rect = node_rect(network, node)
    left, right = min(old.left(), new.left()), max(old.right(), new.right())
    if rect.top() >= old.bottom() and rect.right() > left and rect.left() < right:
        return (node.x, node.y + new.bottom() - old.bottom())
    if rect.left() >= old.right() and rect.bottom() > old.top() and rect.top() < old.bottom():
        return (node.x + new.right() - old.right(), node.y)
    return None
