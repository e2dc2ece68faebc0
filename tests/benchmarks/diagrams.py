"""The diagrams that the canvas is measured with: residual networks of any size."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine.network.layers import LAYERS, new_node
from engine.network.model import Link, Network, Node
from engine.project.project import Project
from engine.recipe.recipe import DataChoice
from gui.canvas.geometry import NODE_HEIGHT, NODE_WIDTH, STRIP_HEIGHT

#: One residual block; the way around it ends in the Add.
_BLOCK = ("Conv2d", "BatchNorm2d", "ReLU", "Conv2d", "BatchNorm2d", "Add", "ReLU")
_ADD = _BLOCK.index("Add")
_PARAMETERS: Mapping[str, Mapping[str, int]] = {
    "Conv2d": {"out_channels": 16, "kernel_size": 3, "padding": 1},
    "Linear": {"out_features": 10},
}
_DOWN, _ACROSS = NODE_HEIGHT + STRIP_HEIGHT + 40, NODE_WIDTH + 64
#: Width to height of the whole, about that of the view.
_ASPECT = 1.6


def residual(count: int) -> Project:
    """`count` nodes in columns side by side, each column going on at the top of the next; it can be
    trained on the digits as it is."""
    kinds = _kinds(count)
    rows = math.ceil(math.sqrt(count * _ACROSS / _DOWN / _ASPECT))
    nodes: dict[str, Node] = {}
    links: list[Link] = []
    empty = Network()
    for at, kind in enumerate(kinds):
        x, y = (at // rows) * _ACROSS, (at % rows) * _DOWN
        declared = new_node(empty, kind, float(x), float(y))
        parameters = {**declared.parameters, **_PARAMETERS.get(kind, {})}
        node = Node(f"n{at}", kind, f"{kind} {at}", parameters, float(x), float(y))
        nodes[node.id] = node
        if at:
            port = LAYERS[kind].inputs[0]
            links.append(Link(f"n{at - 1}", node.id, "out", port))
        if kind == "Add":
            links.append(Link(f"n{at - _ADD - 1}", node.id, "out", LAYERS[kind].inputs[-1]))
    return Project(Network(nodes, tuple(links)), data=DataChoice(source="mnist-10k"))


def _kinds(count: int) -> list[str]:
    ends = ["Flatten", "Linear"]
    body = count - 2 - len(ends)
    blocks = [kind for _ in range(body // len(_BLOCK)) for kind in _BLOCK]
    rest = ["ReLU"] * (body - len(blocks))
    return ["Input", "Conv2d", *blocks, *rest, *ends]
