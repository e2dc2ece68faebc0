"""What a wire may reach, found once for all ports instead of anew for each."""

from __future__ import annotations

from engine.network.model import Link, Network
from gui.canvas.ports import Port


def without(network: Network, link: Link | None) -> Network:
    if link is None:
        return network
    return network.with_links(other for other in network.links if other != link)


def loops(network: Network, port: Port) -> frozenset[str]:
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
