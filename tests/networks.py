"""Networks that several tests use."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.network.edits import AddNode, Connect
from engine.network.layers import LAYERS, new_node
from engine.network.model import Link, Network
from engine.project.project import Project
from engine.recipe.recipe import DataChoice, Recipe


def add(network: Network, kind: str, *sources: str, **parameters: Any) -> tuple[Network, str]:
    """The network with one more node, fed by `sources`, and the new node's id."""
    node = new_node(network, kind)
    node = replace(node, parameters={**node.parameters, **parameters})
    network = AddNode(node).apply(network)
    for source in sources:
        port = LAYERS[kind].inputs[0]
        network = Connect(Link(source, node.id, target_port=port)).apply(network)
    return network, node.id


def chain(*items: tuple[str, dict[str, Any]]) -> Network:
    """A network of nodes one after the other."""
    network = Network()
    before: tuple[str, ...] = ()
    for kind, parameters in items:
        network, node_id = add(network, kind, *before, **parameters)
        before = (node_id,)
    return network


def seed_cnn() -> Network:
    return chain(
        ("Input", {}),
        ("Conv2d", {"out_channels": 32}),
        ("ReLU", {}),
        ("MaxPool2d", {}),
        ("Conv2d", {"out_channels": 64}),
        ("ReLU", {}),
        ("MaxPool2d", {}),
        ("Conv2d", {"out_channels": 64}),
        ("ReLU", {}),
        ("Flatten", {}),
        ("Linear", {"out_features": 64}),
        ("ReLU", {}),
        ("Linear", {"out_features": 10}),
        ("Softmax", {}),
    )


def mlp(hidden: int = 8) -> Network:
    return chain(
        ("Input", {"shape": (2,)}),
        ("Linear", {"out_features": hidden}),
        ("Tanh", {}),
        ("Linear", {"out_features": 2}),
        ("Softmax", {}),
    )


def points_project(**recipe: Any) -> Project:
    """A small project that trains in a moment."""
    values = {"batch_size": 10, "epochs": 2, "learning_rate": 1e-2, **recipe}
    data = DataChoice(source="two-moons", settings={"samples": 200})
    return Project(mlp(), Recipe(**values), data)


def deep_project(**recipe: Any) -> Project:
    """Seven linear layers: they learn slowly and explode at a large rate."""
    hidden = [("Linear", {"out_features": 16})] * 6
    network = chain(("Input", {"shape": (2,)}), *hidden, ("Linear", {"out_features": 2}))
    values = {"optimizer": "SGD", "learning_rate": 0.01, "batch_size": 10, "epochs": 100_000, **recipe}
    data = DataChoice(source="two-moons", settings={"samples": 200})
    return Project(network, Recipe(**values), data)
