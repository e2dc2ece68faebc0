"""The picture of the network. The Network is the truth; the scene follows it, item by item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QObject, QPointF, QRectF, Slot
from PySide6.QtWidgets import QGraphicsScene, QGraphicsSceneHelpEvent, QToolTip

from engine.build.report import ShapeReport
from engine.network.model import Changes, Link, clamp_position
from engine.telemetry.frame import Frame
from gui.canvas import tooltips
from gui.canvas.geometry import is_pictured, node_rect
from gui.canvas.link_item import LinkItem, ShapeLabel
from gui.canvas.node_item import READABLE, NodeItem
from gui.canvas.ports import Port
from gui.canvas.router import Router
from gui.editor import Editor
from gui.guard import guarded
from gui.theme import appearance


class CanvasScene(QGraphicsScene):
    """Items by id. Selected links live here, selected nodes in the editor."""

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.selected_links: frozenset[Link] = frozenset()
        self._nodes: dict[str, NodeItem] = {}
        self._links: dict[Link, LinkItem] = {}
        self._touching: dict[str, set[Link]] = {}
        self._router = Router(self)
        self._marked: frozenset[str] = frozenset()
        self._fault: str | None = None
        editor.changed.connect(self._follow)
        editor.replaced.connect(self._rebuild)
        editor.shapes_changed.connect(self._show_shapes)
        editor.selection_changed.connect(self._show_selection)
        appearance.changed.connect(self._follow_theme)
        self._rebuild()

    # Looking things up

    def node_item(self, node_id: str) -> NodeItem:
        """Raises KeyError when there is no such node."""
        return self._nodes[node_id]

    def link_item(self, link: Link) -> LinkItem:
        """Raises KeyError when there is no such link."""
        return self._links[link]

    def node_items(self) -> Iterable[NodeItem]:
        return self._nodes.values()

    def shows(self, node_id: str) -> bool:
        return node_id in self._nodes

    def position(self, node_id: str) -> tuple[float, float]:
        """Where a node's card is to lie, in scene coordinates."""
        node = self.editor.network.nodes[node_id]
        return clamp_position(node.x, node.y)

    def relative(self, node_id: str, x: float, y: float) -> tuple[float, float]:
        """A place of the scene as a node in this one's block has it."""
        return x, y

    def card_rect(self, node_id: str) -> QRectF:
        """All the room that a shown node may need, in scene coordinates."""
        return QRectF(
            QPointF(*self.position(node_id)), node_rect(self.editor.network.nodes[node_id]).size()
        )

    def items_in(self, area: QRectF) -> frozenset[str]:
        """Ids of the nodes whose cards touch `area`."""
        found = (item for item in self.items(area) if isinstance(item, NodeItem))
        return frozenset(item.node.id for item in found)

    def target_at(self, point: QPointF) -> NodeItem | LinkItem | None:
        """What lies uppermost at a point; a label stands for its link."""
        for item in self.items(point):
            if isinstance(item, NodeItem | LinkItem):
                return item
            if isinstance(item, ShapeLabel):
                return item.owner
        return None

    def port_near(self, point: QPointF, reach: float) -> Port | None:
        """The port nearest to a point, at most `reach` scene units away."""
        near = self.ports_near(point, reach)
        return near[0] if near else None

    def ports_near(self, point: QPointF, reach: float) -> list[Port]:
        """Ports at most `reach` scene units away, the nearest first."""
        area = QRectF(point.x() - reach, point.y() - reach, 2 * reach, 2 * reach)
        found: list[tuple[float, int, Port]] = []
        for item in self.items(area):
            if not isinstance(item, NodeItem):
                continue
            for port in item.ports:
                away = item.anchor(port) - point
                squared = QPointF.dotProduct(away, away)
                if squared <= reach * reach:
                    found.append((squared, len(found), port))
        return [port for _, _, port in sorted(found)]

    # Live pictures

    def show_frame(self, frame: Frame) -> None:
        """Feature maps onto cards, gradients onto links."""
        for node_id, maps in frame.thumbnails.items():
            item = self._nodes.get(node_id)
            if item is not None and item.show_maps(maps):
                self._run_links(node_id)
        if not frame.flow:  # a look at the network between two steps: the last gradients stay
            return
        for link, line in self._links.items():
            line.show_flow(frame.flow.get(link.source), frame.flow_reference)

    def clear_frame(self) -> None:
        """Back to the picture of a network at rest."""
        for node_id, item in self._nodes.items():
            if item.shows_maps:
                item.show_maps(None)
                self._run_links(node_id)
        for line in self._links.values():
            line.show_flow(None, 0.0)

    def thumbnail_nodes(self) -> frozenset[str]:
        """Ids of the convolution and pooling nodes that a view shows now, large enough to see."""
        ids: set[str] = set()
        for view in self.views():
            if view.isVisible() and view.transform().m11() >= READABLE:
                shown = self.items_in(view.mapToScene(view.viewport().rect()).boundingRect())
                ids.update(id for id in shown if is_pictured(self._nodes[id].node.kind))
        return frozenset(ids)

    def show_fault(self, node_id: str | None) -> None:
        """Mark the node at which training stopped; None takes the mark away."""
        self._fault = node_id
        for item in self._nodes.values():
            item.show_state(fault=item.node.id == node_id)

    # What gestures need

    def place(self, positions: Mapping[str, tuple[float, float]]) -> None:
        """Show nodes elsewhere while they are dragged; the network does not know."""
        for node_id, position in positions.items():
            self._nodes[node_id].setPos(*position)
        for node_id in positions:
            self._run_links(node_id)

    def select_links(self, links: frozenset[Link]) -> None:
        links = frozenset(link for link in links if link in self._links)
        for link in links ^ self.selected_links:
            if link in self._links:
                self._links[link].show_state(selected=link in links)
        self.selected_links = links

    # Following the editor

    @Slot(object)
    def _follow(self, changes: Changes) -> None:
        for link in changes.links_removed:
            self._drop_link(link)
        for node_id in changes.removed:
            self._drop_node(node_id)
        for node_id in changes.added:
            self._add_node(node_id)
        for node_id in changes.changed:
            self._nodes[node_id].show_node(self.editor.network.nodes[node_id])
            self._run_links(node_id)
        for link in changes.links_added:
            self._add_link(link)
        self._router.run_long(self._links)

    @Slot()
    def _rebuild(self) -> None:
        for link in list(self._links):
            self._drop_link(link)
        for node_id in list(self._nodes):
            self._drop_node(node_id)
        self._fault = None
        for node_id in self.editor.network.nodes:
            self._add_node(node_id)
        for link in self.editor.network.links:
            self._add_link(link)
        self._show_selection()
        self._show_shapes(self.editor.report)

    @Slot(object)
    def _show_shapes(self, report: ShapeReport) -> None:
        wrong = {problem.node for problem in report.problems}
        causes = {problem.cause for problem in report.problems}
        for node_id, item in self._nodes.items():
            if item.show_report(report):
                item.update()
            item.show_state(problem=node_id in wrong, cause=node_id in causes)
        for link in self._links:
            self._show_shape(link, report)

    @Slot()
    def _show_selection(self) -> None:
        selection = self.editor.selection
        for node_id in selection ^ self._marked:
            if node_id in self._nodes:
                self._nodes[node_id].show_state(selected=node_id in selection)
        self._marked = selection

    @Slot()
    def _follow_theme(self) -> None:
        for item in self._nodes.values():
            item.follow_theme()
        self.update()

    # One item at a time

    def _add_node(self, node_id: str) -> None:
        item = NodeItem(self.editor.network.nodes[node_id])
        self._nodes[node_id] = item
        self._touching[node_id] = set()
        self.addItem(item)
        item.show_report(self.editor.report)
        item.show_state(selected=node_id in self._marked, fault=node_id == self._fault)

    def _drop_node(self, node_id: str) -> None:
        del self._touching[node_id]
        self.removeItem(self._nodes.pop(node_id))

    def _add_link(self, link: Link) -> None:
        item = LinkItem(link)
        self._links[link] = item
        self.addItem(item)
        self.addItem(item.label)
        for node_id in link.touches:
            self._touching[node_id].add(link)
        self._router.run(item)
        self._show_shape(link, self.editor.report)

    def _drop_link(self, link: Link) -> None:
        item = self._links.pop(link)
        for node_id in link.touches:
            self._touching[node_id].discard(link)
        self._router.forget(link)
        self.selected_links -= {link}
        self.removeItem(item.label)
        self.removeItem(item)

    def _run_links(self, node_id: str) -> None:
        for link in self._touching[node_id]:
            self._router.run(self._links[link])

    def _show_shape(self, link: Link, report: ShapeReport) -> None:
        found = report.nodes.get(link.source)
        self._links[link].show_shape(found.output if found else None, found is not None)

    # Explaining

    @guarded(None)
    def helpEvent(self, event: QGraphicsSceneHelpEvent) -> None:
        target = self.target_at(event.scenePos())
        text = self.explanation(target)
        if text:
            QToolTip.showText(event.screenPos(), tooltips.plain(text), event.widget())
        else:
            QToolTip.hideText()
        event.accept()

    def explanation(self, target: NodeItem | LinkItem | None) -> str:
        """The tooltip of an item, as plain text."""
        if isinstance(target, NodeItem):
            return tooltips.node_text(target.node, self.editor.report, target.fault)
        if isinstance(target, LinkItem):
            return tooltips.link_text(target.link, self.editor.report, target.flow, target.state)
        return ""
