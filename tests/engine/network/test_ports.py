"""Where links begin and end, of layers and of blocks."""

from __future__ import annotations

from dataclasses import replace

from engine.network.edits import AddNode, Connect, Disconnect, RenameNode
from engine.network.layers import new_node
from engine.network.model import Link, Network, Node
from engine.network.ports import (
    arguments,
    free_inputs,
    input_ports,
    links_into,
    output_ports,
    port_title,
    takes_many,
)
from tests.networks import add, chain


def attention() -> Network:
    """Two Inputs and an attention that nothing is linked to yet."""
    network, _ = add(chain(("Input", {"shape": (3, 8)})), "Input", shape=(3, 8))
    return add(network, "MultiheadAttention")[0]


def block(*ports: str) -> Network:
    """A block with ports of these kinds, in this order."""
    network = AddNode(new_node(Network(), "Block")).apply(Network())
    for kind in ports:
        network = AddNode(replace(new_node(network, kind), block="block-1")).apply(network)
    return network


def test_a_layer_has_the_ports_that_it_declares() -> None:
    network = attention()
    node = network.nodes["multiheadattention-1"]
    assert input_ports(network, node) == ("query", "key", "value")
    assert output_ports(network, node) == ("out",)
    assert input_ports(network, network.nodes["input-1"]) == ()
    assert [port_title(network, node, port) for port in input_ports(network, node)] == [
        "query",
        "key",
        "value",
    ]


def test_a_block_has_the_ports_that_lie_in_it() -> None:
    network = block("BlockOutput", "BlockInput", "ReLU", "BlockInput")
    node = network.nodes["block-1"]
    assert input_ports(network, node) == ("blockinput-1", "blockinput-2")
    assert output_ports(network, node) == ("blockoutput-1",)
    named = RenameNode("blockinput-2", "mask").apply(network)
    assert port_title(named, named.nodes["block-1"], "blockinput-2") == "mask"
    assert port_title(network, node, "gone") == "gone"
    assert input_ports(Network(), Node("b", "Block", "b")) == ()


def test_a_port_of_a_block_lies_directly_in_it() -> None:
    network = block("Block")
    network = AddNode(replace(new_node(network, "BlockInput"), block="block-2")).apply(network)
    assert input_ports(network, network.nodes["block-1"]) == ()
    assert input_ports(network, network.nodes["block-2"]) == ("blockinput-1",)


def test_arguments_come_in_the_order_of_the_ports() -> None:
    """However they were drawn; a free port between two others is None, one behind them is nothing."""
    network = attention()
    target = "multiheadattention-1"
    value, query = Link("input-2", target, "out", "value"), Link("input-1", target, "out", "query")
    network = Connect(query).apply(Connect(value).apply(network))
    node = network.nodes[target]
    assert links_into(network, node) == (query, value)
    assert arguments(network, node) == (query, None, value)
    alone = Disconnect(frozenset({value})).apply(network)
    assert arguments(alone, node) == (query,)


def test_arguments_of_a_node_that_takes_many_come_as_they_were_drawn() -> None:
    network, _ = add(chain(("Input", {}), ("ReLU", {})), "Concat", "relu-1", "input-1")
    node = network.nodes["concat-1"]
    assert takes_many(node)
    assert [link and link.source for link in arguments(network, node)] == ["relu-1", "input-1"]


def test_a_port_is_free_until_it_is_linked_unless_it_may_stay_so() -> None:
    network = attention()
    node = network.nodes["multiheadattention-1"]
    assert free_inputs(network, node) == ("query",)
    linked = Connect(Link("input-1", node.id, "out", "query")).apply(network)
    assert free_inputs(linked, node) == ()


def test_a_port_of_a_block_gives_up_the_link_it_had() -> None:
    network = block("BlockInput")
    for _ in range(2):
        network = AddNode(new_node(network, "Input")).apply(network)
    port = "blockinput-1"
    assert free_inputs(network, network.nodes["block-1"]) == (port,)
    for source in ("input-1", "input-2"):
        network = Connect(Link(source, "block-1", "out", port)).apply(network)
    assert network.incoming["block-1"] == (Link("input-2", "block-1", "out", port),)
    assert free_inputs(network, network.nodes["block-1"]) == ()


def test_ports_of_an_unknown_kind_are_taken_on_trust() -> None:
    node = Node("x", "Future", "x")
    network = Network({"x": node})
    assert (input_ports(network, node), output_ports(network, node)) == (("in",), ("out",))
    assert takes_many(node)
