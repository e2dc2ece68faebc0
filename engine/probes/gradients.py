"""Gradients: norms per layer, along the links, and the histogram of one layer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from engine.telemetry.frame import Histogram, LayerGradient

BINS = 64

Trainable = Mapping[str, tuple[nn.Parameter, ...]]


def copies(trainable: Trainable) -> Mapping[str, list[Tensor]]:
    """The parameters as they are now, for comparing after the update."""
    return {node: [p.detach().clone() for p in group] for node, group in trainable.items()}


def layer_gradients(
    trainable: Trainable, before: Mapping[str, list[Tensor]]
) -> dict[str, LayerGradient]:
    """Norms over all parameters of each node: of the gradient, of the weights before the update and
    of the update itself. One transfer for all of them."""
    parameters = [p.detach() for group in trainable.values() for p in group]
    if not parameters:
        return {}
    old = [tensor for tensors in before.values() for tensor in tensors]
    # A layer that does not learn has no gradients.
    gradients = [_gradient(p) for group in trainable.values() for p in group]
    changes = torch._foreach_sub(parameters, old)
    norms = torch._foreach_norm([*gradients, *old, *changes])
    rows = np.array(torch.stack(list(norms)).tolist()).reshape(3, -1)
    found, first = {}, 0
    for node, group in trainable.items():
        gradient, weight, update = np.linalg.norm(rows[:, first : first + len(group)], axis=1).tolist()
        found[node] = LayerGradient(gradient, weight, update)
        first += len(group)
    return found


class OutputGradients:
    """‖dE/da‖ over the batch for the output a of each node, taken as the backward pass comes by. To
    keep the gradients for it would copy them all."""

    def __init__(self, kept: Mapping[str, Tensor]) -> None:
        """kept: the outputs by node, before the backward pass."""
        self._norms: dict[str, Tensor] = {}
        self._order = tuple(kept)
        for node, output in kept.items():
            if output.requires_grad:
                output.register_hook(partial(self._take, node))

    def norms(self) -> dict[str, float]:
        """In the order of the forward pass."""
        found = {node: self._norms[node] for node in self._order if node in self._norms}
        values = torch.stack(list(found.values())).tolist() if found else []
        return dict(zip(found, values, strict=True))

    def _take(self, node: str, gradient: Tensor) -> None:
        self._norms[node] = torch.linalg.vector_norm(gradient)


def gradient_histogram(node: str, group: tuple[nn.Parameter, ...]) -> Histogram | None:
    """How the entries of dE/dw of one node are distributed."""
    grads = [p.grad.flatten() for p in group if p.grad is not None]
    if not grads:
        return None
    values = torch.cat(grads).cpu().numpy()
    values = values[np.isfinite(values)]
    counts, edges = np.histogram(values, bins=BINS) if len(values) else ((), ())
    return Histogram(node, np.asarray(counts), np.asarray(edges)) if len(values) else None


def _gradient(parameter: nn.Parameter) -> Tensor:
    return parameter.grad if parameter.grad is not None else parameter.detach().new_zeros(1)
