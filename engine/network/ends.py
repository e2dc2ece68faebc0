"""Where data ends: the outputs of a network."""

from __future__ import annotations

from engine.network.expand import expand
from engine.network.model import Network


def outputs(network: Network) -> tuple[str, ...]:
    """The nodes that are fed from an Input and feed nothing, as the flat network has them."""
    flat = expand(network).network
    inputs = [node.id for node in flat.nodes.values() if node.kind == "Input"]
    reached = {node_id for start in inputs for node_id in flat.downstream(start)}
    return tuple(
        node_id
        for node_id in flat.order
        if node_id in reached
        and node_id not in inputs
        and not any(link.target in reached for link in flat.outgoing[node_id])
    )
