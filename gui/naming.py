"""Giving a node another name: on its card, in the inspector, in the list of nodes."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.network.edits import RenameNode
from gui.editor import Editor

LONGEST_NAME = 200


def rename(editor: Editor, node_id: str, text: str) -> bool:
    """Give a node a name as one undo step. False when the text is blank: every node has a name."""
    name = text.strip()
    node = editor.network.nodes.get(node_id)
    if not name or node is None:
        return False
    if name != node.name:
        editor.edit(RenameNode(node_id, name), QCoreApplication.translate("Canvas", "Rename"))
    return True
