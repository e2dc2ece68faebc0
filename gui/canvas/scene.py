"""The picture of the network. The Network is the truth; the scene follows it, item by item."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtWidgets import QGraphicsItem, QGraphicsScene, QGraphicsSceneHelpEvent, QToolTip

from engine.build.report import NodeShape, ShapeReport
from engine.network.model import Changes, Link, Network, Node, changes
from engine.telemetry.frame import Frame
from engine.telemetry.thumbnail import Thumbnail, has_thumbnail
from gui.canvas import tooltips
from gui.canvas.frozen import FrozenMarks
from gui.canvas.geometry import card_size, opened_rect
from gui.canvas.items.block_item import OpenBlockItem
from gui.canvas.items.kinds import item_class
from gui.canvas.items.link_item import LinkItem, ShapeLabel
from gui.canvas.items.node_item import READABLE, NodeItem
from gui.canvas.items.strip_words import thumbnail_lines
from gui.canvas.items.summary import block_line
from gui.canvas.lens import Lens
from gui.canvas.places import Places
from gui.canvas.ports import Port, ports_of
from gui.canvas.router import Router
from gui.canvas.sheet import SheetItem
from gui.editor import Editor
from gui.guard import guarded
from gui.theme import appearance

#: More cards than this are repainted together.
_MANY_CHANGES = 8


class CanvasScene(QGraphicsScene):
    """Items by id. Selected links live here, selected nodes in the editor."""

    #: Other links are selected than before.
    links_selected = Signal()
    #: Something that is here for a gesture only came or went.
    passed = Signal()

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.selected_links: frozenset[Link] = frozenset()
        self._nodes: dict[str, NodeItem] = {}
        self._links: dict[Link, LinkItem] = {}
        self._touching: dict[str, set[Link]] = {}
        #: `card_rect` of the nodes that were asked for it since they last changed.
        self._rooms: dict[str, QRectF] = {}
        self._router = Router(self)
        #: What is shown of the report: shapes by node, nodes with problems, causes of problems.
        self._shapes: Mapping[str, NodeShape] = {}
        self._wrong: frozenset[str | None] = frozenset()
        self._causes: frozenset[str | None] = frozenset()
        self._marked: frozenset[str] = frozenset()
        self._look_at(editor.network)
        self._fault: str | None = None
        #: What is here for the time of a gesture only: a wire, a rubber band.
        self.passing: list[QGraphicsItem] = []
        #: Cards show previews of the network as it is drawn; frames are of an older one.
        self.previewing = False
        #: What was shown last on each card, also for cards that come into sight.
        self._thumbnails: dict[str, Thumbnail] = {}
        editor.changed.connect(self._follow)
        editor.replaced.connect(self._rebuild)
        editor.level_changed.connect(self._rebuild)
        editor.shapes_changed.connect(self._show_shapes)
        editor.selection_changed.connect(self._show_selection)
        appearance.changed.connect(self._follow_theme)
        self.lens = Lens(self)
        self.frozen = FrozenMarks(self)
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

    def links(self) -> Iterable[Link]:
        """Those in sight."""
        return self._links.keys()

    def link_items(self) -> Iterable[LinkItem]:
        return self._links.values()

    def shows(self, node_id: str) -> bool:
        return node_id in self._nodes

    @property
    def places(self) -> Places:
        """Where the nodes in sight belong; while they are dragged their items lie elsewhere."""
        return self._places

    def position(self, node_id: str) -> tuple[float, float]:
        """Where a shown node has its (x, y), in scene coordinates."""
        return self._places.corner(node_id)

    def relative(self, node_id: str, x: float, y: float) -> tuple[float, float]:
        """A place of the scene as a node in this one's block has it."""
        return self._places.relative(node_id, x, y)

    def card_rect(self, node_id: str) -> QRectF:
        """All the room that a shown node may need, in scene coordinates."""
        item = self._nodes[node_id]
        if isinstance(item, OpenBlockItem):
            return item.scene_card
        if node_id not in self._rooms:
            corner = QPointF(*self.position(node_id))
            self._rooms[node_id] = QRectF(corner, card_size(item.node))
        return QRectF(self._rooms[node_id])

    def block_at(self, point: QPointF) -> str:
        """The innermost opened block that a point lies in, else the level one is on."""
        found = [
            key
            for key, item in self._nodes.items()
            if isinstance(item, OpenBlockItem) and item.scene_card.contains(point)
        ]
        return max(found, key=self._depth, default=self.editor.level)

    def reveal(self, node_id: str) -> None:
        """Step to where a node can be seen, if it is out of sight."""
        if node_id in self._network.nodes and not self.shows(node_id):
            self.editor.enter(self._network.nodes[node_id].block)

    def items_in(self, area: QRectF) -> frozenset[str]:
        """Ids of the nodes whose cards touch `area`."""
        # By rectangles: asked for outlines, every link there would make one.
        found = self.items(area, Qt.ItemSelectionMode.IntersectsItemBoundingRect)
        nodes = (item for item in found if isinstance(item, NodeItem))
        return frozenset(item.node.id for item in nodes if item.meets(area))

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
        """Thumbnails onto cards; the lens shows the rest."""
        if not self.previewing:
            self.show_thumbnails(frame.thumbnails)
        self.lens.take(frame)

    def clear_frame(self) -> None:
        """Back to the picture of a network at rest."""
        self.clear_thumbnails()
        self.lens.forget()

    def show_thumbnails(self, thumbnails: Mapping[str, Thumbnail]) -> None:
        """On the cards that are named and in sight, and on those of them that come into sight."""
        self._thumbnails |= thumbnails
        for node_id, thumbnail in thumbnails.items():
            item = self._nodes.get(node_id)
            if item is not None and item.show_thumbnail(thumbnail):
                self._run_links(node_id)
        self._repaint_after(len(thumbnails))

    def _repaint_after(self, changes: int) -> None:
        """Many places are painted as one whole: within a clip of hundreds of pieces each stroke takes
        many times as long."""
        if changes > _MANY_CHANGES:
            for view in self.views():
                view.viewport().update()

    def clear_thumbnails(self, kept: Container[str] = ()) -> None:
        """Take them away from all cards but those in `kept`."""
        self._thumbnails = {key: made for key, made in self._thumbnails.items() if key in kept}
        for node_id, item in self._nodes.items():
            if node_id not in kept and item.show_thumbnail(None):
                self._run_links(node_id)

    def thumbnail_nodes(self) -> frozenset[str]:
        """Ids of the nodes with something to draw that a view shows now, large enough to see."""
        ids: set[str] = set()
        for view in self.views():
            if view.isVisible() and view.transform().m11() >= READABLE:
                shown = self.items_in(view.mapToScene(view.viewport().rect()).boundingRect())
                ids.update(id for id in shown if has_thumbnail(self._nodes[id].node.kind))
        return frozenset(ids)

    def show_fault(self, node_id: str | None) -> None:
        """Mark the node at which training stopped; None takes the mark away."""
        self._fault = node_id
        for item in self._nodes.values():
            item.show_state(fault=item.node.id == node_id)

    # What gestures need

    def place(self, positions: Mapping[str, tuple[float, float]]) -> None:
        """Show nodes elsewhere while they are dragged, with all that lies in them; the network does
        not know."""
        moved: dict[str, None] = {}
        for node_id in sorted(positions, key=self._depth):
            way = QPointF(*positions[node_id]) - self._nodes[node_id].corner
            going = [node_id, *(key for key in self._network.inside(node_id) if key in self._nodes)]
            for key in going:
                self._nodes[key].put(self._nodes[key].corner + way)
            moved |= dict.fromkeys(going)
        self._fit_blocks({block: None for key in moved for block in self._places.around(key)})
        for node_id in moved:
            self._run_links(node_id)

    def select_links(self, links: frozenset[Link]) -> None:
        links = frozenset(link for link in links if link in self._links)
        for link in links ^ self.selected_links:
            if link in self._links:
                self._links[link].show_state(selected=link in links)
        if links != self.selected_links:
            self.selected_links = links
            self.links_selected.emit()

    # Following the editor

    @Slot()
    def _follow(self) -> None:
        before, after = self._network, self.editor.network
        if before is after:  # shown already: the level changed with it
            return
        difference = changes(before, after)
        self._look_at(after)
        for link in difference.links_removed:
            self._drop_link(link)
        for node_id in difference.removed:
            self._drop_node(node_id)
        touched = self._touched(before, difference)
        for node_id in touched:
            self._renew(node_id)
        for node_id in touched:
            self._add_links(node_id)
        for link in difference.links_added:
            self._add_link(link)
        self._fit_blocks(self._blocks_around(before, touched, difference))
        for node_id in touched:
            self._run_links(node_id)
        self._router.run_long(self._links)

    def _look_at(self, network: Network) -> None:
        self._network = network
        self._places = Places(network, self.editor.level)

    def _touched(self, before: Network, difference: Changes) -> list[str]:
        """The nodes whose items may come, go, move or look different, blocks before their insides."""
        after = self._network
        found = dict.fromkeys((*difference.added, *difference.changed))
        for node_id in difference.changed:
            node = after.nodes[node_id]
            if node.kind == "Block":
                earlier = before.nodes[node_id]
                if (earlier.open, earlier.x, earlier.y) != (node.open, node.x, node.y):
                    found |= dict.fromkeys(after.inside(node_id))
        faces = [after.nodes[key].block for key in found]
        faces += [before.nodes[key].block for key in (*difference.removed, *difference.changed)]
        faces += [outer for key in faces if key in after.nodes for outer in after.blocks_around(key)]
        found |= dict.fromkeys(key for key in faces if key in after.nodes)
        return sorted(found, key=self._depth)

    def _depth(self, node_id: str) -> int:
        return sum(1 for _ in self._network.blocks_around(node_id))

    def _renew(self, node_id: str) -> None:
        """The item of a node is there, of the right kind and up to date, if it is in sight."""
        self._rooms.pop(node_id, None)
        item = self._nodes.get(node_id)
        node = self._network.nodes[node_id]
        if item is not None and not (self._places.shows(node_id) and type(item) is item_class(node)):
            self._drop_node(node_id)
            item = None
        if item is None:
            self._add_node(node_id)
        else:
            item.show_node(node, ports_of(self._network, node), self._second_line(node))
            item.put(QPointF(*self._places.corner(node_id)))

    def _second_line(self, node: Node) -> str:
        return block_line(self._network, node) if node.kind == "Block" else ""

    def _blocks_around(
        self, before: Network, touched: Iterable[str], difference: Changes
    ) -> dict[str, None]:
        """The opened blocks whose frames may have to grow or shrink."""
        found = {key: None for key in touched if isinstance(self._nodes.get(key), OpenBlockItem)}
        for node_id in touched:
            if self._places.shows(node_id):
                found |= dict.fromkeys(self._places.around(node_id))
        gone = (before.nodes[key].block for key in difference.removed)
        return found | {key: None for key in gone if isinstance(self._nodes.get(key), OpenBlockItem)}

    def _fit_blocks(self, blocks: Iterable[str]) -> None:
        """Opened blocks reach around what lies in them, the innermost first."""
        for block in sorted(blocks, key=self._depth, reverse=True):
            item = self._nodes.get(block)
            if isinstance(item, OpenBlockItem):
                inside = self._network.children.get(block, ())
                rects = [self._room_of(self._nodes[key]) for key in inside if key in self._nodes]
                if item.fit(opened_rect(item.corner, rects)):
                    self._run_links(block)

    @staticmethod
    def _room_of(item: NodeItem) -> QRectF:
        """All that an item may need where it is now."""
        if isinstance(item, OpenBlockItem):
            return item.scene_card
        return QRectF(item.pos(), card_size(item.node))

    @Slot()
    def _rebuild(self) -> None:
        for link in list(self._links):
            self._drop_link(link)
        for node_id in list(self._nodes):
            self._drop_node(node_id)
        self._fault = None
        self._look_at(self.editor.network)
        for node_id in self._places.shown():
            self._add_node(node_id)
        self._fit_blocks(key for key, item in self._nodes.items() if isinstance(item, OpenBlockItem))
        for link in self.editor.network.links:
            self._add_link(link)
        self._show_selection()
        self._show_shapes(self.editor.report)

    @Slot(object)
    def _show_shapes(self, report: ShapeReport) -> None:
        """Only what differs: a layer that nothing changed for has the same shape as before, the very
        same object."""
        before, self._shapes = self._shapes, report.nodes
        changed = 0
        for node_id, item in self._nodes.items():
            if report.nodes.get(node_id) is not before.get(node_id):
                changed += 1
                item.show_report(report)
                for link in self._touching[node_id]:
                    self._show_shape(link, report)
        self._repaint_after(changed)
        wrong = frozenset(problem.node for problem in report.problems)
        causes = frozenset(problem.cause for problem in report.problems)
        differing = (wrong ^ self._wrong) | (causes ^ self._causes)
        self._wrong, self._causes = wrong, causes
        for marked in differing:
            if marked in self._nodes:
                self._nodes[marked].show_state(problem=marked in wrong, cause=marked in causes)

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

    def addItem(self, item: QGraphicsItem) -> None:
        super().addItem(item)
        if not isinstance(item, NodeItem | LinkItem | ShapeLabel):
            self.passing.append(item)
            self.passed.emit()

    def removeItem(self, item: QGraphicsItem) -> None:
        super().removeItem(item)
        if isinstance(item, SheetItem):
            item.sheet = None  # a sheet and its items would wait for the garbage collector
        if item in self.passing:
            self.passing.remove(item)
            self.passed.emit()

    def _add_node(self, node_id: str) -> None:
        if not self._places.shows(node_id):
            return
        node = self._network.nodes[node_id]
        item = item_class(node)(node, ports_of(self._network, node), self._second_line(node))
        # Frames lie below all links; those within others above these.
        item.setZValue(item.zValue() + self._depth(node_id) / 100)
        item.put(QPointF(*self._places.corner(node_id)))
        self._nodes[node_id] = item
        self._touching[node_id] = set()
        self.addItem(item)
        self._router.card_moved(node_id)
        item.show_report(self.editor.report)
        item.show_state(
            selected=node_id in self._marked,
            fault=node_id == self._fault,
            problem=node_id in self._wrong,
            cause=node_id in self._causes,
            frozen=node_id in self.frozen.shown,
        )
        self.lens.show_node(item)
        item.show_thumbnail(self._thumbnails.get(node_id))

    def _drop_node(self, node_id: str) -> None:
        item = self._nodes.pop(node_id, None)
        self._rooms.pop(node_id, None)
        if item is None:
            return
        for link in list(self._touching.pop(node_id)):
            self._drop_link(link)
        self._router.card_gone(node_id)
        self.removeItem(item)

    def _add_links(self, node_id: str) -> None:
        for link in (*self._network.incoming[node_id], *self._network.outgoing[node_id]):
            self._add_link(link)

    def _add_link(self, link: Link) -> None:
        if link in self._links or not all(key in self._nodes for key in link.touches):
            return
        item = LinkItem(link)
        self._links[link] = item
        self.addItem(item)
        self.addItem(item.label)
        for node_id in link.touches:
            self._touching[node_id].add(link)
        self._router.run(item)
        self._show_shape(link, self.editor.report)
        self.lens.show_link(item)

    def _drop_link(self, link: Link) -> None:
        item = self._links.pop(link, None)
        if item is None:
            return
        for node_id in link.touches:
            if node_id in self._touching:
                self._touching[node_id].discard(link)
        self._router.forget(link)
        self.select_links(self.selected_links - {link})
        self.removeItem(item.label)
        self.removeItem(item)

    def _run_links(self, node_id: str) -> None:
        if node_id in self._nodes:
            self._router.card_moved(node_id)
        for link in self._touching.get(node_id, ()):
            self._router.run(self._links[link])

    def _show_shape(self, link: Link, report: ShapeReport) -> None:
        known = link.source in report.nodes
        self._links[link].show_shape(report.shape_on(link), known)

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
            note = self.lens.about_node(target.node)
            text = tooltips.node_text(target.node, self.editor.report, target.fault, note)
            lines = thumbnail_lines(target.thumbnail) if target.thumbnail is not None else []
            if target.frozen:
                lines.append(self.tr("Frozen: it keeps its weights while others learn."))
            return "\n".join([text, *lines])
        if isinstance(target, LinkItem):
            note = self.lens.about_link(target.link)
            return tooltips.link_text(target.link, self.editor.report, note)
        return ""
