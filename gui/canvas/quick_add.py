"""A layer by typing: after the selected node, into the selected link, at a point, at a wire's end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QPointF, Slot
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsPathItem

from engine.messages import shown
from engine.network.layers import LAYERS
from engine.network.model import Link, Node
from engine.network.ports import output_ports
from gui.canvas import layer_choices, placing
from gui.canvas.geometry import NODE_HEIGHT, NODE_WIDTH, room, snap, wire
from gui.canvas.ports import Port, ends_of
from gui.choosing.chooser import WIDTH, Chooser
from gui.choosing.rows import Choice
from gui.editor import Editor
from gui.theme import GRID, color

if TYPE_CHECKING:
    from gui.canvas.view import CanvasView


class QuickAdd(QObject):
    """Opens a chooser over the canvas. What is chosen is one undo step; else nothing happens."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._scene = view.scene()
        self._editor: Editor = view.scene().editor
        self._add: Callable[[str], None] | None = None
        self._wire: QGraphicsPathItem | None = None

    @Slot()
    def open(self) -> None:
        """For the one selected link or node; with neither, below all nodes."""
        links, nodes = self._scene.selected_links, self._editor.selection
        if len(links) == 1 and not nodes:
            self._open_in(next(iter(links)))
            return
        network, selected = self._editor.network, self._editor.selected
        node = None if selected is None else network.nodes[selected]
        outputs = () if node is None else output_ports(network, node)
        if node is None or not outputs:
            beside = network.children.get(self._editor.level)
            effect = self.tr("Adds {kind} below all others.") if beside else self.tr("Adds {kind}.")
            choices = layer_choices.anywhere(network, effect, self._editor.level)
            self._show(choices, self._middle(), partial(placing.append, self._editor))
            return
        tensor = self._tensor(Port(node.id, outputs[0], True))
        effect = _about(self.tr("Adds {kind} below {node} and links the two."), node=node)
        choices = layer_choices.after(tensor, effect, inside=bool(node.block))
        card = self._scene.card_rect(node.id)
        place = QPointF(card.left(), card.bottom() + GRID)
        self._show(choices, self._pixel(place), partial(placing.append, self._editor))

    def open_at(self, point: QPointF) -> None:
        """For a node that will lie at this point of the scene."""
        block = self._scene.block_at(point)
        effect = self.tr("Adds {kind} here.")
        choices = layer_choices.anywhere(self._editor.network, effect, block)
        self._show(choices, self._pixel(point), partial(self._add_at, point, block))

    def open_for(self, port: Port, point: QPointF) -> None:
        """For a node at the loose end of a wire from `port`."""
        node = self._editor.network.nodes[port.node]
        if port.output:
            effect = _about(self.tr("Adds {kind} here, and a link from {node}."), node=node)
            choices = layer_choices.after(self._tensor(port), effect, inside=bool(node.block))
        else:
            effect = _about(self.tr("Adds {kind} here, and a link to {node}."), node=node)
            choices = layer_choices.before(LAYERS.get(node.kind), effect, inside=bool(node.block))
        self._show(choices, self._pixel(point), partial(self._add_linked, port, point))
        self._draw_wire(port, point)

    def _open_in(self, link: Link) -> None:
        nodes = self._editor.network.nodes
        text = self.tr("Puts {kind} between {node} and {target}.")
        effect = _about(text, node=nodes[link.source], target=nodes[link.target])
        choices = layer_choices.after(self._tensor(ends_of(link)[0]), effect, passing=True)
        middle = self._scene.link_item(link).label.pos()
        self._show(choices, self._pixel(middle), partial(self._insert, link, middle))

    # What is chosen

    @Slot(object)
    def _chosen(self, kind: str) -> None:
        add = self._add
        self._forget()
        if add is not None:
            add(kind)

    def _add_at(self, point: QPointF, block: str, kind: str) -> None:
        """Its middle goes to the point."""
        x, y = point.x() - NODE_WIDTH / 2, point.y() - NODE_HEIGHT / 2
        place = snap(*self._scene.places.inside_of(block, x, y))
        placing.add_at(self._editor, kind, *place, block)

    def _add_linked(self, port: Port, point: QPointF, kind: str) -> None:
        """Its own port goes to the end of the wire."""
        y = point.y() if port.output else point.y() - room(kind)
        place = self._scene.relative(port.node, point.x() - NODE_WIDTH / 2, y)
        placing.add_linked(self._editor, kind, port, *snap(*place))

    def _insert(self, link: Link, middle: QPointF, kind: str) -> None:
        x, y = middle.x() - NODE_WIDTH / 2, middle.y() - NODE_HEIGHT / 2
        placing.insert(self._view.glide, kind, link, x, y)

    @Slot()
    def _forget(self) -> None:
        self._add = None
        if self._wire is not None and self._wire.scene() is not None:
            self._scene.removeItem(self._wire)
        self._wire = None

    # The chooser

    def _show(self, choices: Sequence[Choice], at: QPoint, add: Callable[[str], None]) -> None:
        title = self.tr("Search layers")
        nothing = self.tr("No layer matches “{text}”. Try a family, such as pooling.")
        chooser = Chooser(self._view, choices, title, nothing)
        chooser.open_at(at)
        self._add = add
        chooser.chosen.connect(self._chosen)
        chooser.left.connect(self._forget)
        self._editor.changed.connect(chooser.leave)
        self._editor.replaced.connect(chooser.leave)
        self._editor.level_changed.connect(chooser.leave)

    def _tensor(self, port: Port) -> layer_choices.Tensor:
        return layer_choices.tensor_at(self._editor.network, self._editor.report, port)

    def _draw_wire(self, port: Port, point: QPointF) -> None:
        """The wire stays in sight while its other end is being chosen."""
        fixed = self._scene.node_item(port.node).anchor(port)
        start, end = (fixed, point) if port.output else (point, fixed)
        self._wire = QGraphicsPathItem(wire(start, end)[0])
        self._wire.setPen(QPen(color("accent"), 2))
        self._wire.setZValue(3)
        self._scene.addItem(self._wire)

    def _pixel(self, point: QPointF) -> QPoint:
        """A scene point in the window, the nearest that is in sight."""
        seen = self._view.viewport().rect()
        place = self._view.mapFromScene(point)
        x = max(seen.left(), min(place.x(), seen.right()))
        y = max(seen.top(), min(place.y(), seen.bottom()))
        return self._view.viewport().mapTo(self._view.window(), QPoint(x, y))

    def _middle(self) -> QPoint:
        seen = self._view.viewport().rect()
        place = QPoint(seen.center().x() - WIDTH // 2, seen.top() + seen.height() // 4)
        return self._view.viewport().mapTo(self._view.window(), place)


def _about(text: str, **nodes: Node) -> str:
    """The names of nodes in a sentence that keeps its {kind} for later."""
    names = {key: shown(node.name).replace("{", "{{").replace("}", "}}") for key, node in nodes.items()}
    return text.format(kind="{kind}", **names)
