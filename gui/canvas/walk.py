"""From node to node without a mouse: along the links, and sideways between those side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from engine.network.model import Network
from gui.canvas.geometry import NODE_WIDTH

Way = Literal["up", "down", "left", "right"]


def neighbour(network: Network, node_id: str, way: Way) -> str | None:
    """The node to go to from this one; None at an end.

    Down and up follow the links, at a fork to the nearest. Left and right lead to those with the same
    predecessor or successor; from a node without any to what lies nearest on that side."""
    if way in ("up", "down"):
        links = network.outgoing[node_id] if way == "down" else network.incoming[node_id]
        return _nearest(network, node_id, (link.touches[way == "down"] for link in links))
    here, sign = network.nodes[node_id], 1 if way == "right" else -1
    around = _siblings(network, node_id) or network.children[here.block]
    beside = (key for key in around if (network.nodes[key].x - here.x) * sign >= NODE_WIDTH / 2)
    return _nearest(network, node_id, beside)


def first(network: Network, block: str = "") -> str | None:
    """Where to begin: the first node of a block that data reaches."""
    within = set(network.children.get(block, ()))
    return next((key for key in network.order if key in within), next(iter(within), None))


def _siblings(network: Network, node_id: str) -> set[str]:
    before = {link.source for link in network.incoming[node_id]}
    after = {link.target for link in network.outgoing[node_id]}
    found = {link.target for key in before for link in network.outgoing[key]}
    found |= {link.source for key in after for link in network.incoming[key]}
    return found - {node_id} - before - after


def _nearest(network: Network, node_id: str, others: Iterable[str]) -> str | None:
    """Sideways counts less than up and down: the eye follows a row."""
    here = network.nodes[node_id]

    def away(key: str) -> float:
        there = network.nodes[key]
        return abs(there.x - here.x) + 2 * abs(there.y - here.y)

    return min(others, key=away, default=None)
