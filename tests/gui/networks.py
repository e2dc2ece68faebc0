"""Small networks to test the window with."""

from __future__ import annotations

from engine.network.layers import new_node
from engine.network.model import Link, Network
from gui.canvas.geometry import GAP, room


def chain(*kinds: str) -> Network:
    """These layers in one column, each linked to the next."""
    network = Network()
    before: str | None = None
    y = 0.0
    for kind in kinds:
        node = new_node(network, kind, 0.0, y)
        network = network.with_nodes([node])
        if before is not None:
            network = network.with_links([*network.links, Link(before, node.id)])
        before = node.id
        y += room(kind) + GAP
    return network
