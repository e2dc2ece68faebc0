"""Candidates that make branches fit at an Add or Concat."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator

from engine.build.fit import pair
from engine.build.fixes.parameters import WIDTHS
from engine.build.fixes.site import Candidate, Site, plain_size
from engine.build.report import Shape
from engine.network.edits import Edit, SetParameter, Together
from engine.network.layers import LAYERS, complete
from engine.network.model import Link, Network, Node, ParameterValue


def agreeing_branches(site: Site) -> Iterator[Candidate]:
    """The width of one branch like that of the other, padding that keeps the size, or a converter on
    the shortcut."""
    shapes = [site.report.shape_on(link) for link in site.into]
    if None in shapes or len(set(map(len, filter(None, shapes)))) != 1:
        return
    branches = [(link, shape) for link, shape in zip(site.into, shapes, strict=True) if shape]
    yield from _widths(site, branches)
    yield from _kept_size(site, branches)
    # What is a shortcut keeps being one: the shorter way is the one that is converted first.
    lengths = {link: _length(site.network, link) for link, _ in branches}
    for link, shape in sorted(branches, key=lambda branch: -lengths[branch[0]]):
        yield from _converted(site, branches, link, shape)


def _widths(site: Site, branches: list[tuple[Link, Shape]]) -> Iterator[Candidate]:
    """Another out_channels or out_features for the layers that disagree with the first, or for it."""
    if site.node.kind == "Concat" and complete(site.node)["dim"] == 1:
        return
    for _, wanted in branches[:2]:
        found: list[Candidate] = []
        for link, shape in branches:
            axis = len(shape) if len(shape) != 3 else 1
            if shape[axis - 1] != wanted[axis - 1]:
                layer = _last_wide(site.network, link.source)
                if layer is None:
                    break
                found.append(site.set(layer[0], layer[1], wanted[axis - 1]))
        else:
            if len(found) == 1:
                yield found[0]


def _last_wide(network: Network, node_id: str) -> tuple[Node, str] | None:
    """The nearest layer, this one included, that says how wide its output is, and the parameter."""
    for node in _upwards(network, node_id):
        for name in WIDTHS:
            if LAYERS[node.kind].parameter(name) is not None:
                return node, name
    return None


def _upwards(network: Network, node_id: str) -> Iterator[Node]:
    """Along first inputs, as long as the way does not fork."""
    seen: set[str] = set()
    while node_id not in seen and network.nodes[node_id].kind in LAYERS:
        seen.add(node_id)
        yield network.nodes[node_id]
        links = network.incoming[node_id]
        if len(links) != 1:
            return
        node_id = links[0].source


def _kept_size(site: Site, branches: list[tuple[Link, Shape]]) -> Iterator[Candidate]:
    """Convolutions that only trim the border keep the size by padding."""
    for link, shape in branches:
        if len(shape) != 3 or all(shape[1:] == other[1:] for _, other in branches):
            continue
        trimming: list[tuple[Node, ParameterValue]] = []
        for node in _upwards(site.network, link.source):
            if len(site.network.outgoing[node.id]) > 1:
                break  # from here on the way is shared with another branch
            if node.kind == "Conv2d":
                padding = _same_padding(node)
                if padding is None:
                    break
                if complete(node)["padding"] != padding:
                    trimming.append((node, padding))
        if not trimming:
            continue
        if len(trimming) == 1:
            yield site.set(trimming[0][0], "padding", trimming[0][1])
            continue
        edits: tuple[Edit, ...] = tuple(SetParameter(n.id, "padding", p) for n, p in trimming)
        values = {"names": ", ".join(node.name for node, _ in reversed(trimming))}
        yield Candidate("keep_size", Together(edits), values, link.source)


def _same_padding(node: Node) -> ParameterValue | None:
    """The padding with which the output is as large as the input, or None when there is none."""
    parameters = complete(node)
    kernel, dilation = pair(parameters["kernel_size"]), pair(parameters["dilation"])
    spans = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    if any(span % 2 for span in spans) or pair(parameters["stride"]) != (1, 1):
        return None
    return plain_size(spans[0] // 2, spans[1] // 2)


def _length(network: Network, link: Link) -> int:
    """Nodes from the joint back to the fork."""
    count = 0
    for node in _upwards(network, link.source):
        if len(network.outgoing[node.id]) > 1:
            break
        count += 1
    return count


def _converted(
    site: Site, branches: list[tuple[Link, Shape]], kept: Link, wanted: Shape
) -> Iterator[Candidate]:
    """A layer on every branch that differs from `wanted`, which gives it that shape."""
    differing = [
        (link, shape)
        for link, shape in branches
        if link is not kept and not _joins(site.node, shape, wanted)
    ]
    if len(differing) != 1:  # one converter is a fix, several are another network
        return
    link, shape = differing[0]
    for chain in _converters(site.node, shape, wanted):
        yield site.insert(link, chain)


def _joins(node: Node, shape: Shape, wanted: Shape) -> bool:
    dim = complete(node).get("dim")
    free = dim % (len(shape) + 1) if isinstance(dim, int) else 0
    return all(a == b for at, (a, b) in enumerate(zip(shape, wanted, strict=True), 1) if at != free)


def _converters(
    node: Node, shape: Shape, wanted: Shape
) -> Iterator[tuple[str, dict[str, ParameterValue]]]:
    if len(shape) != 3:
        yield "Linear", {"out_features": wanted[-1]}
        return
    if node.kind == "Concat":
        yield "AdaptiveAvgPool2d", {"output_size": plain_size(wanted[1], wanted[2])}
        return
    strides = [max(1, math.ceil(a / b)) for a, b in zip(shape[1:], wanted[1:], strict=True)]
    convolution: dict[str, ParameterValue] = {"out_channels": wanted[0], "kernel_size": 1}
    yield "Conv2d", convolution | {"stride": plain_size(strides[0], strides[1])}
    if shape[0] == wanted[0] and all(map(operator.ge, shape, wanted)):
        yield "AdaptiveAvgPool2d", {"output_size": plain_size(wanted[1], wanted[2])}
    # What a convolution without padding cuts off on the way, one as large cuts off here.
    cut = [a - b + 1 for a, b in zip(shape[1:], wanted[1:], strict=True)]
    if min(cut) >= 1 and max(cut) <= 7:
        yield "Conv2d", convolution | {"kernel_size": plain_size(cut[0], cut[1])}


def other_axis(site: Site) -> Iterator[Candidate]:
    """Concat along the axis in which the branches differ."""
    first = site.report.shape_on(site.into[0])
    for dim in range(1, len(first or ()) + 1):
        if dim != complete(site.node)["dim"]:
            yield site.set(site.node, "dim", dim)


def equal_axes(site: Site) -> Iterator[Candidate]:
    """Flatten on the branch that has more axes."""
    shapes = [site.report.shape_on(link) for link in site.into]
    for link, shape in zip(site.into, shapes, strict=True):
        if shape and len(shape) > 1:
            yield site.insert(link, ("Flatten", {}))
    if site.cause is not None and site.cause.kind == "Flatten":
        removed = site.bypass(site.cause)
        if removed is not None:
            yield removed


CANDIDATES = {
    "branches_do_not_add": (agreeing_branches,),
    "branches_do_not_join": (other_axis, agreeing_branches),
    "branches_have_other_axes": (equal_axes,),
}
