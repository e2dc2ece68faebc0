"""What lights up under the cursor."""

from __future__ import annotations

from gui.canvas.items.link_item import LinkItem
from gui.canvas.items.node_item import NodeItem
from gui.canvas.ports import Port, PortLook
from gui.canvas.scene import CanvasScene


class Hover:
    """At most one port, card or link is lit. It is found again by its id: items come and go."""

    def __init__(self, scene: CanvasScene) -> None:
        self._scene = scene
        self._lit: NodeItem | LinkItem | None = None
        self._port: Port | None = None

    def over(self, target: Port | NodeItem | LinkItem | None) -> None:
        port = target if isinstance(target, Port) else None
        item = self._scene.node_item(port.node) if port else target
        assert not isinstance(item, Port)
        if item is self._lit and port == self._port:
            return
        self.leave()
        self._lit, self._port = item, port
        if item is not None:
            item.show_state(hovered=True)
        if port is not None and isinstance(item, NodeItem):
            item.show_ports({port: PortLook.HOVER})

    def leave(self) -> None:
        item, self._lit, self._port = self._lit, None, None
        if item is None:
            return
        item.show_state(hovered=False)
        if isinstance(item, NodeItem):
            item.show_ports({})
