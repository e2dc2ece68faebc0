"""Blocks: made, taken apart, given a face. None of it changes what is computed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.messages import sentence
from engine.network.block_edits import (
    GroupNodes,
    OpenBlock,
    RaiseParameter,
    UngroupBlock,
    members_corner,
)
from engine.network.edits import (
    AddNode,
    Connect,
    Disconnect,
    Edit,
    EditError,
    MoveNodes,
    RemoveNodes,
    RenameNode,
    SetParameter,
)
from engine.network.expand import expand
from engine.network.layers import new_node
from engine.network.model import DEEPEST, Link, Network
from engine.network.ports import PORTS, input_ports, output_ports, port_title
from engine.network.raised import SetRaised, faces
from tests.engine.network.graphs import blocked, check_whole, dags, meaning, selections
from tests.networks import add, chain

MIDDLE = frozenset({"linear-2", "relu-2"})


def line() -> Network:
    """Input, then three pairs of Linear and ReLU, one below the other."""
    pairs = [("Linear", {}), ("ReLU", {})] * 3
    network = chain(("Input", {"shape": (4,)}), *pairs)
    return MoveNodes({key: (40.0, 88.0 * at) for at, key in enumerate(network.nodes)}).apply(network)


def group(network: Network, *ids: str, name: str = "Pair") -> tuple[Network, str]:
    """The network with these as a block, and its id."""
    after = GroupNodes(frozenset(ids), name).apply(network)
    return after, next(key for key in reversed(after.nodes) if after.nodes[key].kind == "Block")


def refusal(network: Network, edit: Edit) -> str:
    with pytest.raises(EditError) as caught:
        edit.apply(network)
    assert sentence(caught.value.problem)
    return caught.value.problem.code


# Grouping


@given(st.data())
def test_grouping_leaves_the_computation_as_it_was(data: st.DataObject) -> None:
    network = data.draw(blocked())
    around = data.draw(st.sampled_from(sorted(network.children)))
    ids = data.draw(selections(network, around))
    try:
        after = GroupNodes(ids, "New").apply(network)
    except EditError:
        return
    check_whole(after)
    assert meaning(after) == meaning(network)


@given(st.data())
def test_ungrouping_is_the_way_back(data: st.DataObject) -> None:
    """The same value: nodes, places, links and their order."""
    network = data.draw(dags())
    try:
        after, block = group(network, *data.draw(selections(network, "")))
    except EditError:
        return
    assert UngroupBlock(block).apply(after) == network


@given(blocked())
def test_ungrouping_leaves_the_computation_as_it_was(network: Network) -> None:
    for node in list(network.nodes.values()):
        if node.kind == "Block" and node.parameters["repeat"] == 1:
            try:
                after = UngroupBlock(node.id).apply(network)
            except EditError:  # a value that comes in twice: see below
                continue
            check_whole(after)
            assert meaning(after) == meaning(network)
            network = after


def test_a_block_has_a_port_for_each_tensor_that_crosses_its_border() -> None:
    """Not for each link: one value that two nodes inside take comes in once."""
    network, joint = add(line(), "Add", "relu-1", "relu-2", "input-1")
    network, end = add(network, "Add", "relu-2", joint)
    network, block = group(network, "linear-2", "relu-2", joint)
    node = network.nodes[block]
    titles = [port_title(network, node, port) for port in input_ports(network, node)]
    assert titles == ["ReLU 1", "Input 1"]
    titles = [port_title(network, node, port) for port in output_ports(network, node)]
    assert titles == ["ReLU 2", "Add 1"]
    outputs = output_ports(network, node)
    assert network.incoming[end] == (
        Link(block, end, outputs[0], "in"),
        Link(block, end, outputs[1], "in"),
    )


def test_ports_with_one_name_are_numbered() -> None:
    network = line()
    for key in ("relu-1", "input-1"):
        network = RenameNode(key, "x").apply(network)
    network, joint = add(network, "Add", "relu-1", "input-1")
    network, block = group(network, joint)
    node = network.nodes[block]
    titles = [port_title(network, node, port) for port in input_ports(network, node)]
    assert titles == ["x", "x (2)"]


def test_a_block_of_several_outputs_names_each_port_apart() -> None:
    network, block = group(line(), "linear-1", "relu-1")
    network, second = add(network, "ReLU")
    network = Connect(Link(block, second, output_ports(network, network.nodes[block])[0])).apply(
        network
    )
    network, outer = group(network, second, name="Outer")
    node = network.nodes[outer]
    assert [port_title(network, node, port) for port in input_ports(network, node)] == ["Pair"]


@given(st.data())
def test_the_inside_of_a_new_block_begins_at_its_origin(data: st.DataObject) -> None:
    """Inputs in a row on top, then the nodes as they lay to each other, then the outputs."""
    network = data.draw(dags())
    ids = data.draw(selections(network, ""))
    try:
        after, block = group(network, *ids)
    except EditError:
        return
    children = [after.nodes[child] for child in after.children[block]]
    assert (min(node.x for node in children), min(node.y for node in children)) == (0, 0)
    rows: dict[str, list[Any]] = {kind: [n for n in children if n.kind == kind] for kind in PORTS}
    members = [node for node in children if node.kind not in PORTS]
    left, top = members_corner(after, block)
    for node in members:
        was, frame = network.nodes[node.id], after.nodes[block]
        assert (node.x - left, node.y - top) == (was.x - frame.x, was.y - frame.y)
    for kind, row in rows.items():
        assert len({node.y for node in row}) <= 1
        xs = sorted(node.x for node in row)
        assert all(b - a >= 176 for a, b in pairwise(xs))
        assert all(node.x % 8 == 0 for node in row)
        for node in row:
            if kind == "BlockInput":
                assert node.y == 0 and node.y + 88 < min(member.y for member in members)
            else:
                assert node.y > max(member.y for member in members) + 88


def test_what_was_moved_outside_goes_with_the_block() -> None:
    network, block = group(line(), *MIDDLE)
    network = MoveNodes({block: (1000.0, 2000.0)}).apply(network)
    after = UngroupBlock(block).apply(network)
    assert (after.nodes["linear-2"].x, after.nodes["linear-2"].y) == (1000, 2000)
    assert (after.nodes["relu-2"].x, after.nodes["relu-2"].y) == (1000, 2088)


def test_what_is_far_apart_stays_on_the_canvas() -> None:
    network = MoveNodes({"linear-2": (-1e6, -1e6), "relu-2": (1e6, 1e6)}).apply(line())
    network, block = group(network, *MIDDLE)
    assert all(abs(node.x) <= 1e6 and abs(node.y) <= 1e6 for node in network.nodes.values())
    after = UngroupBlock(block).apply(network)
    assert all(abs(node.x) <= 1e6 and abs(node.y) <= 1e6 for node in after.nodes.values())


def test_blocks_in_blocks() -> None:
    network = line()
    flat = meaning(network)
    network, inner = group(network, *MIDDLE, name="Inner")
    network, outer = group(network, inner, "linear-3", name="Outer")
    assert list(network.blocks_around("relu-2")) == [inner, outer]
    assert set(network.inside(outer)) >= {inner, "linear-2", "relu-2", "linear-3"}
    assert meaning(network) == flat
    assert meaning(UngroupBlock(inner).apply(network)) == flat
    assert meaning(UngroupBlock(outer).apply(network)) == flat


def test_what_cannot_become_a_block() -> None:
    network, block = group(line(), *MIDDLE)
    port = input_ports(network, network.nodes[block])[0]
    for ids, code in (
        ((), "missing_node"),
        (("nobody", "relu-1"), "missing_node"),
        (("linear-1", "linear-2"), "other_blocks"),
        ((port, "linear-2"), "port_in_block"),
        (("linear-1", "relu-3"), "block_would_cycle"),
    ):
        assert refusal(network, GroupNodes(frozenset(ids), "x")) == code
    assert refusal(network, UngroupBlock("linear-1")) == "missing_node"
    assert refusal(network, OpenBlock("linear-1", True)) == "missing_node"


def test_no_block_lies_deeper_than_the_limit() -> None:
    network, block = group(line(), "relu-2")
    for _ in range(DEEPEST - 1):
        network, block = group(network, block)
    assert len(list(network.blocks_around("relu-2"))) == DEEPEST
    check_whole(network)
    for ids in ({block}, {"relu-2"}):
        assert refusal(network, GroupNodes(frozenset(ids), "x")) == "too_deep"
    innermost = network.nodes["relu-2"].block
    sibling = replace(new_node(network, "ReLU"), block=innermost)
    network = AddNode(sibling).apply(network)
    child = replace(new_node(network, "Block"), block=innermost)
    network = AddNode(child).apply(network)
    assert refusal(network, AddNode(replace(new_node(network, "ReLU"), block=child.id))) == "too_deep"


def test_ungrouping_does_not_lose_a_value_that_came_in_twice() -> None:
    """Add of x and x is 2x; without the block the two links would be one."""
    network = line()
    network, joint = add(network, "Add", "relu-1", "input-1")
    network, block = group(network, joint)
    first, second = input_ports(network, network.nodes[block])
    network = Connect(Link("relu-1", block, "out", second)).apply(network)
    assert [source for source, *_ in meaning(network)["Add 1"][2]] == ["ReLU 1", "ReLU 1"]
    assert refusal(network, UngroupBlock(block)) == "ungroup_links_twice"
    network = Disconnect(frozenset({Link("relu-1", block, "out", first)})).apply(network)
    assert meaning(UngroupBlock(block).apply(network)) == meaning(network)


def test_a_wire_through_a_block_ends_where_a_loop_from_a_file_closes() -> None:
    """A block whose output feeds its own input, with nothing in between."""
    network, block = group(line(), "relu-2")
    into, out = input_ports(network, network.nodes[block]), output_ports(network, network.nodes[block])
    network = Disconnect(frozenset(network.incoming["relu-2"])).apply(network)
    network = Connect(Link(into[0], out[0])).apply(network)
    outside = [link for link in network.links if link.target != block]
    looped = network.with_links([*outside, Link(block, block, out[0], into[0])])
    assert UngroupBlock(block).apply(looped).incoming["linear-3"] == ()


def test_open_and_closed() -> None:
    network, block = group(line(), *MIDDLE)
    shown = OpenBlock(block, True).apply(network)
    assert shown.nodes[block].open and OpenBlock(block, False).apply(shown) == network
    assert meaning(shown) == meaning(network)


# The inside of a block is edited like anything else


def test_a_port_added_or_removed_inside_is_one_of_the_block() -> None:
    network, block = group(line(), *MIDDLE)
    first = input_ports(network, network.nodes[block])
    port = replace(new_node(network, "BlockInput"), block=block)
    more = AddNode(port).apply(network)
    assert input_ports(more, more.nodes[block]) == (*first, port.id)
    more = Connect(Link("input-1", block, "out", port.id)).apply(more)
    fewer = RemoveNodes(frozenset({port.id})).apply(more)
    assert input_ports(fewer, fewer.nodes[block]) == first
    assert fewer == network  # the link into it went as well
    none = RemoveNodes(frozenset(first)).apply(network)
    assert input_ports(none, none.nodes[block]) == ()
    assert none.incoming[block] == () and none.incoming["linear-2"] == ()
    check_whole(none)


def test_a_port_is_called_what_its_node_is_called() -> None:
    network, block = group(line(), *MIDDLE)
    node = network.nodes[block]
    [port] = input_ports(network, node)
    renamed = RenameNode(port, "query").apply(network)
    assert port_title(renamed, renamed.nodes[block], port) == "query"
    assert renamed.links == network.links


def test_links_do_not_cross_the_border_of_a_block() -> None:
    network, block = group(line(), *MIDDLE)
    assert refusal(network, Connect(Link("input-1", "relu-2"))) == "other_block"
    assert refusal(network, Connect(Link("relu-2", "relu-3"))) == "other_block"
    assert refusal(network, Connect(Link("input-1", block, "out", "nobody"))) == "no_such_port"
    assert refusal(network, Connect(Link(block, "relu-3", "out", "in"))) == "no_such_port"
    outside = new_node(network, "BlockOutput")
    assert refusal(network, AddNode(outside)) == "port_outside"
    assert refusal(network, AddNode(replace(outside, block="relu-1"))) == "not_a_block"
    assert refusal(network, AddNode(replace(outside, block="nobody"))) == "missing_node"


def test_a_block_goes_with_all_that_lies_in_it() -> None:
    network = line()
    network, inner = group(network, *MIDDLE)
    network, outer = group(network, inner, "linear-3")
    gone = RemoveNodes(frozenset({outer})).apply(network)
    assert set(gone.nodes) == {"input-1", "linear-1", "relu-1", "relu-3"}
    check_whole(gone)


# The face of a block


def test_parameters_on_the_face_are_set_together() -> None:
    network, block = group(line(), "linear-1", "relu-1", "linear-2")
    targets = (("linear-1", "out_features"), ("linear-2", "out_features"))
    network = RaiseParameter(block, "width", targets).apply(network)
    [face] = faces(network, block)
    assert (face.name, face.targets, face.values) == ("width", targets, (64,))
    assert face.parameter is not None and face.parameter.type == "int"
    after = SetRaised(block, "width", 12).apply(network)
    assert [after.nodes[key].parameters["out_features"] for key, _ in targets] == [12, 12]
    assert faces(after, block)[0].values == (12,)
    apart = SetParameter("linear-1", "out_features", 5).apply(after)
    assert faces(apart, block)[0].values == (5, 12)
    assert refusal(network, SetRaised(block, "depth", 1)) == "not_raised"
    assert refusal(network, SetRaised("nobody", "width", 1)) == "missing_node"
    assert faces(RaiseParameter(block, "width", ()).apply(network), block) == ()
    assert RaiseParameter(block, "depth", ()).apply(network) == network


def test_a_face_takes_values_of_one_kind_only() -> None:
    network, block = group(line(), "linear-1", "relu-1", "linear-2")
    unlike = (("linear-1", "out_features"), ("linear-2", "bias"))
    assert refusal(network, RaiseParameter(block, "x", unlike)) == "raised_unlike"
    nothing = (("linear-1", "kernel_size"),)
    assert refusal(network, RaiseParameter(block, "x", nothing)) == "no_such_parameter"
    outside = (("linear-3", "out_features"),)
    assert refusal(network, RaiseParameter(block, "x", outside)) == "missing_node"
    assert refusal(network, RaiseParameter("linear-1", "x", ())) == "missing_node"


def test_a_raised_parameter_can_be_raised_again() -> None:
    """The face of the outer block reaches through to the same nodes."""
    network, inner = group(line(), "linear-1", "relu-1")
    network, outer = group(network, inner, "linear-2", name="Outer")
    network = RaiseParameter(inner, "width", (("linear-1", "out_features"),)).apply(network)
    both = ((inner, "width"), ("linear-2", "out_features"), (inner, "repeat"))
    network = RaiseParameter(outer, "width", both).apply(network)
    network = SetRaised(outer, "width", 3).apply(network)
    assert network.nodes["linear-1"].parameters["out_features"] == 3
    assert network.nodes["linear-2"].parameters["out_features"] == 3
    assert network.nodes[inner].parameters["repeat"] == 3


def test_a_face_forgets_what_is_gone() -> None:
    network, inner = group(line(), "linear-1", "relu-1")
    network, outer = group(network, inner, "linear-2", name="Outer")
    targets = ((inner, "repeat"), ("linear-1", "out_features"), ("linear-2", "out_features"))
    network = RaiseParameter(outer, "n", targets).apply(network)
    without_linear = RemoveNodes(frozenset({"linear-2"})).apply(network)
    assert without_linear.nodes[outer].raised == {"n": targets[:2]}
    without_block = UngroupBlock(inner).apply(network)
    assert without_block.nodes[outer].raised == {"n": targets[1:]}
    nothing = RemoveNodes(frozenset({inner, "linear-2"})).apply(network)
    assert nothing.nodes[outer].raised == {}


def test_values_that_no_parameter_has_can_stand_on_a_face() -> None:
    """A file may hold any: they are shown, and can be set right."""
    network, block = group(line(), "linear-1", "linear-2", "relu-1")
    targets = (("linear-1", "out_features"), ("linear-2", "out_features"))
    network = RaiseParameter(block, "width", targets).apply(network)
    odd: Any = [[1], {"a": 2}]
    network = SetParameter("linear-1", "out_features", odd).apply(network)
    network = SetParameter("linear-2", "out_features", True).apply(network)
    assert faces(network, block)[0].values == (odd, True)
    assert expand(network).problems == ()
