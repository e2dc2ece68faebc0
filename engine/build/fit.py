"""Does an input fit a layer? Checked in words a student understands, before torch is asked.

Every problem names the node, the axis, the two numbers that disagree and the node that caused it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.build.axes import axis_name
from engine.build.causes import Ancestry
from engine.build.report import Shape, shape_text
from engine.network.layers import LAYERS, complete
from engine.network.layers.declaration import IMAGE
from engine.network.model import Network, Node, ParameterValue
from engine.network.ports import arguments
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
    return next(_problems(node, inputs, network, ancestry), None)


def _problems(
    node: Node, inputs: tuple[Shape, ...], network: Network, ancestry: Ancestry
) -> Iterator[Problem]:
    sources = [link.source for link in arguments(network, node) if link is not None]
    parameters = complete(node)
    for source, shape in zip(sources, inputs, strict=True):
        yield from _wrong_axes(node, source, shape, network, ancestry)
    yield from _no_such_axis(node, inputs[0])
    if "kernel_size" in parameters:
        yield from _window(node, inputs[0], network, ancestry)
    if "groups" in parameters:
        yield from _groups(node, inputs[0], network, ancestry)
    if node.kind in ("Add", "Concat"):
        yield from _branches(node, sources, inputs, network, ancestry)
    if node.kind == "MultiheadAttention":
        yield from _attention(node, sources, inputs, network, ancestry)
    if "max_length" in parameters:
        yield from _length(node, inputs[0], network, ancestry)


def _wrong_axes(
    node: Node, source: str, shape: Shape, network: Network, ancestry: Ancestry
) -> Iterator[Problem]:
    axes = LAYERS[node.kind].input_axes
    if not axes or len(axes) == len(shape) + 1:
        return
    cause = ancestry.changed_rank(source)
    flattened = axes == IMAGE and network.nodes[cause].kind == "Flatten"
    yield Problem(
        "image_was_flattened" if flattened else "wrong_axes",
        node.id,
        cause,
        {
            "node": node.name,
            "expected": " × ".join(["N", *axes[1:]]),
            "needed": len(axes),
            "received": shape_text(shape),
            "found": len(shape) + 1,
            "cause": network.nodes[cause].name,
        },
    )


def _window(node: Node, shape: Shape, network: Network, ancestry: Ancestry) -> Iterator[Problem]:
    parameters = complete(node)
    kernel, padding = pair(parameters["kernel_size"]), pair(parameters.get("padding", 0))
    dilation = pair(parameters.get("dilation", 1))
    for axis, k, p, d in zip((2, 3), kernel, padding, dilation, strict=True):
        size, span = shape[axis - 1], d * (k - 1) + 1
        values: dict[str, Any] = {"node": node.name, "axis": IMAGE[axis], "span": span}
        if LAYERS[node.kind].family == "pooling" and p > k // 2:
            yield Problem("padding_too_large", node.id, values={**values, "padding": p, "most": k // 2})
        if size + 2 * p < span:
            values["size"] = size + 2 * p
            cause = ancestry.shrank_most(node.id, axis)
            if cause is None:
                yield Problem("window_larger_than_image", node.id, values=values)
            else:
                values["cause"] = network.nodes[cause].name
                yield Problem("window_too_large", node.id, cause, values)


def _groups(node: Node, shape: Shape, network: Network, ancestry: Ancestry) -> Iterator[Problem]:
    parameters = complete(node)
    groups, outputs = parameters["groups"], parameters["out_channels"]
    assert isinstance(groups, int) and isinstance(outputs, int)
    if shape[0] % groups:
        cause = ancestry.set_size(network.incoming[node.id][0].source, 1)
        values = {"node": node.name, "groups": groups, "inputs": shape[0]}
        values["cause"] = network.nodes[cause].name
        yield Problem("groups_do_not_divide", node.id, cause, values)
    elif outputs % groups:
        values = {"node": node.name, "groups": groups, "outputs": outputs}
        yield Problem("groups_do_not_divide_output", node.id, values=values)


def _branches(
    node: Node, sources: list[str], inputs: tuple[Shape, ...], network: Network, ancestry: Ancestry
) -> Iterator[Problem]:
    dim = complete(node).get("dim")
    code = "branches_do_not_add" if dim is None else "branches_do_not_join"
    for source, shape in zip(sources[1:], inputs[1:], strict=True):
        values: dict[str, Any] = {
            "node": node.name,
            "first": network.nodes[sources[0]].name,
            "first_shape": shape_text(inputs[0]),
            "second": network.nodes[source].name,
            "second_shape": shape_text(shape),
            "dim": dim,
        }
        if len(shape) != len(inputs[0]):
            cause = ancestry.changed_rank(source)
            values["cause"] = network.nodes[cause].name
            yield Problem("branches_have_other_axes", node.id, cause, values)
            continue
        axis = differing_axis(inputs[0], shape, dim if isinstance(dim, int) else None)
        if axis is not None:
            cause = ancestry.set_size(source, axis)
            values |= {
                "axis": axis_name(ancestry.axes(source), axis),
                "first_size": inputs[0][axis - 1],
                "second_size": shape[axis - 1],
                "cause": network.nodes[cause].name,
            }
            yield Problem(code, node.id, cause, values)


def differing_axis(first: Shape, second: Shape, dim: int | None) -> int | None:
    """The first axis (1 is the one behind the batch) in which two tensors with equally many axes keep
    Add (`dim` None) or Concat along `dim` from joining them."""
    joined = None if dim is None else dim % (len(first) + 1)
    for axis, (a, b) in enumerate(zip(first, second, strict=True), start=1):
        stretches = dim is None and 1 in (a, b)  # torch repeats what has size 1
        if a != b and axis != joined and not stretches:
            return axis
    return None


def _attention(
    node: Node, sources: list[str], inputs: tuple[Shape, ...], network: Network, ancestry: Ancestry
) -> Iterator[Problem]:
    heads, features = complete(node)["num_heads"], inputs[0][1]
    assert isinstance(heads, int)
    if features % heads:
        cause = ancestry.set_size(sources[0], 2)
        values = {"node": node.name, "heads": heads, "size": features}
        values["cause"] = network.nodes[cause].name
        yield Problem("heads_do_not_divide", node.id, cause, values)
    pairs = [(at, 2, 0) for at in range(1, len(inputs))] + [(2, 1, 1)] * (len(inputs) == 3)
    for at, axis, other in pairs:
        size, expected = inputs[at][axis - 1], inputs[other][axis - 1]
        if size != expected:
            cause = ancestry.set_size(sources[at], axis)
            ports = LAYERS[node.kind].inputs
            values = {"node": node.name, "axis": ("time", "feature")[axis - 1]}
            values |= {"port": ports[at], "size": size, "other": ports[other], "expected": expected}
            values["cause"] = network.nodes[cause].name
            yield Problem("attention_unlike", node.id, cause, values)


def _length(node: Node, shape: Shape, network: Network, ancestry: Ancestry) -> Iterator[Problem]:
    most = complete(node)["max_length"]
    assert isinstance(most, int)
    if shape[0] > most:
        cause = ancestry.set_size(network.incoming[node.id][0].source, 1)
        values = {"node": node.name, "size": shape[0], "most": most}
        values["cause"] = network.nodes[cause].name
        yield Problem("sequence_too_long", node.id, cause, values)


def _no_such_axis(node: Node, shape: Shape) -> Iterator[Problem]:
    axes = len(shape) + 1
    parameters = complete(node)
    places: dict[str, int] = {}
    for name in ("dim", "start_dim", "end_dim"):
        value = parameters.get(name)
        if isinstance(value, int):
            places[name] = value + axes if value < 0 else value
            if not 0 <= places[name] < axes:
                values = {"node": node.name, "parameter": name, "value": value, "axes": axes}
                values |= {"last": axes - 1, "received": shape_text(shape)}
                yield Problem("no_such_axis", node.id, values=values)
    if places.get("start_dim", 0) > places.get("end_dim", axes):
        values = {"node": node.name, "start": places["start_dim"], "end": places["end_dim"]}
        yield Problem("axes_in_wrong_order", node.id, values=values)
    if places.get("dim") == 0 or places.get("start_dim") == 0:
        yield Problem("batch_axis", node.id, values={"node": node.name})


def pair(value: ParameterValue) -> tuple[int, int]:
    """A size as (height, width)."""
    if isinstance(value, tuple):
        return value[0], value[1]
    assert isinstance(value, int)
    return value, value
