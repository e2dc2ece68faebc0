"""Tensor shapes of a whole network, found by running every layer on torch's meta device.

The meta device computes shapes and allocates nothing. What a layer did with given parameters and
input shapes is remembered, so after an edit only the nodes downstream of it are run again.
"""

from __future__ import annotations

import math
from collections import OrderedDict

import torch

from engine.build.axes import axes_after
from engine.build.causes import Ancestry
from engine.build.cost import with_cost
from engine.build.fit import LARGEST_LAYER_BYTES, input_problem, parameter_problem
from engine.build.layer import arguments_from_input, build_layer
from engine.build.report import EMPTY_REPORT, NodeShape, ShapeReport
from engine.network.layers import LAYERS, complete
from engine.network.model import Network, Node
from engine.network.ports import arguments, free_inputs
from engine.network.problem import Problem

UNKNOWN = NodeShape()
_REMEMBERED = 20_000


class ShapeInference:
    """Of flat networks. Not for several threads at once; each thread that infers has one of its own."""

    def __init__(self) -> None:
        self._memory: OrderedDict[tuple[object, ...], NodeShape | str] = OrderedDict()

    def report(self, network: Network) -> ShapeReport:
        """Shapes and shape problems of every node. Nodes behind a problem have unknown shapes and
        are not blamed for it."""
        if not network.nodes:
            return EMPTY_REPORT
        shapes: dict[str, NodeShape] = {}
        problems: list[Problem] = []
        ancestry = Ancestry(network, shapes)
        if network.cycle:
            names = " → ".join(network.nodes[node_id].name for node_id in network.cycle)
            problems.append(Problem("cycle", network.cycle[0], values={"names": names}))
        for node_id in network.order:
            found = self._node(network.nodes[node_id], network, shapes, ancestry)
            if isinstance(found, Problem):
                problems.append(found)
                shapes[node_id] = UNKNOWN
            else:
                shapes[node_id] = found
        total = sum(shape.parameters for shape in shapes.values())
        return ShapeReport(shapes, tuple(problems), total)

    def _node(
        self, node: Node, network: Network, shapes: dict[str, NodeShape], ancestry: Ancestry
    ) -> NodeShape | Problem:
        if node.kind not in LAYERS:
            return Problem("unknown_kind", node.id, values={"node": node.name, "kind": node.kind})
        problem = parameter_problem(node)
        if problem is not None:
            return problem
        free = free_inputs(network, node)
        if free:
            code = "input_missing" if len(LAYERS[node.kind].inputs) == 1 else "port_missing"
            return Problem(code, node.id, values={"node": node.name, "port": free[0]})
        given = arguments(network, node)
        inputs = tuple(None if link is None else shapes[link.source] for link in given)
        known = tuple(found.output for found in inputs if found and found.output is not None)
        if len(known) < sum(link is not None for link in given):
            return UNKNOWN
        if known:
            problem = input_problem(node, known, network, ancestry) or self._wrong_kind(
                node, network, shapes
            )
            if problem is not None:
                return problem
        found = self._run(node, inputs)
        if isinstance(found, str):
            return Problem("torch_refused", node.id, values={"node": node.name, "reason": found})
        if sum(map(math.prod, found.weights.values())) * 4 > LARGEST_LAYER_BYTES:
            gib = found.parameters * 4 / 2**30
            values = {"node": node.name, "count": f"{found.parameters:,}", "gib": f"{gib:,.0f}"}
            return Problem("layer_too_large", node.id, values=values)
        return found

    @staticmethod
    def _wrong_kind(node: Node, network: Network, shapes: dict[str, NodeShape]) -> Problem | None:
        """Whole numbers where the layer reads fractions, or the other way round."""
        expected = LAYERS[node.kind].input_dtype
        for link in network.incoming[node.id]:
            if expected and shapes[link.source].dtype != expected:
                cause = network.nodes[link.source]
                values = {"node": node.name, "cause": cause.name}
                code = "needs_whole_numbers" if expected == "int64" else "needs_fractions"
                return Problem(code, node.id, cause.id, values)
        return None

    def _run(self, node: Node, inputs: tuple[NodeShape | None, ...]) -> NodeShape | str:
        """What the layer makes of these inputs, or torch's complaint; remembered."""
        given = tuple(found and (found.output, found.dtype, found.axes) for found in inputs)
        key = (node.kind, tuple(complete(node).items()), given)
        if key in self._memory:
            self._memory.move_to_end(key)
            return self._memory[key]
        found = _run_on_meta(node, inputs)
        self._memory[key] = found
        if len(self._memory) > _REMEMBERED:
            self._memory.popitem(last=False)
        return found


def _run_on_meta(node: Node, inputs: tuple[NodeShape | None, ...]) -> NodeShape | str:
    if node.kind == "Input":
        shape, dtype = complete(node)["shape"], complete(node)["dtype"]
        assert isinstance(shape, tuple) and isinstance(dtype, str)
        found = NodeShape(output=shape, dtype=dtype, axes=axes_after(node, (), shape))
        return with_cost(node, (), found)
    shapes = tuple(found.output for found in inputs if found and found.output is not None)
    try:
        with torch.device("meta"), torch.no_grad():
            module = build_layer(node, shapes)
            output = module(*map(_empty, inputs))
    except (
        RuntimeError,
        ValueError,
        TypeError,
        IndexError,
        OverflowError,
        AssertionError,  # torch's attention asserts its shapes
    ) as error:
        return str(error).partition("\n")[0] or type(error).__name__
    state = module.state_dict()
    made = tuple(output.shape[1:])
    found = NodeShape(
        output=made,
        dtype=str(output.dtype).removeprefix("torch."),
        axes=axes_after(node, [found.axes for found in inputs if found], made),
        parameters=sum(parameter.numel() for parameter in module.parameters()),
        arguments=arguments_from_input(node.kind, shapes[0]),
        weights={name: tuple(tensor.shape) for name, tensor in state.items()},
        whole=frozenset(name for name, tensor in state.items() if not tensor.is_floating_point()),
        trainable=tuple(name for name, _ in module.named_parameters()),
    )
    return with_cost(node, [None if given is None else given.output for given in inputs], found)


def _empty(given: NodeShape | None) -> torch.Tensor | None:
    """Two samples: BatchNorm refuses to train on one."""
    if given is None or given.output is None:
        return None
    return torch.empty((2, *given.output), dtype=getattr(torch, given.dtype))
