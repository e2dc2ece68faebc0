"""Gradients: norms per layer, along the links, and the histogram of one layer."""

from __future__ import annotations

from collections.abc import Mapping

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
    rows = [
        torch.stack(
            [
                _norm([p.grad for p in group if p.grad is not None]),
                _norm(before[node]),
                _norm([p.detach() - old for p, old in zip(group, before[node], strict=True)]),
            ]
        )
        for node, group in trainable.items()
    ]
    if not rows:
        return {}
    values = torch.stack(rows).tolist()
    return {node: LayerGradient(*row) for node, row in zip(trainable, values, strict=True)}


def output_gradients(kept: Mapping[str, Tensor]) -> dict[str, float]:
    """‖dE/da‖ over the batch for the output a of each node that kept its gradient."""
    grads = {node: out.grad for node, out in kept.items() if out.grad is not None}
    if not grads:
        return {}
    norms = torch.stack([grad.norm() for grad in grads.values()]).tolist()
    return dict(zip(grads, norms, strict=True))


def gradient_histogram(node: str, group: tuple[nn.Parameter, ...]) -> Histogram | None:
    """How the entries of dE/dw of one node are distributed."""
    grads = [p.grad.flatten() for p in group if p.grad is not None]
    if not grads:
        return None
    values = torch.cat(grads).cpu().numpy()
    values = values[np.isfinite(values)]
    counts, edges = np.histogram(values, bins=BINS) if len(values) else ((), ())
    return Histogram(node, np.asarray(counts), np.asarray(edges)) if len(values) else None


def _norm(tensors: list[Tensor]) -> Tensor:
    if not tensors:  # of a layer that does not learn
        return torch.zeros(())
    return torch.linalg.vector_norm(torch.stack([t.norm() for t in tensors]))
