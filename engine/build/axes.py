"""What the axes of a tensor count, such as channel, height and width, carried from the Input on."""

from __future__ import annotations

from collections.abc import Sequence

from engine.build.report import Shape
from engine.network.layers import LAYERS, complete
from engine.network.layers.declaration import IMAGE
from engine.network.model import Node

#: Names of the axes behind the batch; "" for one whose meaning is not known.
Axes = tuple[str, ...]

#: What a sample of so many axes is: a point, a sequence, an image.
_SAMPLES = {1: ("feature",), 2: ("time", "feature"), 3: IMAGE[1:]}
_POSITION = {"height", "width", "position"}


def axes_after(node: Node, inputs: Sequence[Axes], output: Shape) -> Axes:
    """The meaning of each axis of the tensor that `node` makes of tensors with these axes."""
    found = _after(node, inputs[0] if inputs else (), output)
    return found if len(found) == len(output) else ("",) * len(output)


def axis_name(axes: Axes, axis: int) -> str:
    """The name of an axis; 0 is the batch. One whose meaning is not known is called by its number."""
    if axis == 0:
        return IMAGE[0]
    name = axes[axis - 1] if axis <= len(axes) else ""
    return name or f"axis {axis}"


def _after(node: Node, given: Axes, output: Shape) -> Axes:
    layer = LAYERS[node.kind]
    if node.kind == "Input":
        words = complete(node)["dtype"] == "int64" and len(output) == 1
        return ("time",) if words else _SAMPLES.get(len(output), ())
    if layer.input_axes:
        return layer.input_axes[1:]
    if node.kind == "Linear":
        return (*given[:-1], "feature")
    if node.kind == "Embedding":
        return (*given, "feature")
    if node.kind == "Flatten":
        return _flattened(node, given)
    return given


def _flattened(node: Node, given: Axes) -> Axes:
    parameters = complete(node)
    places = []
    for name in ("start_dim", "end_dim"):
        place = parameters[name]
        assert isinstance(place, int)
        places.append((place if place >= 0 else place + len(given) + 1) - 1)
    start, end = places
    joined = set(given[start : end + 1])
    if len(joined) < 2:
        return given
    return (*given[:start], "position" if joined <= _POSITION else "feature", *given[end + 1 :])
