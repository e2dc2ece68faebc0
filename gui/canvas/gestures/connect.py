"""Drawing a wire between two ports, or picking up the end of one that is there."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QPointF, Qt
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsPathItem

from engine.network.edits import Connect, Disconnect, Edit
from engine.network.model import Link, Network
from engine.network.rewire import Reroute
from gui.canvas.geometry import wire
from gui.canvas.gestures.gesture import Gesture
from gui.canvas.items.link_item import LinkItem
from gui.canvas.items.node_item import NodeItem
from gui.canvas.ports import Port, PortLook, ends_of, link_between
from gui.canvas.scene import CanvasScene
from gui.canvas.wiring import loops, without
from gui.theme import color

#: Where a wire that was dropped on empty canvas comes from, and the place.
Dropped = Callable[[Port, QPointF], None]


class ConnectGesture(Gesture):
    """Released at a port or over a card it makes one edit; a link that cannot be is refused by the
    editor, which says why. A new wire that is released over nothing is handed to `dropped`.

    lifted: the link whose end at `port` is picked up; at an input port that has a link, it is this one.
    Released over nothing, and not near where it was, this link goes.
    """

    def __init__(
        self,
        scene: CanvasScene,
        port: Port,
        reach: float,
        dropped: Dropped,
        lifted: Link | None = None,
    ) -> None:
        self._scene = scene
        self._reach = reach
        self._dropped = dropped
        if lifted is None and not port.output:
            lifted = _last_link_into(scene.editor.network, port)
        self._lifted = lifted
        self._held = port
        self._fixed = ends_of(lifted)[port.output] if lifted else port
        self._press: QPointF | None = None
        rest = without(scene.editor.network, lifted)
        self._taken = frozenset(rest.links)
        self._closed = loops(rest, self._fixed)
        self._end: Port | None = None
        self._wire = QGraphicsPathItem()
        self._wire.setZValue(3)
        self._wire.setPen(QPen(color("accent"), 2))
        scene.addItem(self._wire)
        if lifted:
            scene.link_item(lifted).show_state(lifted=True)
        self._offer()

    # The preview

    def move(self, point: QPointF) -> None:
        if self._press is None:
            self._press = point
        end = self._port_at(point)
        if end != self._end:
            changed = {port.node for port in (end, self._end) if port is not None}
            self._end = end
            for node_id in changed:
                self._offer_at(self._scene.node_item(node_id))
        self._draw(point if end is None else self._anchor(end))

    def _draw(self, loose: QPointF) -> None:
        fixed = self._anchor(self._fixed)
        start, end = (fixed, loose) if self._fixed.output else (loose, fixed)
        self._wire.setPath(wire(start, end)[0])
        refused = self._end is not None and not self._can_take(self._end)
        pen = QPen(color("error" if refused else "accent"), 2)
        if self._lifted is not None and self._is_away(loose):
            pen = QPen(color("warning"), 2, Qt.PenStyle.DashLine)
        self._wire.setPen(pen)

    def _anchor(self, port: Port) -> QPointF:
        return self._scene.node_item(port.node).anchor(port)

    def _offer(self) -> None:
        for item in self._scene.node_items():
            self._offer_at(item)

    def _offer_at(self, item: NodeItem) -> None:
        looks = {port: self._look(port) for port in item.ports}
        item.show_ports(looks)

    def _look(self, port: Port) -> PortLook:
        if port == self._fixed:
            return PortLook.HOVER
        if not self._can_take(port):
            return PortLook.CLOSED
        return PortLook.HOVER if port == self._end else PortLook.READY

    # Which port

    def _port_at(self, point: QPointF) -> Port | None:
        """The nearest port that can take the wire, else the nearest that cannot, so that the reason
        can be told; over a card, its port."""
        near = [port for port in self._scene.ports_near(point, self._reach) if self._faces(port)]
        under = self._scene.target_at(point)
        if isinstance(under, NodeItem):
            near += [port for port in under.ports if self._faces(port)]
        return next(filter(self._can_take, near), near[0] if near else None)

    def _faces(self, port: Port) -> bool:
        return port.output != self._fixed.output and port.node != self._fixed.node

    def _can_take(self, port: Port) -> bool:
        """`connection_problem` says the same, but looks for loops anew for each port."""
        link = link_between(self._fixed, port)
        return link is not None and port.node not in self._closed and link not in self._taken

    def _is_away(self, point: QPointF) -> bool:
        """Whether to release the wire here is to let go of it: over nothing, and clearly neither where
        the drag began nor where the end was."""
        if self._end is not None or self._press is None:
            return False
        under = self._scene.target_at(point)
        if isinstance(under, NodeItem) or (isinstance(under, LinkItem) and under.link == self._lifted):
            return False
        ways = (point - self._press, point - self._anchor(self._held))
        return all(way.manhattanLength() > 2 * self._reach for way in ways)

    # The end

    def finish(self, point: QPointF) -> None:
        self.move(point)
        self._clear()
        if self._end is not None:
            self._link(self._end)
        elif self._is_away(point):
            self._let_go(point)

    def _link(self, end: Port) -> None:
        link = link_between(self._fixed, end)
        if link is None or link == self._lifted:
            return
        edit: Edit = Connect(link) if self._lifted is None else Reroute(self._lifted, link)
        self._scene.editor.edit(edit, QCoreApplication.translate("Canvas", "Link"))

    def _let_go(self, point: QPointF) -> None:
        if self._lifted is None:
            self._dropped(self._fixed, point)
            return
        title = QCoreApplication.translate("Canvas", "Unlink")
        self._scene.editor.edit(Disconnect(frozenset({self._lifted})), title)

    def cancel(self) -> None:
        self._clear()

    def _clear(self) -> None:
        if self._wire.scene() is not None:
            self._scene.removeItem(self._wire)
        if self._lifted is not None and self._lifted in self._scene.editor.network.links:
            self._scene.link_item(self._lifted).show_state(lifted=False)
        for item in self._scene.node_items():
            item.show_ports({})


def _last_link_into(network: Network, port: Port) -> Link | None:
    into = [link for link in network.incoming[port.node] if link.target_port == port.name]
    return into[-1] if into else None
