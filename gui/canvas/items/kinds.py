"""Which kind of item shows a node."""

from __future__ import annotations

from collections.abc import Mapping

from engine.network.model import Node
from gui.canvas.items.block_item import ClosedBlockItem, OpenBlockItem
from gui.canvas.items.node_item import NodeItem
from gui.canvas.items.note_items import CommentItem, FrameItem

_BY_KIND: Mapping[str, type[NodeItem]] = {"Comment": CommentItem, "Frame": FrameItem}


def item_class(node: Node) -> type[NodeItem]:
    if node.kind == "Block":
        return OpenBlockItem if node.open else ClosedBlockItem
    return _BY_KIND.get(node.kind, NodeItem)
