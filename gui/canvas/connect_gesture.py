"""Drawing a wire between two ports, or picking up the end of one that is there."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QPointF
from PySide6.QtGui import QPen
from PySide6.QtWidgets import QGraphicsPathItem

from engine.network.edits import Connect, Disconnect, Edit, Together
from engine.network.model import Link, Network
from gui.canvas.geometry import wire
from gui.canvas.gesture import Gesture
from gui.canvas.node_item import NodeItem
from gui.canvas.ports import Port, PortLook, link_between
from gui.canvas.scene import CanvasScene
from gui.theme import color


class ConnectGesture(Gesture):
    """Released at a port or over a card it makes one edit; a link that cannot be is refused by the
    editor, which says why. Released over nothing it leaves everything as it was.

    Pressed at an input port that has a link, it picks up this link's end.
    """

    def __init__(self, scene: CanvasScene, port: Port, reach: float) -> None:
        self._scene = scene
        self._reach = reach
        self._lifted = None if port.output else _last_link_into(scene.editor.network, port)
        lifted = self._lifted
        self._fixed = Port(lifted.source, lifted.source_port, True) if lifted else port
        rest = _without(scene.editor.network, lifted)
        self._taken = frozenset(rest.links)
        self._closed = _loops(rest, self._fixed)
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
        self._wire.setPen(QPen(color("error" if refused else "accent"), 2))

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

    # The end

    def finish(self, point: QPointF) -> None:
        self.move(point)
        self._clear()
        link = None if self._end is None else link_between(self._fixed, self._end)
        if link is None or link == self._lifted:
            return
        editor = self._scene.editor
        edit: Edit = Connect(link)
        if self._lifted is not None:
            edit = Together((Disconnect(frozenset({self._lifted})), edit))
        editor.edit(edit, QCoreApplication.translate("Canvas", "Link"))

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


def _without(network: Network, link: Link | None) -> Network:
    if link is None:
        return network
    return network.with_links(other for other in network.links if other != link)


def _loops(network: Network, port: Port) -> frozenset[str]:
    """The nodes that a wire from `port` must not reach: it would close a loop."""
    if not port.output:
        return frozenset(network.downstream(port.node))
    seen = {port.node}
    queue = [port.node]
    for node_id in queue:  # grows while it is walked
        for link in network.incoming[node_id]:
            if link.source not in seen:
                seen.add(link.source)
                queue.append(link.source)
    return frozenset(seen)
