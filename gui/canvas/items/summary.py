"""A node's parameters in a few characters, from its declaration alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from PySide6.QtCore import QCoreApplication

from engine.messages import shown
from engine.network.expand import computes, repeats
from engine.network.layers import FAMILIES, LAYERS, Layer, Parameter, complete
from engine.network.model import Network, Node, ParameterValue

#: What a parameter is called on a card; "" where the value speaks for itself. The letters are those
#: of the formulas. A parameter that is not named here keeps its name.
_SHORT: Mapping[str, str] = {
    "shape": "",
    "out_channels": "",
    "kernel_size": "",
    "out_features": "out",
    "num_embeddings": "",
    "embedding_dim": "",
    "num_heads": "heads",
    "negative_slope": "slope",
    "stride": "s",
    "padding": "p",
    "dilation": "d",
    "groups": "g",
}
#: Shown even at their default. All others appear when somebody changed them.
_ALWAYS = frozenset(
    {"shape", "out_channels", "kernel_size", "out_features", "p", "negative_slope", "dim"}
)


def summary(node: Node) -> str:
    """Such as `32 · 3×3 · s 2`, `out 64` or `1 × 28 × 28`; "" when there is nothing to say. The
    kind comes first where the name does not tell it."""
    layer = LAYERS.get(node.kind)
    if layer is None:
        return QCoreApplication.translate("Canvas", "unknown kind")
    parts = [] if node.name.startswith(node.kind) else [node.kind]
    values = complete(node)
    for parameter in layer.parameters:
        value = values[parameter.name]
        if parameter.name in _ALWAYS or value != parameter.default:
            parts.append(_part(parameter, value))
    return " · ".join(parts)


def block_line(network: Network, block: Node) -> str:
    """Such as `× 12 · num_heads 12 · 7 nodes`: what is on the face of a block."""
    parts = [f"× {repeats(block)}"] if repeats(block) > 1 else []
    for face, targets in block.raised.items():
        name = _SHORT.get(face, shown(face))
        parts += [f"{name} {text}".strip() for text in _raised_values(network, targets)]
    count = sum(1 for key in network.inside(block.id) if computes(network.nodes[key]))
    nodes = QCoreApplication.translate("Canvas", "{count} layers").format(count=count)
    return " · ".join([*parts, nodes])


def _raised_values(network: Network, targets: tuple[tuple[str, str], ...]) -> Iterator[str]:
    """The one value of a raised parameter, as it is on a card."""
    for node_id, name in targets[:1]:
        node = network.nodes[node_id]
        layer = LAYERS.get(node.kind)
        parameter = None if layer is None else layer.parameter(name)
        if parameter is not None:
            yield _value(parameter, complete(node)[name])


def stand_in(layer: Layer) -> tuple[str, ...]:
    """What a card says when its parameters say nothing: the formula if it fits, else the family."""
    return (layer.formula, QCoreApplication.translate("engine", FAMILIES[layer.family]))


def _part(parameter: Parameter, value: ParameterValue) -> str:
    name = _SHORT.get(parameter.name, parameter.name)
    return f"{name} {_value(parameter, value)}".strip()


def _value(parameter: Parameter, value: ParameterValue) -> str:
    if isinstance(value, bool):
        translate = QCoreApplication.translate
        return translate("Canvas", "on") if value else translate("Canvas", "off")
    if isinstance(value, tuple):
        return (" × " if parameter.type == "shape" else "×").join(map(str, value))
    if parameter.name == "kernel_size":
        return f"{value}×{value}"
    return f"{value:.4g}" if isinstance(value, float) else shown(value)
