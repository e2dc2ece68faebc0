"""Edits: what they do, what they refuse, and that undo gives the identical network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Together,
)
from engine.network.layers import LAYERS, new_node
from engine.network.model import CANVAS_LIMIT, Link, Network, changes
from tests.networks import add, chain, seed_cnn


def test_adding_gives_unused_ids_and_names() -> None:
    network = chain(("ReLU", {}), ("ReLU", {}), ("ReLU", {}))
    assert list(network.nodes) == ["relu-1", "relu-2", "relu-3"]
    assert [node.name for node in network.nodes.values()] == ["ReLU 1", "ReLU 2", "ReLU 3"]


def test_removing_a_node_removes_its_links() -> None:
    network = RemoveNodes(frozenset({"relu-2"})).apply(seed_cnn())
    assert all("relu-2" not in link.touches for link in network.links)
    assert len(network.links) == 11


def test_an_input_port_that_takes_one_link_gives_up_the_old_one() -> None:
    network = seed_cnn()
    after = Connect(Link("input-1", "flatten-1")).apply(network)
    assert after.incoming["flatten-1"] == (Link("input-1", "flatten-1"),)


def test_add_takes_many_links_in_order() -> None:
    network = chain(("Input", {}), ("ReLU", {}))
    network, joint = add(network, "Concat", "input-1", "relu-1")
    assert [link.source for link in network.incoming[joint]] == ["input-1", "relu-1"]


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (Connect(Link("relu-1", "input-1")), "no_such_port"),
        (Connect(Link("linear-2", "conv2d-1")), "would_cycle"),
        (Connect(Link("conv2d-1", "conv2d-1")), "would_cycle"),
        (Connect(Link("conv2d-1", "relu-1")), "already_linked"),
        (Connect(Link("conv2d-1", "nobody")), "missing_node"),
        (RenameNode("nobody", "x"), "missing_node"),
        (MoveNodes({"nobody": (0, 0)}), "missing_node"),
    ],
)
def test_refused_edits_say_why(edit: Edit, code: str) -> None:
    with pytest.raises(EditError) as error:
        edit.apply(seed_cnn())
    assert error.value.problem.code == code


def test_several_edits_happen_together_or_not_at_all() -> None:
    network = seed_cnn()
    both = Together((RenameNode("relu-1", "first"), Connect(Link("conv2d-1", "relu-1"))))
    with pytest.raises(EditError):
        both.apply(network)
    assert network.nodes["relu-1"].name == "ReLU 1"


@pytest.mark.parametrize("place", [float("nan"), float("inf"), 1e308])
def test_positions_stay_on_the_canvas(place: float) -> None:
    node = MoveNodes({"relu-1": (place, -place)}).apply(seed_cnn()).nodes["relu-1"]
    assert abs(node.x) <= CANVAS_LIMIT
    assert abs(node.y) <= CANVAS_LIMIT


def test_order_puts_inputs_first_and_leaves_cycles_out() -> None:
    network = seed_cnn()
    assert network.order == tuple(network.nodes)
    looped = network.with_links([*network.links, Link("relu-2", "conv2d-2")])
    assert set(looped.cycle) == {"conv2d-2", "relu-2"}
    assert "conv2d-2" not in looped.order


@st.composite
def edit_for(draw: st.DrawFn, network: Network) -> Edit:
    ids = list(network.nodes) or ["nobody"]
    some = st.sampled_from(ids)
    number = st.floats(allow_nan=True, allow_infinity=True)
    choices = [
        st.builds(lambda kind: AddNode(new_node(network, kind)), st.sampled_from(list(LAYERS))),
        st.builds(lambda one: RemoveNodes(frozenset({one})), some),
        st.builds(lambda one, x, y: MoveNodes({one: (x, y)}), some, number, number),
        st.builds(RenameNode, some, st.text(max_size=8)),
        st.builds(SetParameter, some, st.sampled_from(["bias", "p"]), st.integers(-2, 9)),
        st.builds(lambda a, b: Connect(Link(a, b)), some, some),
        st.builds(lambda links: Disconnect(frozenset(links)), st.just(network.links[:1])),
    ]
    return draw(st.one_of(choices))


@given(st.data())
def test_any_edits_keep_the_network_whole(data: st.DataObject) -> None:
    """No link without its nodes, no cycle, one link at a single port, and `changes` says exactly
    what differs."""
    network = seed_cnn()
    for _ in range(data.draw(st.integers(1, 12))):
        before = network
        try:
            network = data.draw(edit_for(network)).apply(network)
        except EditError:
            assert network is before
            continue
        for link in network.links:
            assert link.source in network.nodes
            assert link.target in network.nodes
        assert not network.cycle
        for node_id, links in network.incoming.items():
            assert len(links) <= 1 or LAYERS[network.nodes[node_id].kind].takes_many
        difference = changes(before, network)
        rebuilt = {k: v for k, v in before.nodes.items() if k not in difference.removed}
        for node_id in (*difference.added, *difference.changed):
            rebuilt[node_id] = network.nodes[node_id]
        assert rebuilt == network.nodes
        links = set(before.links) - set(difference.links_removed) | set(difference.links_added)
        assert links == set(network.links)


def test_a_value_of_another_kind_is_a_change() -> None:
    """1.0 and True equal 1, but a layer that counts takes only one of them."""
    network = SetParameter("linear-1", "out_features", 64.0).apply(seed_cnn())
    mended = SetParameter("linear-1", "out_features", 64).apply(network)
    assert mended == network
    assert changes(network, mended).changed == ("linear-1",)
    assert not changes(network, SetParameter("linear-1", "out_features", 64.0).apply(network))
