"""What a network that is still being drawn makes of one sample.

What a node made is remembered with all that it was made from, so after an edit only the nodes
downstream of it run again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from engine.build.layer import build_layer
from engine.build.module import Ran
from engine.build.report import NodeShape, ShapeReport
from engine.build.shapes import ShapeInference
from engine.network.layers import complete
from engine.network.model import Network, Node
from engine.network.ports import arguments
from engine.project.project import Weights

#: Networks beyond any of these are not run while they are drawn: the answer would come too late, or
#: take memory that the user needs.
MOST_NODES = 1_000
MOST_PARAMETERS = 30_000_000
MOST_FLOPS = 10_000_000_000
MOST_VALUES = 20_000_000  #: of all outputs together

_Key = tuple[object, ...]


@dataclass(frozen=True, eq=False)
class _Made:
    """What was made last for one node, and from what. `arrays` keeps the weights alive, whose
    identities are in the key."""

    layer_key: _Key
    layer: nn.Module
    arrays: tuple[object, ...]
    run_key: _Key
    ran: Ran


class Preview:
    """Of flat networks. Not for several threads at once."""

    def __init__(self) -> None:
        self._inference = ShapeInference()
        self._made: dict[str, _Made] = {}
        #: How many layers were run since this was made.
        self.runs = 0

    def of(self, network: Network, x: Tensor, weights: Weights, seed: int) -> dict[str, Ran]:
        """The nodes that x (n, *shape) reaches, in evaluation mode. Behind a problem there are none,
        nor is there any in a network that is too large.

        weights: trained numbers by "<node id>.<PyTorch name>". What has none that fit starts from
        initial numbers that follow from `seed` and the node's id alone."""
        if len(network.nodes) > MOST_NODES:
            return {}
        report = self._inference.report(network)
        if not is_affordable(report, len(x)):
            self._made.clear()
            return {}
        made: dict[str, _Made] = {}
        for node_id in network.order:
            found = self._node(
                network, network.nodes[node_id], report.nodes[node_id], made, x, weights, seed
            )
            if found is not None:
                made[node_id] = found
        self._made = made
        return {node_id: found.ran for node_id, found in made.items()}

    def _node(
        self,
        network: Network,
        node: Node,
        shape: NodeShape,
        made: Mapping[str, _Made],
        x: Tensor,
        weights: Weights,
        seed: int,
    ) -> _Made | None:
        if shape.output is None:
            return None
        if node.kind == "Input":
            if shape.output != tuple(x.shape[1:]) or str(x.dtype) != f"torch.{shape.dtype}":
                return None
            return self._run(node, shape, (), (x,), {}, seed)
        links = arguments(network, node)
        if any(link is not None and link.source not in made for link in links):
            return None
        sources = tuple(None if link is None else made[link.source].ran for link in links)
        inputs = tuple(None if source is None else source.output for source in sources)
        own = {
            name: weights[key]
            for name in shape.weights
            if (key := f"{node.id}.{name}") in weights and shape.fits(name, weights[key])
        }
        return self._run(node, shape, sources, inputs, own, seed)

    def _run(
        self,
        node: Node,
        shape: NodeShape,
        sources: tuple[Ran | None, ...],
        inputs: tuple[Tensor | None, ...],
        weights: Mapping[str, np.ndarray[Any, Any]],
        seed: int,
    ) -> _Made | None:
        """From memory if nothing differs; None when torch refuses."""
        shapes = tuple(tuple(given.shape[1:]) for given in inputs if given is not None)
        settings = (node.kind, tuple(complete(node).items()), shapes)
        numbers = tuple((name, id(values)) for name, values in weights.items())
        layer_key: _Key = (settings, numbers, seed)
        before = self._made.get(node.id)
        known = before is not None and before.layer_key == layer_key
        # A source stands for its values, and is the same object only while they are the same.
        run_key: _Key = sources or tuple(map(id, inputs))
        if before is not None and known and before.run_key == run_key:
            return before
        try:
            if before is not None and known:
                layer = before.layer
            else:
                layer = _initial(node, shapes, seed)
                _load(layer, weights)
            self.runs += 1
            with torch.no_grad():
                output = layer(*inputs)
        except (RuntimeError, ValueError, TypeError, IndexError, AssertionError, MemoryError):
            return None
        own = shape.weights.keys() <= weights.keys()
        trained = own and all(source is None or source.trained for source in sources)
        ran = Ran(node.kind, layer, inputs, output, trained)
        return _Made(layer_key, layer, tuple(weights.values()), run_key, ran)


def is_affordable(report: ShapeReport, samples: int) -> bool:
    """Whether so many samples run through the network in a moment. What is not known counts as
    nothing: such a layer cannot be run either."""
    flops = sum(shape.flops or 0 for shape in report.nodes.values())
    values = sum(shape.activations or 0 for shape in report.nodes.values())
    return (
        report.parameters <= MOST_PARAMETERS
        and flops * samples <= MOST_FLOPS
        and values * samples <= MOST_VALUES
    )


def _initial(node: Node, shapes: tuple[tuple[int, ...], ...], seed: int) -> nn.Module:
    """The node's layer with PyTorch's initial numbers. An edit elsewhere does not change them."""
    digest = sha256(f"{seed} {node.id}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
    with _Draws(generator):
        return build_layer(node, shapes).eval()


def _load(layer: nn.Module, weights: Mapping[str, np.ndarray[Any, Any]]) -> None:
    with torch.no_grad():
        for name, tensor in layer.state_dict().items():
            if name in weights:
                tensor.copy_(torch.from_numpy(weights[name].copy()))


class _Draws(TorchFunctionMode):
    """Random numbers of this thread come from a generator of our own. torch's is shared with the
    training, which would learn otherwise if it were touched."""

    _DRAWING = frozenset(
        {"uniform_", "normal_", "trunc_normal_", "bernoulli_", "exponential_", "rand", "randn"}
        # Functions of torch.nn.init hide the draws inside them from us.
        | {"kaiming_uniform_", "kaiming_normal_", "xavier_uniform_", "xavier_normal_", "orthogonal_"}
    )

    def __init__(self, generator: torch.Generator) -> None:
        super().__init__()
        self._generator = generator

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func.__name__ in self._DRAWING:
            kwargs["generator"] = self._generator
        return func(*args, **kwargs)
