"""Layers that keep their weights while others learn: the `frozen` of a recipe."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from engine.network.model import Network

#: Ids, as a recipe has them. Those of nodes that are gone mean nothing.
Frozen = Collection[str]


def frozen_nodes(network: Network, frozen: Frozen) -> frozenset[str]:
    """The nodes that do not learn: those named, and all that lies in a block that is named."""
    found = {node_id for node_id in frozen if node_id in network.nodes}
    for node_id in tuple(found):
        if network.nodes[node_id].kind == "Block":
            found.update(network.inside(node_id))
    return frozenset(found)


def within(network: Network, ids: Iterable[str]) -> frozenset[str]:
    """These nodes and what lies in the blocks among them, without the blocks themselves."""
    found = frozen_nodes(network, frozenset(ids))
    return frozenset(key for key in found if network.nodes[key].kind != "Block")


def freeze(network: Network, frozen: Frozen, ids: Iterable[str]) -> tuple[str, ...]:
    """The recipe's new `frozen`: these nodes, and what lies in them, do not learn either."""
    return tuple(dict.fromkeys((*frozen, *_in_order(network, within(network, ids)))))


def unfreeze(network: Network, frozen: Frozen, ids: Iterable[str]) -> tuple[str, ...]:
    """These nodes learn again. A frozen block around them is named by its other nodes from now on."""
    freed = within(network, ids)
    kept = frozen_nodes(network, frozen) - freed
    gone = [key for key in frozen if key not in network.nodes]
    nodes = [key for key in _in_order(network, kept) if network.nodes[key].kind != "Block"]
    return (*gone, *nodes)


def _in_order(network: Network, ids: frozenset[str]) -> list[str]:
    """As the network has them, so that equal edits make equal recipes."""
    return [key for key in network.nodes if key in ids]
