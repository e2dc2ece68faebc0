"""What a whole network costs to train: what `engine.build.cost` says of its layers, added up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.build.cost import plus
from engine.build.report import NodeCost, NodeShape, ShapeReport
from engine.network.expand import expand
from engine.network.model import Network
from engine.recipe.optimizers import OPTIMIZERS
from engine.recipe.recipe import Recipe

#: Bytes of one number, by PyTorch's name of its kind. Learned numbers are float32.
BYTES: Mapping[str, int] = {"float32": 4, "int64": 8}
FLOAT = BYTES["float32"]


@dataclass(frozen=True)
class Cost:
    """A network at one batch size. FLOPs are those of one sample, forward; memory is that of training
    in float32, without what PyTorch itself and its kernels need. `unknown`: of so many nodes the
    cost is not known, so the numbers are lower bounds. `layers`: copies count one by one."""

    parameters: int = 0
    flops: int = 0
    activation_bytes: int = 0
    weight_bytes: int = 0
    gradient_bytes: int = 0
    optimizer_bytes: int = 0
    unknown: int = 0
    layers: int = 0

    @property
    def bytes(self) -> int:
        """All memory together."""
        kept = self.weight_bytes + self.gradient_bytes + self.optimizer_bytes
        return kept + self.activation_bytes


def with_costs(network: Network, report: ShapeReport) -> ShapeReport:
    """`report` with what each node of `network` costs."""
    return replace(report, costs=node_costs(network, report))


def node_costs(network: Network, report: ShapeReport) -> dict[str, NodeCost]:
    """Of every node of the diagram that computes, in the order of computing, and after them of every
    block: all that lies in it."""
    expansion = expand(network)
    found: dict[str, NodeCost] = {}
    blocks: dict[str, NodeCost] = {}
    for flat_id in expansion.network.order:
        shape = report.nodes.get(flat_id, NodeShape())
        node_id = expansion.origin_of(flat_id)
        found[node_id] = _plus(found.get(node_id, NodeCost()), shape)
        for block in network.blocks_around(node_id):
            blocks[block] = _plus(blocks.get(block, NodeCost()), shape)
    return found | blocks


def _plus(cost: NodeCost, shape: NodeShape) -> NodeCost:
    """With one layer more."""
    size = BYTES.get(shape.dtype, FLOAT)
    kept = None if shape.activations is None else shape.activations * size
    return NodeCost(
        cost.parameters + shape.parameters,
        plus(cost.flops, shape.flops),
        plus(cost.activation_bytes, kept),
        cost.layers + 1,
    )


def total(network: Network, costs: Mapping[str, NodeCost], recipe: Recipe, batch_size: int) -> Cost:
    """The sum over the nodes of `node_costs`; those that are no longer in the network are left out."""
    nodes = [
        cost
        for node_id, cost in costs.items()
        if node_id in network.nodes and network.nodes[node_id].kind != "Block"
    ]
    parameters = sum(cost.parameters for cost in nodes)
    return Cost(
        parameters,
        sum(cost.flops or 0 for cost in nodes),
        batch_size * sum(cost.activation_bytes or 0 for cost in nodes),
        parameters * FLOAT,
        parameters * FLOAT,
        parameters * FLOAT * optimizer_numbers(recipe),
        sum(cost.flops is None or cost.activation_bytes is None for cost in nodes),
        sum(cost.layers for cost in nodes),
    )


def optimizer_numbers(recipe: Recipe) -> int:
    """How many numbers the optimizer remembers for each parameter."""
    choice = recipe.optimizer
    return OPTIMIZERS[choice.kind].remembers(choice.complete)
