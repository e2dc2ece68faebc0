"""New nodes: where they go and what they are linked to. Each function makes one undo step."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QCoreApplication, QRectF

from engine.network.arrange import Position
from engine.network.copies import AddFragment, moved, renewed, roots
from engine.network.edits import AddNode, Connect, Edit, EditError, MoveNodes, Together
from engine.network.layers import LAYERS, new_node
from engine.network.model import Link, Network, Node
from engine.network.ports import input_ports, output_ports
from engine.network.rewire import InsertOnLink
from gui.canvas.arrange import refitted_frames
from gui.canvas.blocks import room_for
from gui.canvas.geometry import GAP, NODE_HEIGHT, NODE_WIDTH, below, free_place, node_rect, snap
from gui.canvas.glide import Glide
from gui.canvas.ports import Port, link_between
from gui.editor import Editor
from gui.theme import GRID


def add_at(editor: Editor, kind: str, x: float, y: float, block: str = "") -> None:
    """A node of this kind with its upper left corner at (x, y) inside a block, selected."""
    _add(editor, _new(editor.network, kind, x, y, block))


def append(editor: Editor, kind: str) -> None:
    """A node of this kind after the selected one: below it, linked to it where both have the ports
    for it, and selected, so that the next one follows it. With none selected, below all others."""
    network = editor.network
    before = None if editor.selected is None else network.nodes[editor.selected]
    if before is None:
        _add(editor, _new(network, kind, *_end(network, editor.level), editor.level))
        return
    node = _new(network, kind, *below(network, before), before.block)
    outputs = output_ports(network, before)
    start = Port(before.id, outputs[0], True) if outputs else None
    _add(editor, node, None if start is None else _link(start, node))


def append_block(editor: Editor, block: Network) -> None:
    """A block from the library after the selected node, as `append` does with a layer."""
    network = editor.network
    before = None if editor.selected is None else network.nodes[editor.selected]
    level = editor.level if before is None else before.block
    place = _end(network, level) if before is None else below(network, before)
    [root] = roots(block)
    copies = renewed(network, moved(block, {root.id: place}, level))
    [node] = roots(copies)
    edits: list[Edit] = [AddFragment(copies)]
    outputs = () if before is None else output_ports(network, before)
    inputs = input_ports(copies, node)
    if before is not None and outputs and inputs:
        edits.append(Connect(Link(before.id, node.id, outputs[0], inputs[0])))
    title = QCoreApplication.translate("Canvas", "Add {kind}").format(kind=node.name)
    if editor.edit(_with_room_around(network, Together(tuple(edits)), level), title):
        editor.select(frozenset({node.id}))


def add_linked(editor: Editor, kind: str, port: Port, x: float, y: float) -> None:
    """A node of this kind at (x, y), linked with a port of a node in the same block."""
    node = _new(editor.network, kind, x, y, editor.network.nodes[port.node].block)
    _add(editor, node, _link(port, node))


def insert(glide: Glide, kind: str, link: Link, x: float, y: float) -> None:
    """A new node of this kind into a link, at a place of the scene or as near as its neighbours allow;
    those below glide down to make room for it."""
    network = glide.scene.editor.network
    place = snap(*glide.scene.relative(link.source, x, y))
    node = _new(network, kind, *place, network.nodes[link.source].block)
    if _insert(glide, node, link, AddNode(node)):
        glide.scene.editor.select(frozenset({node.id}))


def insert_node(glide: Glide, node_id: str, link: Link, x: float, y: float) -> None:
    """A node that is there already into a link, as `insert` does."""
    x, y = glide.scene.relative(node_id, x, y)
    _insert(glide, replace(glide.scene.editor.network.nodes[node_id], x=x, y=y), link)


def _insert(glide: Glide, node: Node, link: Link, *first: Edit) -> bool:
    editor = glide.scene.editor
    moved = _with_room(editor.network, node, link)
    lower = {key: place for key, place in moved.items() if key != node.id}
    frames = refitted_frames(editor.network, lower)
    within = Together((*first, MoveNodes(moved), *frames, InsertOnLink(node.id, link)))
    edit = _with_room_around(editor.network, within, node.block)
    title = QCoreApplication.translate("Canvas", "Insert {kind}").format(kind=node.kind)
    return glide.over(lower, partial(editor.edit, edit, title))


def _with_room(network: Network, node: Node, link: Link) -> dict[str, Position]:
    """Where `node` goes so that it stands between the ends of `link`, and where the nodes below go
    that have to move down for it."""
    above, under = (node_rect(network, network.nodes[key]) for key in link.touches)
    card = node_rect(network, node)
    x = above.left() if abs(card.left() - above.left()) < NODE_WIDTH / 2 else card.left()
    top, bottom = above.bottom() + GAP, under.top() - GAP
    moved: dict[str, Position] = {}
    if under.top() < above.bottom():  # it climbs: there is no in between
        top = card.top()
    elif bottom - top >= card.height():
        top = min(max(card.top(), top), bottom - card.height())
    else:
        down = math.ceil((top + card.height() - bottom) / GRID) * GRID
        lower = (network.nodes[key] for key in network.downstream(link.target))
        moved = {each.id: (each.x, each.y + down) for each in lower if each.y >= under.top()}
    others = {key: other for key, other in network.nodes.items() if key != node.id}
    rest = MoveNodes(moved).apply(replace(network, nodes=others))
    return {**moved, node.id: free_place(rest, x, top, node.block)}


def _with_room_around(network: Network, edit: Edit, block: str) -> Edit:
    """An edit by which an opened block may grow, and those beside the block make room for it."""
    if not block:
        return edit
    try:
        after = edit.apply(network)
    except EditError:
        return edit  # the editor will say why
    moved = room_for(network, after, network.nodes[block])
    return Together((edit, MoveNodes(moved), *refitted_frames(network, moved)))


def _new(network: Network, kind: str, x: float, y: float, block: str) -> Node:
    return replace(new_node(network, kind, x, y), block=block)


def _add(editor: Editor, node: Node, link: Link | None = None) -> None:
    edits: tuple[Edit, ...] = (AddNode(node), *_first_ports(editor.network, node))
    edits = edits if link is None else (*edits, Connect(link))
    title = QCoreApplication.translate("Canvas", "Add {kind}").format(kind=node.kind)
    if editor.edit(_with_room_around(editor.network, Together(edits), node.block), title):
        editor.select(frozenset({node.id}))


def _first_ports(network: Network, node: Node) -> tuple[Edit, ...]:
    """A new block has one way in and one way out."""
    if node.kind != "Block":
        return ()
    row = NODE_HEIGHT + GAP
    ports = (
        new_node(network, kind, 0.0, y) for kind, y in (("BlockInput", 0.0), ("BlockOutput", 2 * row))
    )
    return tuple(AddNode(replace(port, block=node.id)) for port in ports)


def _link(port: Port, node: Node) -> Link | None:
    """From or to a new node, whichever the port is not; None where the node has no such port."""
    layer = LAYERS[node.kind]
    names = layer.inputs if port.output else layer.outputs
    return link_between(port, Port(node.id, names[0], not port.output)) if names else None


def _end(network: Network, block: str) -> tuple[float, float]:
    """Below the lowest node of a block."""
    nodes = [network.nodes[key] for key in network.children.get(block, ())]
    if not nodes:
        return 0.0, 0.0
    lowest = max((node_rect(network, node) for node in nodes), key=QRectF.bottom)
    return free_place(network, lowest.left(), lowest.bottom() + GAP, block)
