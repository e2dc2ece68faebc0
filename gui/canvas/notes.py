"""Writing beside the network: a comment, or a frame under the selected nodes."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QCoreApplication, QPointF

from engine.network.edits import AddNode
from engine.network.layers import new_node
from gui.canvas.geometry import COMMENT_WIDTH, GAP, PADDING, TITLE_HEIGHT, snap
from gui.canvas.guides import united
from gui.canvas.scene import CanvasScene


def add_comment(scene: CanvasScene, middle: QPointF) -> None:
    """A comment right of the selected nodes, or in the middle of the view; selected."""
    editor = scene.editor
    shown = [key for key in editor.selection if scene.shows(key)]
    block = editor.level
    x, y = middle.x() - COMMENT_WIDTH / 2, middle.y()
    if shown:
        area = united(scene.card_rect(key) for key in shown)
        block = editor.network.nodes[shown[0]].block
        x, y = area.right() + GAP, area.top()
    node = new_node(editor.network, "Comment", *snap(*scene.places.inside_of(block, x, y)))
    title = QCoreApplication.translate("Canvas", "Add a comment")
    if editor.edit(AddNode(replace(node, block=block)), title):
        editor.select(frozenset({node.id}))


def add_frame(scene: CanvasScene) -> None:
    """A frame around the selected nodes that lie in one block; selected."""
    editor = scene.editor
    shown = [key for key in editor.selection if scene.shows(key)]
    if not shown:
        return
    block = editor.network.nodes[shown[0]].block
    beside = (key for key in shown if editor.network.nodes[key].block == block)
    area = united(scene.card_rect(key) for key in beside)
    area.adjust(-PADDING, -PADDING - TITLE_HEIGHT, PADDING, PADDING)
    place = snap(*scene.places.inside_of(block, area.left(), area.top()))
    node = new_node(editor.network, "Frame", *place)
    size = {"width": round(area.width()), "height": round(area.height())}
    framed = replace(node, block=block, parameters={**node.parameters, **size})
    if editor.edit(AddNode(framed), QCoreApplication.translate("Canvas", "Add a frame")):
        editor.select(frozenset({node.id}))
