"""Where links begin and end. A layer declares its ports; those of a block are nodes inside it."""

from __future__ import annotations

from engine.network.layers import LAYERS
from engine.network.model import Link, Network, Node

#: Kinds of the nodes that are ports of the block they lie in.
PORTS = ("BlockInput", "BlockOutput")


def input_ports(network: Network, node: Node) -> tuple[str, ...]:
    """Names of the input ports, in order; of a block the ids of the BlockInput nodes in it."""
    if node.kind == "Block":
        return _port_nodes(network, node, "BlockInput")
    layer = LAYERS.get(node.kind)
    return ("in",) if layer is None else layer.inputs


def output_ports(network: Network, node: Node) -> tuple[str, ...]:
    """Names of the output ports, in order; of a block the ids of the BlockOutput nodes in it."""
    if node.kind == "Block":
        return _port_nodes(network, node, "BlockOutput")
    layer = LAYERS.get(node.kind)
    return ("out",) if layer is None else layer.outputs


def port_title(network: Network, node: Node, port: str) -> str:
    """What a port is called; that of a block has the name of the node inside."""
    if node.kind == "Block" and port in network.nodes:
        return network.nodes[port].name
    return port


def takes_many(node: Node) -> bool:
    """Whether the node's input port accepts any number of links (Add, Concat)."""
    layer = LAYERS.get(node.kind)
    return layer is None or layer.takes_many


def links_into(network: Network, node: Node) -> tuple[Link, ...]:
    """The links that enter a node in the order of its ports; several into one port as they were
    drawn."""
    links = network.incoming[node.id]
    if len(links) < 2:
        return links
    place = {port: at for at, port in enumerate(input_ports(network, node))}
    return tuple(sorted(links, key=lambda link: place.get(link.target_port, len(place))))


def arguments(network: Network, node: Node) -> tuple[Link | None, ...]:
    """What a node computes from, in the order it takes them: a link for each input port, None for one
    that is free, or all links of the one port that takes many."""
    links = network.incoming[node.id]
    if takes_many(node):
        return links
    at = {link.target_port: link for link in links}
    found = [at.get(port) for port in input_ports(network, node)]
    while found and found[-1] is None:
        found.pop()
    return tuple(found)


def free_inputs(network: Network, node: Node) -> tuple[str, ...]:
    """The input ports without a link that need one."""
    layer = LAYERS.get(node.kind)
    optional = () if layer is None else layer.optional_inputs
    taken = {link.target_port for link in network.incoming[node.id]}
    ports = input_ports(network, node)
    return tuple(port for port in ports if port not in taken and port not in optional)


def _port_nodes(network: Network, block: Node, kind: str) -> tuple[str, ...]:
    inside = network.children.get(block.id, ())
    return tuple(node_id for node_id in inside if network.nodes[node_id].kind == kind)
