"""What shape inference found. Plain values: the GUI reads them without importing torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.network.model import Link
from engine.network.problem import Problem

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Sizes without the batch axis; (32, 26, 26) is shown as N × 32 × 26 × 26.
Shape = tuple[int, ...]


@dataclass(frozen=True)
class NodeShape:
    """One node. `output` is None where it cannot be known; `arguments` are the constructor arguments
    that were read off the input, such as in_features; `weights` the shape of each parameter and
    buffer by PyTorch's name. `outputs`: by port, where the output port is not the only one."""

    output: Shape | None = None
    outputs: Mapping[str, Shape] = field(default_factory=dict)
    #: Kind of the output's numbers, by PyTorch's name.
    dtype: str = "float32"
    #: What each axis of the output counts (`engine.build.axes`), "" where that is not known.
    axes: tuple[str, ...] = ()
    parameters: int = 0
    arguments: Mapping[str, int] = field(default_factory=dict)
    weights: Mapping[str, Shape] = field(default_factory=dict)
    #: Those of `weights` that are whole numbers, such as BatchNorm's count of batches.
    whole: frozenset[str] = frozenset()
    #: Those of `weights` that are learned.
    trainable: tuple[str, ...] = ()
    #: Of one sample, as `engine.build.cost` counts them: operations forward, and values kept for the
    #: backward pass. None while they are not known.
    flops: int | None = None
    activations: int | None = None

    def fits(self, name: str, values: NDArray[Any]) -> bool:
        """Whether stored numbers can be this node's `name`."""
        kinds = "iu" if name in self.whole else "f"
        return self.weights.get(name) == tuple(values.shape) and values.dtype.kind in kinds


@dataclass(frozen=True)
class NodeCost:
    """What one node of the diagram costs, all its copies together; a block all that lies in it. For
    one sample; `flops` and `activation_bytes` are None while they are not known. `layers`: how many
    layers it stands for."""

    parameters: int = 0
    flops: int | None = 0
    activation_bytes: int | None = 0
    layers: int = 0

    @property
    def known_parameters(self) -> int | None:
        """None for a layer that cannot be made yet: of what it will learn nothing is known."""
        return None if self.flops is None and not self.parameters else self.parameters


@dataclass(frozen=True)
class ShapeReport:
    """Every node's shape, every problem, and the number of trainable parameters in all.

    `nodes` names every node of the flat network (`engine.network.expand`), so also the copies in a
    repeated block, and besides them every block and every port of one."""

    nodes: Mapping[str, NodeShape] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    parameters: int = 0
    #: Those of `problems` that stand in the way of training.
    blocking: tuple[Problem, ...] = ()
    #: Of every node and block of the diagram (`engine.build.budget`).
    costs: Mapping[str, NodeCost] = field(default_factory=dict)

    def shape_on(self, link: Link) -> Shape | None:
        """The shape of the tensor on a link, or None while it is not known."""
        found = self.nodes.get(link.source)
        return None if found is None else found.outputs.get(link.source_port, found.output)

    def axes_on(self, link: Link) -> tuple[str, ...]:
        """What each axis of the tensor on a link counts; () while its shape is not known."""
        found = self.nodes.get(link.source)
        if found is None:
            return ()
        # A port of a block is a node of its own.
        return self.nodes.get(link.source_port, found).axes if found.outputs else found.axes

    def problems_of(self, node_id: str) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.node == node_id)


EMPTY_REPORT = ShapeReport()


def shape_text(shape: Shape | None) -> str:
    """`N × 32 × 26 × 26`; `?` where the shape is not known."""
    return "?" if shape is None else " × ".join(["N", *map(str, shape)])
