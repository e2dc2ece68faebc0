"""Every layer Backlit knows, one declaration each, one file a family.

`LAYERS` is filled from the modules of this folder: a new family is a new file with a `LAYERS` tuple,
a new layer one more `Layer(...)` in it. Palette, inspector, shapes, module, file format and help all
follow from the declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from engine.network.layers.declaration import FAMILIES, Family, Layer
from engine.network.layers.parameter import Parameter
from engine.network.model import Network, Node, ParameterValue

__all__ = ["FAMILIES", "LAYERS", "Family", "Layer", "Parameter", "complete", "new_node"]


def _collect() -> Mapping[str, Layer]:
    found: dict[str, Layer] = {}
    for info in iter_modules(__path__):
        module = import_module(f"{__name__}.{info.name}")
        for layer in getattr(module, "LAYERS", ()):
            if layer.kind in found:
                raise RuntimeError(f"the layer {layer.kind} is declared twice")
            found[layer.kind] = layer
    order = list(FAMILIES)
    return dict(sorted(found.items(), key=lambda item: order.index(item[1].family)))


LAYERS: Mapping[str, Layer] = _collect()


def new_node(network: Network, kind: str, x: float = 0.0, y: float = 0.0) -> Node:
    """A node of this kind with its default parameters, an unused id and an unused name."""
    defaults = {parameter.name: parameter.default for parameter in LAYERS[kind].parameters}
    return Node(network.fresh_id(kind), kind, network.fresh_name(kind), defaults, x, y)


def complete(node: Node) -> dict[str, ParameterValue]:
    """The node's declared parameters, the defaults standing in for those it does not set."""
    layer = LAYERS[node.kind]
    return {p.name: node.parameters.get(p.name, p.default) for p in layer.parameters}
