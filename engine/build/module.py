"""The nn.Module that a network means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from engine.build.layer import build_layer
from engine.build.path import Path
from engine.build.report import ShapeReport
from engine.network.model import Network
from engine.network.ports import arguments
from engine.project.project import Weights


class NodeError(RuntimeError):
    """A layer raised while it computed; `node` is its id, the cause is chained."""

    def __init__(self, node: str, reason: BaseException) -> None:
        super().__init__(str(reason))
        self.node = node


@dataclass(frozen=True)
class _Step:
    """Compute node `node` from the results at `sources` with the module of the same place. None: an
    input port without a link; no sources: the network's own input."""

    node: str
    sources: tuple[int | None, ...]


@dataclass(frozen=True, eq=False)
class Ran:
    """What one node did with a batch. kind: of its layer. inputs: in the order the layer takes them,
    None for an input port without a link. trained: False when initial weights led to the output."""

    kind: str
    layer: nn.Module
    inputs: tuple[Tensor | None, ...]
    output: Tensor
    trained: bool = True


class NetworkModule(nn.Module):
    """Runs the nodes of a flat network on the way from Input to the output, in order.

    `forward(x)` gives the network's own output. `scores(x)` gives what cross-entropy takes: when the
    network ends in Softmax, the values before it, since the loss takes the logarithm of the softmax
    itself, in one step that cannot overflow. So Softmax is never applied twice.
    """

    def __init__(self, network: Network, path: Path, report: ShapeReport) -> None:
        super().__init__()
        place = {node_id: at for at, node_id in enumerate(path.order)}
        self._steps = [
            _Step(
                node_id,
                tuple(
                    None if link is None else place[link.source]
                    for link in arguments(network, network.nodes[node_id])
                ),
            )
            for node_id in path.order
        ]
        self.layers = nn.ModuleList(
            build_layer(
                network.nodes[step.node],
                tuple(
                    report.nodes[path.order[source]].output or ()
                    for source in step.sources
                    if source is not None
                ),
            )
            for step in self._steps
        )
        self._kinds = tuple(network.nodes[step.node].kind for step in self._steps)
        self.ends_in_softmax = network.nodes[path.output].kind == "Softmax"

    @property
    def node_ids(self) -> tuple[str, ...]:
        """The nodes in the order they run."""
        return tuple(step.node for step in self._steps)

    def layer(self, node_id: str) -> nn.Module:
        return self.layers[self.node_ids.index(node_id)]

    def forward(self, x: Tensor) -> Tensor:
        return self._run(x, len(self._steps), None)

    def outputs(self, x: Tensor, keep: dict[str, Tensor]) -> Tensor:
        """As `forward`; `keep` receives every node's output by id."""
        return self._run(x, len(self._steps), keep)

    def ran(self, kept: Mapping[str, Tensor], x: Tensor) -> dict[str, Ran]:
        """What every node did, from the outputs that `outputs` or `scores` kept for x."""
        found: dict[str, Ran] = {}
        for step, kind, layer in zip(self._steps, self._kinds, self.layers, strict=True):
            sources = (None if at is None else kept[self._steps[at].node] for at in step.sources)
            if step.node in kept:
                found[step.node] = Ran(kind, layer, tuple(sources) or (x,), kept[step.node])
        return found

    def scores(self, x: Tensor, keep: dict[str, Tensor] | None = None) -> Tensor:
        """Logits (N, classes) for x (N, *shape); `keep` receives every node's output by id."""
        return self._run(x, len(self._steps) - self.ends_in_softmax, keep)

    def _run(self, x: Tensor, count: int, keep: dict[str, Tensor] | None) -> Tensor:
        results: list[Tensor] = []
        node = ""
        try:
            for step, layer in zip(self._steps[:count], self.layers, strict=False):
                node = step.node
                inputs = [None if at is None else results[at] for at in step.sources] or [x]
                results.append(layer(*inputs))
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            raise NodeError(node, error) from error
        if keep is not None:
            keep.update((step.node, result) for step, result in zip(self._steps, results, strict=False))
        return results[-1]

    def weights(self) -> dict[str, Tensor]:
        """Every parameter and buffer by "<node id>.<PyTorch name>"."""
        return {
            f"{step.node}.{name}": tensor
            for step, layer in zip(self._steps, self.layers, strict=True)
            for name, tensor in layer.state_dict().items()
        }

    def trainable(self) -> Mapping[str, tuple[nn.Parameter, ...]]:
        """The parameters of each node that has any, in the order they run."""
        found = {
            step.node: tuple(layer.parameters())
            for step, layer in zip(self._steps, self.layers, strict=True)
        }
        return {node: parameters for node, parameters in found.items() if parameters}

    def load(self, weights: Weights) -> None:
        """Copy in the arrays that fit; a parameter without a fitting one keeps its initial value."""
        with torch.no_grad():
            for name, tensor in self.weights().items():
                given = weights.get(name)
                if given is not None and tuple(given.shape) == tuple(tensor.shape):
                    tensor.copy_(torch.from_numpy(given.copy()))
