"""Does an input fit a layer? Checked in words a student understands, before torch is asked."""

from __future__ import annotations

from typing import Any

from engine.build.causes import Ancestry
from engine.build.report import Shape, shape_text
from engine.network.layers import LAYERS, complete
from engine.network.model import Network, Node, ParameterValue
from engine.network.problem import Problem

#: More bytes of parameters than this in one layer are refused before anything is allocated.
LARGEST_LAYER_BYTES = 64 * 2**30


def parameter_problem(node: Node) -> Problem | None:
    """The first parameter of `node` whose value cannot be."""
    problems = (parameter.problem(node) for parameter in LAYERS[node.kind].parameters)
    return next((problem for problem in problems if problem is not None), None)


def input_problem(
    node: Node, inputs: tuple[Shape, ...], network: Network, ancestry: Ancestry
) -> Problem | None:
    """Why `node` cannot take `inputs`, with the earlier node that made them so."""
    problem = _wrong_axes(node, inputs[0], network, ancestry)
    if problem is None and "kernel_size" in complete(node):
        problem = _window_problem(node, inputs[0], network, ancestry)
    if problem is None and node.kind in ("Add", "Concat"):
        problem = _branches_differ(node, inputs, network)
    if problem is None:
        problem = _no_such_axis(node, inputs[0])
    return problem


def _wrong_axes(node: Node, shape: Shape, network: Network, ancestry: Ancestry) -> Problem | None:
    axes = LAYERS[node.kind].input_axes
    if not axes or len(axes) == len(shape) + 1:
        return None
    cause = ancestry.changed_rank(node.id)
    code = "image_was_flattened" if network.nodes[cause].kind == "Flatten" else "wrong_axes"
    values = {
        "node": node.name,
        "expected": " × ".join(["N", *axes[1:]]),
        "received": shape_text(shape),
        "cause": network.nodes[cause].name,
    }
    return Problem(code, node.id, cause, values)


def _window_problem(node: Node, shape: Shape, network: Network, ancestry: Ancestry) -> Problem | None:
    parameters = complete(node)
    kernel, padding = _pair(parameters["kernel_size"]), _pair(parameters.get("padding", 0))
    dilation = _pair(parameters.get("dilation", 1))
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    values: dict[str, Any] = {"node": node.name, "kernel": f"{spans[0]} × {spans[1]}"}
    for size, k, p, span in zip(shape[1:], kernel, padding, spans, strict=True):
        if LAYERS[node.kind].family == "pooling" and p > k // 2:
            return Problem("padding_too_large", node.id, values={**values, "padding": p})
        if size + 2 * p < span:
            cause = ancestry.shrank_most(node.id)
            values |= {
                "size": f"{shape[1]} × {shape[2]}",
                "cause": network.nodes[cause].name,
            }
            return Problem("window_too_large", node.id, cause, values)
    groups = parameters.get("groups", 1)
    outputs = parameters.get("out_channels", groups)
    assert isinstance(groups, int) and isinstance(outputs, int)
    if shape[0] % groups or outputs % groups:
        values |= {"groups": groups, "inputs": shape[0], "outputs": outputs}
        return Problem("groups_do_not_divide", node.id, values=values)
    return None


def _branches_differ(node: Node, inputs: tuple[Shape, ...], network: Network) -> Problem | None:
    sources = [link.source for link in network.incoming[node.id]]
    dim = complete(node).get("dim")
    for source, shape in zip(sources[1:], inputs[1:], strict=True):
        if dim is None:
            fits = _broadcast(inputs[0], shape)
        else:
            assert isinstance(dim, int)
            fits = _equal_but(inputs[0], shape, dim)
        if not fits:
            values = {
                "node": node.name,
                "first": network.nodes[sources[0]].name,
                "first_shape": shape_text(inputs[0]),
                "second": network.nodes[source].name,
                "second_shape": shape_text(shape),
                "dim": dim,
            }
            code = "branches_do_not_add" if dim is None else "branches_do_not_join"
            return Problem(code, node.id, source, values)
    return None


def _no_such_axis(node: Node, shape: Shape) -> Problem | None:
    axes = len(shape) + 1
    parameters = complete(node)
    places: dict[str, int] = {}
    for name in ("dim", "start_dim", "end_dim"):
        value = parameters.get(name)
        if isinstance(value, int):
            places[name] = value + axes if value < 0 else value
            if not 0 <= places[name] < axes:
                values = {"node": node.name, "parameter": name, "value": value, "axes": axes}
                return Problem("no_such_axis", node.id, values={**values, "last": axes - 1})
    if places.get("start_dim", 0) > places.get("end_dim", axes):
        return Problem("axes_in_wrong_order", node.id, values={"node": node.name})
    if places.get("dim") == 0 or places.get("start_dim") == 0:
        return Problem("batch_axis", node.id, values={"node": node.name})
    return None


def _broadcast(first: Shape, second: Shape) -> bool:
    return len(first) == len(second) and all(
        a == b or 1 in (a, b) for a, b in zip(first, second, strict=True)
    )


def _equal_but(first: Shape, second: Shape, dim: int) -> bool:
    axis = (dim + len(first) + 1 if dim < 0 else dim) - 1
    return len(first) == len(second) and all(
        a == b for at, (a, b) in enumerate(zip(first, second, strict=True)) if at != axis
    )


def _pair(value: ParameterValue) -> tuple[int, int]:
    if isinstance(value, tuple):
        return value[0], value[1]
    assert isinstance(value, int)
    return value, value
