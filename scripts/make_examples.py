"""Writes resources/examples: run it after a change of the format or of an example.

python -m scripts.make_examples
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.network.edits import AddNode, Connect
from engine.network.layers import LAYERS, new_node
from engine.network.model import Link, Network
from engine.project.examples import EXAMPLE_FOLDER
from engine.project.project import Project
from engine.project.project_file import write
from engine.project.recipe import DataChoice, Recipe

COLUMN, FIRST = 320, 0
#: Distance to the next node: cards with feature maps grow while they are trained.
PITCH, TALL_PITCH = 88, 128

Items = tuple[tuple[str, dict[str, Any]], ...]


def column_layout(items: Items, per_column: int) -> Network:
    """The items one after the other, top to bottom, in columns."""
    network, before, x, y = Network(), "", FIRST, FIRST
    for at, (kind, parameters) in enumerate(items):
        if at and at % per_column == 0:
            x, y = x + COLUMN, FIRST
        node = new_node(network, kind, x, y)
        node = replace(node, parameters={**node.parameters, **parameters})
        network = AddNode(node).apply(network)
        if before:
            network = Connect(Link(before, node.id)).apply(network)
        before = node.id
        y += TALL_PITCH if LAYERS[kind].family in ("convolution", "pooling") else PITCH
    return network


def mnist_cnn() -> Project:
    """The small Keras network of the digits tutorial, by PyTorch's names: 93,322 parameters."""
    items: Items = (
        ("Input", {"shape": (1, 28, 28)}),
        ("Conv2d", {"out_channels": 32, "kernel_size": 3}),
        ("ReLU", {}),
        ("MaxPool2d", {"kernel_size": 2}),
        ("Conv2d", {"out_channels": 64, "kernel_size": 3}),
        ("ReLU", {}),
        ("MaxPool2d", {"kernel_size": 2}),
        ("Conv2d", {"out_channels": 64, "kernel_size": 3}),
        ("ReLU", {}),
        ("Flatten", {}),
        ("Linear", {"out_features": 64}),
        ("ReLU", {}),
        ("Linear", {"out_features": 10}),
        ("Softmax", {}),
    )
    recipe = Recipe(optimizer="Adam", learning_rate=1e-3, batch_size=32, epochs=5)
    return Project(column_layout(items, 7), recipe, DataChoice(source="mnist-10k"))


def points(source: str, hidden: tuple[int, ...], activation: str, epochs: int) -> Project:
    """A multilayer perceptron on points in the plane."""
    items: list[tuple[str, dict[str, Any]]] = [("Input", {"shape": (2,)})]
    for width in hidden:
        items += [("Linear", {"out_features": width}), (activation, {})]
    items += [("Linear", {"out_features": 2}), ("Softmax", {})]
    recipe = Recipe(optimizer="Adam", learning_rate=1e-2, batch_size=20, epochs=epochs)
    return Project(column_layout(tuple(items), 9), recipe, DataChoice(source=source))


EXAMPLES = {
    "mnist-cnn": mnist_cnn,
    "two-moons": lambda: points("two-moons", (8, 8), "Tanh", 30),
    "spiral": lambda: points("spiral", (32, 32), "Tanh", 150),
    "xor": lambda: points("xor", (8,), "ReLU", 30),
}


def main() -> None:
    EXAMPLE_FOLDER.mkdir(exist_ok=True)
    for name, make in EXAMPLES.items():
        write(EXAMPLE_FOLDER / f"{name}.backlit", make(), {})


if __name__ == "__main__":
    main()
