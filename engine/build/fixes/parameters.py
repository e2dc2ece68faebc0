"""Candidates that set one parameter to a value that can be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from engine.build.fit import pair
from engine.build.fixes.site import Candidate, Site, plain_size
from engine.network.edits import Together
from engine.network.expand import LARGEST_EXPANSION, copies, repeats
from engine.network.layers import LAYERS, complete
from engine.network.layers.parameter import Parameter
from engine.network.model import Network, Node, ParameterValue

#: What says how many channels or features a node gives.
WIDTHS = ("out_channels", "out_features", "embedding_dim")


def into_range(site: Site) -> Iterator[Candidate]:
    """The nearest value that can be, or the default where the type is wrong; all of them at once,
    since only the first wrong one is reported."""
    node = site.node
    wrong = [p for p in LAYERS[node.kind].parameters if p.problem(node) is not None]
    found = [site.set(node, parameter.name, _nearest(parameter, node)) for parameter in wrong]
    if len(found) == 1:
        yield from found
        return
    values = {"node": node.name, "names": ", ".join(parameter.name for parameter in wrong)}
    edit = Together(tuple(candidate.edit for candidate in found))
    yield Candidate("set_parameters", edit, values, node.id)


def _nearest(parameter: Parameter, node: Node) -> ParameterValue:
    value = node.parameters.get(parameter.name, parameter.default)

    def clamped(number: float) -> float:
        inside = min(max(number, parameter.minimum), parameter.maximum)
        return inside if parameter.type == "float" else int(inside)

    if parameter.complaint(value) != "parameter_out_of_range":
        return parameter.default
    if isinstance(value, tuple):
        return tuple(int(clamped(number)) for number in value)
    assert isinstance(value, int | float)
    return clamped(value)


def smaller_window(site: Site) -> Iterator[Candidate]:
    """A smaller kernel or more padding here, or less shrinking where the image became small."""
    node = site.node
    shape = site.report.shape_on(site.into[0])
    if shape is None or len(shape) != 3:
        return
    parameters = complete(node)
    kernel, padding = pair(parameters["kernel_size"]), pair(parameters.get("padding", 0))
    dilation = pair(parameters.get("dilation", 1))
    fitting = [
        min(k, (size + 2 * p - 1) // d + 1)
        for k, size, p, d in zip(kernel, shape[1:], padding, dilation, strict=True)
    ]
    if min(fitting) >= 1:
        yield site.set(node, "kernel_size", plain_size(fitting[0], fitting[1]))
    wider = [
        max(p, math.ceil((d * (k - 1) + 1 - size) / 2))
        for k, size, p, d in zip(kernel, shape[1:], padding, dilation, strict=True)
    ]
    yield site.set(node, "padding", plain_size(wider[0], wider[1]))
    if max(dilation) > 1:
        yield site.set(node, "dilation", 1)
    yield from _shrinking_less(site)


def _shrinking_less(site: Site) -> Iterator[Candidate]:
    cause = site.cause
    if cause is None or "kernel_size" not in complete(cause):
        return
    parameters = complete(cause)
    largest = max(pair(parameters["kernel_size"]))
    default = LAYERS[cause.kind].parameter("kernel_size")
    assert default is not None
    for size in sorted({largest // 2, max(pair(default.default)), 2}, reverse=True):
        if 1 < size < largest:
            yield site.set(cause, "kernel_size", size)
    stride = parameters.get("stride", 1)
    if stride != "" and max(pair(stride)) > 1:
        yield site.set(cause, "stride", 1)


def padding_within(site: Site) -> Iterator[Candidate]:
    kernel = pair(complete(site.node)["kernel_size"])
    padding = pair(complete(site.node)["padding"])
    most = [min(p, k // 2) for p, k in zip(padding, kernel, strict=True)]
    yield site.set(site.node, "padding", plain_size(most[0], most[1]))


def dividing_groups(site: Site) -> Iterator[Candidate]:
    """Groups that divide both counts, or counts that the groups divide."""
    node, parameters = site.node, complete(site.node)
    shape = site.report.shape_on(site.into[0])
    groups, outputs = parameters["groups"], parameters["out_channels"]
    if not shape or not isinstance(groups, int) or not isinstance(outputs, int):
        return
    yield site.set(node, "groups", _divisor(math.gcd(shape[0], outputs), groups))
    if shape[0] % groups == 0:
        yield site.set(node, "out_channels", _multiple(outputs, groups))
    else:
        yield from _cause_width(site, _multiple(shape[0], groups))


def dividing_heads(site: Site) -> Iterator[Candidate]:
    shape = site.report.shape_on(site.into[0])
    heads = complete(site.node)["num_heads"]
    if shape and isinstance(heads, int):
        yield site.set(site.node, "num_heads", _divisor(shape[-1], heads))
        yield from _cause_width(site, _multiple(shape[-1], heads))


def agreeing_width(site: Site) -> Iterator[Candidate]:
    """The cause gives as many as are expected."""
    expected = site.problem.values.get("expected")
    if isinstance(expected, int):
        yield from _cause_width(site, expected)


def longer(site: Site) -> Iterator[Candidate]:
    shape = site.report.shape_on(site.into[0])
    if shape:
        yield site.set(site.node, "max_length", shape[0])


def as_many_as_classes(site: Site) -> Iterator[Candidate]:
    if site.data is not None:
        yield from _cause_width(site, site.data.classes)


def _cause_width(site: Site, width: int) -> Iterator[Candidate]:
    if site.cause is not None:
        for name in WIDTHS:
            if LAYERS[site.cause.kind].parameter(name) is not None:
                yield site.set(site.cause, name, width)


def existing_axis(site: Site) -> Iterator[Candidate]:
    """The last axis, or the first of a sample."""
    name = site.problem.values.get("parameter")
    if isinstance(name, str):
        yield site.set(site.node, name, -1 if name == "end_dim" else 1)
        if name == "dim" and site.problem.values["axes"] > 2:
            yield site.set(site.node, name, -1)


def sample_axis(site: Site) -> Iterator[Candidate]:
    """Axis 1 in place of the batch."""
    for name in ("dim", "start_dim"):
        if name in complete(site.node):
            yield site.set(site.node, name, 1)


def ordered_axes(site: Site) -> Iterator[Candidate]:
    yield site.set(site.node, "end_dim", -1)
    yield site.set(site.node, "start_dim", 1)


def smaller_layer(site: Site) -> Iterator[Candidate]:
    """The usual width."""
    for name in WIDTHS:
        parameter = LAYERS[site.node.kind].parameter(name)
        if parameter is not None:
            yield site.set(site.node, name, parameter.default)
    for name in ("kernel_size", "num_embeddings", "max_length"):
        parameter = LAYERS[site.node.kind].parameter(name)
        if parameter is not None:
            yield site.set(site.node, name, parameter.default)


def kind_of_numbers(site: Site) -> Iterator[Candidate]:
    """Another dtype of the Input, or an Embedding in between."""
    whole = site.problem.code == "needs_whole_numbers"
    cause = site.cause
    if cause is not None and cause.kind == "Input":
        yield site.set(cause, "dtype", "int64" if whole else "float32")
    if not whole:
        for link in site.into:
            yield site.insert(link, ("Embedding", {}))


def the_data_s_shape(site: Site) -> Iterator[Candidate]:
    """The Input takes the shape of a sample of the data."""
    if site.data is None:
        return
    for node in site.network.nodes.values():
        if node.kind == "Input" and complete(node)["shape"] != site.data.sample:
            yield site.set(node, "shape", site.data.sample)


def fewer_copies(site: Site) -> Iterator[Candidate]:
    node = site.node
    if site.problem.code == "repeat_needs_ports":
        yield site.set(node, "repeat", 1)
        return
    count = repeats(node)
    total = _computed(site.network, site.network.nodes)
    of_this = _computed(site.network, site.network.inside(node.id))
    spare = LARGEST_EXPANSION - (total - of_this)
    yield site.set(node, "repeat", max(1, spare * count // max(of_this, 1)))


def _computed(network: Network, ids: Iterable[str]) -> int:
    """How many flat nodes these are, copies included."""
    kinds = ((node_id, LAYERS.get(network.nodes[node_id].kind)) for node_id in ids)
    return sum(copies(network, node_id) for node_id, layer in kinds if not layer or layer.computes)


def _divisor(number: int, most: int) -> int:
    """The largest divisor of `number` that is at most `most`."""
    small = [d for d in range(1, math.isqrt(number) + 1) if number % d == 0]
    return max(d for d in (*small, *(number // d for d in small)) if d <= most)


def _multiple(number: int, of: int) -> int:
    """The multiple of `of` next to `number`, at least one."""
    return max(1, round(number / of)) * of


CANDIDATES = {
    **dict.fromkeys(
        (
            "parameter_not_int",
            "parameter_not_float",
            "parameter_not_bool",
            "parameter_not_size",
            "parameter_not_shape",
            "parameter_not_text",
            "parameter_not_choice",
            "parameter_out_of_range",
        ),
        (into_range,),
    ),
    "window_too_large": (smaller_window,),
    "window_larger_than_image": (smaller_window,),
    "padding_too_large": (padding_within,),
    "groups_do_not_divide": (dividing_groups,),
    "groups_do_not_divide_output": (dividing_groups,),
    "heads_do_not_divide": (dividing_heads,),
    "attention_unlike": (agreeing_width,),
    "sequence_too_long": (longer,),
    "outputs_unlike_classes": (as_many_as_classes,),
    "no_such_axis": (existing_axis,),
    "batch_axis": (sample_axis,),
    "axes_in_wrong_order": (ordered_axes,),
    "layer_too_large": (smaller_layer,),
    "needs_whole_numbers": (kind_of_numbers,),
    "needs_fractions": (kind_of_numbers,),
    "input_unlike_data": (the_data_s_shape,),
    "input_axes_unlike_data": (the_data_s_shape,),
    "wrong_axes": (the_data_s_shape,),
    "too_many_copies": (fewer_copies,),
    "repeat_needs_ports": (fewer_copies,),
}
