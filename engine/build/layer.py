"""One node's torch module, from the layer's declaration."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from torch import nn

from engine.build.report import Shape
from engine.network.layers import LAYERS, complete
from engine.network.model import Node


def arguments_from_input(kind: str, shape: Shape) -> dict[str, int]:
    """Constructor arguments that follow from an input of N × `shape`, such as in_channels."""
    with_batch = (0, *shape)
    return {name: with_batch[axis] for name, axis in LAYERS[kind].inferred.items()}


def build_layer(node: Node, inputs: tuple[Shape, ...]) -> nn.Module:
    """The module of `node` for inputs of N × shape each; Input becomes the identity."""
    layer = LAYERS[node.kind]
    if not layer.torch:
        return nn.Identity()
    arguments: dict[str, Any] = {
        # A size may be left empty where PyTorch takes None.
        name: None if value == "" and isinstance(value, str) else value
        for name, value in complete(node).items()
    }
    inferred = arguments_from_input(node.kind, inputs[0])
    module: nn.Module = _resolve(layer.torch)(**inferred, **arguments, **layer.fixed)
    return module


@cache
def _resolve(dotted: str) -> type[nn.Module]:
    module, _, name = dotted.rpartition(".")
    found: type[nn.Module] = getattr(import_module(module), name)
    return found
