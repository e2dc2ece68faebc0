"""Which layers fit a tensor, which come next, and links that are led elsewhere."""

from __future__ import annotations

import pytest

from engine.network.edits import AddNode, Connect, EditError, Together
from engine.network.layers import LAYERS, Family, new_node
from engine.network.model import Link, Network
from engine.network.rewire import Reroute
from engine.network.successors import Tensor, fits, predecessors, successors

IMAGE, VECTOR, WORDS = (32, 26, 26), (64,), (16,)


@pytest.mark.parametrize(
    ("tensor", "first"),
    [
        (Tensor((1, 28, 28), family="input"), "Conv2d"),
        (Tensor(IMAGE, family="convolution"), "ReLU"),
        (Tensor(IMAGE, family="activation"), "MaxPool2d"),
        (Tensor(VECTOR, family="input"), "Linear"),
        (Tensor(VECTOR, family="linear"), "ReLU"),
        (Tensor(VECTOR, family="tensor"), "Linear"),
        (Tensor(WORDS, "int64", "input"), "Embedding"),
        (Tensor((16, 32), family="recurrent"), "Add"),
    ],
)
def test_the_usual_successor_comes_first(tensor: Tensor, first: str) -> None:
    found = successors(tensor)
    assert found[0].kind == first
    fitting = [fits(layer, tensor) for layer in found]
    assert fitting == sorted(fitting, reverse=True), "what fits comes before what does not"
    assert {layer.kind for layer in found} == {
        kind for kind, layer in LAYERS.items() if layer.computes and layer.inputs
    }


def test_fitting_is_a_matter_of_axes_and_of_the_kind_of_number() -> None:
    conv, embedding, relu = LAYERS["Conv2d"], LAYERS["Embedding"], LAYERS["ReLU"]
    assert fits(conv, Tensor(IMAGE)) and not fits(conv, Tensor(VECTOR))
    assert fits(embedding, Tensor(WORDS, "int64")) and not fits(embedding, Tensor(WORDS))
    assert fits(relu, Tensor(IMAGE)) and fits(relu, Tensor(VECTOR))
    assert all(fits(layer, Tensor(None)) for layer in LAYERS.values())


@pytest.mark.parametrize(("kind", "first"), [("Conv2d", "Input"), ("Embedding", "Input")])
def test_what_usually_comes_before(kind: str, first: str) -> None:
    found = predecessors(LAYERS[kind])
    assert found[0].kind == first and all(layer.outputs for layer in found)
    assert {layer.kind for layer in found} == {layer.kind for layer in predecessors(None)}


def test_the_tables_name_layers_that_there_are() -> None:
    from engine.network import successors as module

    families: set[Family] = {layer.family for layer in LAYERS.values()}
    for table in (module._AFTER_IMAGE, module._AFTER_OTHERS):
        assert set(table) <= families
        assert {kind for kinds in table.values() for kind in kinds} <= set(LAYERS)


def joined() -> Network:
    """Two inputs and a ReLU, joined in this order."""
    network = Network()
    for kind in ("Input", "Input", "ReLU", "Concat"):
        network = AddNode(new_node(network, kind)).apply(network)
    links = [Link(source, "concat-1") for source in ("input-1", "relu-1")]
    return Together(tuple(map(Connect, links))).apply(network)


def test_a_rerouted_link_keeps_its_place() -> None:
    network = joined()
    old, new = Link("input-1", "concat-1"), Link("input-2", "concat-1")
    after = Reroute(old, new).apply(network)
    assert after.links == (new, Link("relu-1", "concat-1"))


def test_a_rerouted_link_takes_the_place_of_another() -> None:
    network = Connect(Link("input-1", "relu-1")).apply(joined())
    after = Reroute(Link("input-1", "concat-1"), Link("input-2", "relu-1")).apply(network)
    assert set(after.links) == {Link("input-2", "relu-1"), Link("relu-1", "concat-1")}


def test_a_reroute_that_does_not_fit_is_refused() -> None:
    network = joined()
    with pytest.raises(EditError) as missing:
        Reroute(Link("input-2", "relu-1"), Link("input-1", "relu-1")).apply(network)
    assert missing.value.problem.code == "missing_link"
    with pytest.raises(EditError) as loop:
        Reroute(Link("input-1", "concat-1"), Link("concat-1", "relu-1")).apply(network)
    assert loop.value.problem.code == "would_cycle"
