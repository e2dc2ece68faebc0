"""The nn.Module that a network means."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor, nn

from engine.build.layer import build_layer
from engine.build.path import Path
from engine.build.plan import Call, cheaper
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


#: What a loss contains is left to it: cross-entropy takes the values before a Softmax.
_CROSS_ENTROPY = "Softmax"


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

    `forward(x)` gives the network's own output. `heads(x)` gives what the losses take, one tensor for
    each of `path.outputs`: where an output is an activation that its loss contains, the values before
    it. Cross-entropy takes the logarithm of the softmax itself, in one step that cannot overflow, so
    Softmax is never applied twice.

    endings: by output, the kind of the activation in its loss; an output not named has cross-entropy.
    """

    def __init__(
        self,
        network: Network,
        path: Path,
        report: ShapeReport,
        endings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
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
        self.outputs = path.outputs
        #: Whether what the loss of the main output takes are probabilities, not the scores before them.
        self.gives_probabilities = network.nodes[path.output].kind in ("Softmax", "Sigmoid") and (
            endings.get(path.output, _CROSS_ENTROPY) != network.nodes[path.output].kind
        )
        self._output = place[path.output]
        self._heads = tuple(self._head(place[n], endings.get(n, _CROSS_ENTROPY)) for n in path.outputs)
        #: Which of the outputs is the network's own answer.
        self.main = path.outputs.index(path.output)
        self._plan()

    def _plan(self) -> None:
        # Called without nn.Module.__call__, whose hooks nobody uses: of a small network's step it
        # would be a twentieth.
        layers = zip(self._steps, self._kinds, self.layers, strict=True)
        self._all = tuple(
            Call(at, kind, layer.forward, step.sources) for at, (step, kind, layer) in enumerate(layers)
        )
        needed = self._steps_to(self._heads)
        self._needed = tuple(self._all[at] for at in needed)
        self._cheaper = cheaper(self._needed, self._heads)

    @property
    def node_ids(self) -> tuple[str, ...]:
        """The nodes in the order they run."""
        return tuple(step.node for step in self._steps)

    def layer(self, node_id: str) -> nn.Module:
        return self.layers[self.node_ids.index(node_id)]

    def replace_layers(self, replacement: Callable[[nn.Module], nn.Module]) -> None:
        """Give each layer another that does its work with the same parameters and buffers."""
        for at, layer in enumerate(self.layers):
            self.layers[at] = replacement(layer)
        self._plan()

    def forward(self, x: Tensor) -> Tensor:
        return self._run(x, self._all, None)[self._output]  # type: ignore[return-value]

    def observe(self, x: Tensor, keep: dict[str, Tensor]) -> Tensor:
        """As `forward`; `keep` receives every node's output by id."""
        return self._run(x, self._all, keep)[self._output]  # type: ignore[return-value]

    def ran(self, kept: Mapping[str, Tensor], x: Tensor) -> dict[str, Ran]:
        """What every node did, from the outputs that `observe` or `heads` kept for x."""
        found: dict[str, Ran] = {}
        for step, kind, layer in zip(self._steps, self._kinds, self.layers, strict=True):
            sources = (None if at is None else kept[self._steps[at].node] for at in step.sources)
            if step.node in kept:
                found[step.node] = Ran(kind, layer, tuple(sources) or (x,), kept[step.node])
        return found

    def heads(self, x: Tensor, keep: dict[str, Tensor] | None = None) -> tuple[Tensor, ...]:
        """What the losses take, for x (N, *shape); `keep` receives every node's output by id."""
        results = self._run(x, self._cheaper if keep is None else self._needed, keep)
        return tuple(results[at] for at in self._heads)  # type: ignore[misc]

    def scores(self, x: Tensor, keep: dict[str, Tensor] | None = None) -> Tensor:
        """What the loss of the main output takes: logits (N, classes) where it is cross-entropy."""
        return self.heads(x, keep)[self.main]

    def _run(
        self, x: Tensor, calls: Sequence[Call], keep: dict[str, Tensor] | None
    ) -> list[Tensor | None]:
        """The results of these calls, by their places."""
        results: list[Any] = [None] * len(self._steps)
        at = 0
        try:
            for call in calls:
                at, sources = call.at, call.sources
                if not sources:
                    results[at] = call.forward(x)
                elif len(sources) == 1 and sources[0] is not None:
                    results[at] = call.forward(results[sources[0]])
                else:
                    inputs = [None if source is None else results[source] for source in sources]
                    results[at] = call.forward(*inputs)
        except (RuntimeError, ValueError, IndexError, TypeError) as error:
            raise NodeError(self._steps[at].node, error) from error
        if keep is not None:
            keep.update((self._steps[call.at].node, results[call.at]) for call in calls)
        return results

    def _head(self, output: int, ending: str) -> int:
        """The place whose result the loss takes."""
        source = self._steps[output].sources[:1]
        return (
            source[0] if self._kinds[output] == ending and source and source[0] is not None else output
        )

    def _steps_to(self, heads: Collection[int]) -> tuple[int, ...]:
        """The places that must run, in order, to reach these; what only an ending needs is left out."""
        needed = set(heads)
        for at in reversed(range(len(self._steps))):
            if at in needed:
                needed.update(source for source in self._steps[at].sources if source is not None)
        return tuple(sorted(needed))

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
