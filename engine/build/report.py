"""What shape inference found. Plain values: the GUI reads them without importing torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.network.problem import Problem

#: Sizes without the batch axis; (32, 26, 26) is shown as N × 32 × 26 × 26.
Shape = tuple[int, ...]


@dataclass(frozen=True)
class NodeShape:
    """One node. `output` is None where it cannot be known; `arguments` are the constructor arguments
    that were read off the input, such as in_features; `weights` the shape of each parameter and
    buffer by PyTorch's name."""

    output: Shape | None = None
    parameters: int = 0
    arguments: Mapping[str, int] = field(default_factory=dict)
    weights: Mapping[str, Shape] = field(default_factory=dict)
    #: Those of `weights` that are whole numbers, such as BatchNorm's count of batches.
    whole: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ShapeReport:
    """Every node's shape, every problem, and the number of trainable parameters in all."""

    nodes: Mapping[str, NodeShape] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    parameters: int = 0
    #: Those of `problems` that stand in the way of training.
    blocking: tuple[Problem, ...] = ()

    def problems_of(self, node_id: str) -> tuple[Problem, ...]:
        return tuple(problem for problem in self.problems if problem.node == node_id)


EMPTY_REPORT = ShapeReport()


def shape_text(shape: Shape | None) -> str:
    """`N × 32 × 26 × 26`; `?` where the shape is not known."""
    return "?" if shape is None else " × ".join(["N", *map(str, shape)])
