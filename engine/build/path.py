"""The way from Input to the network's output, and what is missing before it can be trained."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from engine.build.axes import axis_name
from engine.build.causes import Ancestry
from engine.build.report import ShapeReport, shape_text
from engine.network.layers import LAYERS
from engine.network.model import Network
from engine.network.problem import Problem
from engine.project.project import Weights, owner
from engine.recipe.losses import LOSSES
from engine.recipe.recipe import Recipe

#: What data gives: the shape of one sample, and the number of classes of its labels.
SampleShape = tuple[int, ...]

#: Kinds of numbers by NumPy's letters, in words.
_KINDS = {"f": "fractions", "iu": "whole numbers"}


@dataclass(frozen=True)
class Path:
    """`order`: the nodes that run, in order. `output`: the one whose answer is the network's.
    `outputs`: all that have a loss, in order."""

    order: tuple[str, ...]
    output: str
    outputs: tuple[str, ...]


def find_path(network: Network, supervised: Collection[str] = ()) -> Path | Problem:
    """The nodes reached from the Input, or why there is no single way through them. Nodes that hang
    on nothing are left out: they may be work in progress.

    supervised: nodes with a loss of their own. All others may lead to one end, which has the loss of
    the recipe; without such an end the last of the supervised gives the network's answer."""
    inputs = [node.id for node in network.nodes.values() if node.kind == "Input"]
    if not inputs:
        return Problem("no_input", None)
    if len(inputs) > 1:
        names = ", ".join(network.nodes[node_id].name for node_id in inputs)
        return Problem("several_inputs", inputs[1], values={"names": names})
    reached = set(network.downstream(inputs[0]))
    order = tuple(node_id for node_id in network.order if node_id in reached)
    ends = [n for n in order if not any(link.target in reached for link in network.outgoing[n])]
    if not ends:
        return Problem("no_output", inputs[0])
    if ends == inputs:
        return Problem("no_output", inputs[0])
    common = [node_id for node_id in ends if node_id not in supervised]
    if len(common) > 1:
        names = ", ".join(network.nodes[node_id].name for node_id in common)
        return Problem("several_outputs", common[-1], values={"names": names})
    outputs = tuple(n for n in order if n in common or n in supervised)
    return Path(order, common[0] if common else outputs[-1], outputs)


def training_problems(
    network: Network,
    report: ShapeReport,
    sample: SampleShape,
    classes: int,
    data: str,
    recipe: Recipe = Recipe(),  # noqa: B008  immutable
) -> tuple[Problem, ...]:
    """What keeps this network from being trained on data of this shape, beyond wrong shapes."""
    path = find_path(network, recipe.output_losses)
    if isinstance(path, Problem):
        return (path,)
    start = path.order[0]
    shape = report.nodes[start].output
    values: dict[str, Any] = {"data": data, "classes": classes, "expected": shape_text(sample)}
    if report.nodes[start].dtype != "float32":  # every data source gives fractions
        values["node"] = network.nodes[start].name
        return (Problem("input_kind_unlike_data", start, values=values),)
    if shape is not None and shape != sample:
        return (_unlike_data(network, report, start, sample, values),)
    for output in path.outputs:
        choice = recipe.loss_of(output)
        expected = LOSSES[choice.kind].expects(choice.target, classes, sample)
        problem = _unlike_loss(network, report, path, output, expected, values)
        if problem is not None:
            return (problem,)
    if not report.parameters:
        return (Problem("nothing_to_learn", path.output, values=values),)
    return ()


def _unlike_loss(
    network: Network,
    report: ShapeReport,
    path: Path,
    output: str,
    expected: SampleShape | None,
    values: dict[str, Any],
) -> Problem | None:
    """What is wrong with the answer that `output` gives for one sample, whose loss needs that of shape
    `expected`; None: any."""
    shape = report.nodes[output].output
    if shape is None or expected is None or shape == expected:
        return None
    values = values | {"node": network.nodes[output].name, "received": shape_text(shape)}
    if len(expected) != 1:
        return Problem("output_unlike_target", output, values=values | {"needed": shape_text(expected)})
    values["classes"] = expected[0]
    if len(shape) != 1:
        values["found"] = len(shape) + 1
        cause = _first_linear(network, path)
        if cause is None:
            return Problem("no_output_layer", output, output, values)
        values["cause"] = network.nodes[cause].name
        return Problem("output_not_one_row", output, cause, values)
    cause = Ancestry(network, report.nodes).set_size(output, 1)
    values |= {"cause": network.nodes[cause].name, "outputs": shape[0]}
    return Problem("outputs_unlike_classes", output, cause, values)


def _unlike_data(
    network: Network, report: ShapeReport, start: str, sample: SampleShape, values: dict[str, Any]
) -> Problem:
    found = report.nodes[start]
    shape = found.output or ()
    values |= {"node": network.nodes[start].name, "received": shape_text(shape)}
    if len(shape) != len(sample):
        values |= {"found": len(shape) + 1, "needed": len(sample) + 1}
        return Problem("input_axes_unlike_data", start, values=values)
    axis = next(at for at, (a, b) in enumerate(zip(shape, sample, strict=True), 1) if a != b)
    values |= {"axis": axis_name(found.axes, axis), "size": shape[axis - 1], "needed": sample[axis - 1]}
    return Problem("input_unlike_data", start, values=values)


def _first_linear(network: Network, path: Path) -> str | None:
    return next((n for n in path.order if network.nodes[n].kind == "Linear"), None)


def blocking(
    network: Network, problems: tuple[Problem, ...], supervised: Collection[str] = ()
) -> tuple[Problem, ...]:
    """The problems that stand in the way of training: not those of nodes that hang on nothing."""
    path = find_path(network, supervised)
    if isinstance(path, Problem):
        return problems
    return tuple(p for p in problems if p.node is None or p.node in path.order)


def weight_problems(network: Network, report: ShapeReport, weights: Weights) -> tuple[Problem, ...]:
    """Stored numbers that do not fit the network they came with."""
    problems = []
    for key, values in weights.items():
        found = owner(key, network.nodes)
        if found is None:
            continue
        node_id, name = found
        node, shape = network.nodes[node_id], report.nodes.get(node_id)
        if node.kind not in LAYERS or shape is None or shape.output is None:
            continue
        if not shape.fits(name, values):
            expected = shape.weights.get(name)
            kind = "iu" if name in shape.whole else "f"
            details = {
                "node": node.name,
                "weight": name,
                "received": f"{values.dtype} {_size(values.shape)}",
                "expected": "nothing" if expected is None else f"{_KINDS[kind]} {_size(expected)}",
            }
            problems.append(Problem("weights_do_not_fit", node_id, values=details))
    return tuple(problems)


def _size(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape)) or "1"
