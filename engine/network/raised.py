"""Parameters on the face of a block: each sets one or several parameters of the nodes inside."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from engine.network.edits import EditError
from engine.network.layers import LAYERS, Parameter
from engine.network.model import Network, Node, ParameterValue
from engine.network.problem import Problem

#: A node and one of its parameters.
Target = tuple[str, str]


@dataclass(frozen=True)
class Face:
    """One parameter on the face of a block, under `name`. `parameter` is the declaration of the first
    target, None for one that this version does not know; `values` what the targets have, each once:
    more than one when they were set apart inside."""

    name: str
    targets: tuple[Target, ...]
    parameter: Parameter | None
    values: tuple[ParameterValue, ...]


def faces(network: Network, block: str) -> tuple[Face, ...]:
    """The parameters on the face of a block, in the order they were raised."""
    found = []
    for name, targets in network.nodes[block].raised.items():
        known = [target for target in targets if target[0] in network.nodes]
        values: list[ParameterValue] = []
        for node_id, parameter in known:
            value = _value(network.nodes[node_id], parameter)
            # 1, 1.0 and True are equal, and a file may hold a value that is no key of a table.
            if value is not None and not any(_same(value, other) for other in values):
                values.append(value)
        declared = _declared(network.nodes[known[0][0]], known[0][1]) if known else None
        found.append(Face(name, tuple(known), declared, tuple(values)))
    return tuple(found)


@dataclass(frozen=True)
class SetRaised:
    """All parameters that one on the face of a block stands for get the same value."""

    id: str
    name: str
    value: ParameterValue

    def apply(self, network: Network) -> Network:
        block = network.nodes.get(self.id)
        if block is None:
            raise EditError(Problem("missing_node", None, values={"id": self.id}))
        if self.name not in block.raised:
            values = {"node": block.name, "parameter": self.name}
            raise EditError(Problem("not_raised", self.id, values=values))
        nodes = dict(network.nodes)
        for node_id, parameter in block.raised[self.name]:
            node = nodes[node_id]
            nodes[node_id] = replace(node, parameters={**node.parameters, parameter: self.value})
        return replace(network, nodes=nodes)


def resolved(network: Network, block: str, targets: Iterable[Target]) -> tuple[Target, ...]:
    """The parameters of nodes that `targets` stand for: what is raised to the face of a block inside
    is what lies behind that. Raises EditError for one that does not lie in the block, that its layer
    does not have, or that takes other values than the first."""
    inside = set(network.inside(block))
    found: dict[Target, None] = {}
    for node_id, name in targets:
        if node_id not in inside:
            raise EditError(Problem("missing_node", None, values={"id": node_id}))
        found.update(dict.fromkeys(_behind(network.nodes[node_id], name)))
    first: Target | None = None
    for node_id, name in found:
        node = network.nodes[node_id]
        declared = _declared(node, name)
        if declared is None:
            if node.kind in LAYERS:
                values = {"node": node.name, "parameter": name}
                raise EditError(Problem("no_such_parameter", node_id, values=values))
            continue
        if first is None:
            first = (node_id, name)
        other = network.nodes[first[0]]
        if not _alike(declared, _declared(other, first[1])):
            values = {"node": node.name, "parameter": name}
            values |= {"other": other.name, "other_parameter": first[1]}
            raise EditError(Problem("raised_unlike", node_id, values=values))
    return tuple(found)


def _behind(node: Node, name: str) -> Iterator[Target]:
    """A parameter of the node itself comes before one on its face."""
    if node.kind == "Block" and _declared(node, name) is None and name in node.raised:
        yield from node.raised[name]
    else:
        yield node.id, name


def _declared(node: Node, name: str) -> Parameter | None:
    layer = LAYERS.get(node.kind)
    return None if layer is None else layer.parameter(name)


def _alike(one: Parameter, other: Parameter | None) -> bool:
    """Whether one field can set both."""
    return other is None or (one.type, one.choices) == (other.type, other.choices)


def _value(node: Node, name: str) -> ParameterValue | None:
    declared = _declared(node, name)
    return node.parameters.get(name, None if declared is None else declared.default)


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other
