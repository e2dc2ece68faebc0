"""Numbers that are none: where in a step the first of them appears."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.build.module import NetworkModule


def leading_finite(values: NDArray[np.floating]) -> int:
    """How many of values (k,) come before the first that is NaN or infinite."""
    bad = np.flatnonzero(~np.isfinite(values))
    return int(bad[0]) if len(bad) else len(values)


def first_not_finite(kept: Mapping[str, Tensor]) -> str | None:
    """The first node, in the order of the forward pass, whose output is not finite."""
    return next((node for node, out in kept.items() if not _is_finite(out)), None)


def first_not_finite_gradient(module: NetworkModule, kept: Mapping[str, Tensor]) -> str | None:
    """The first node, in the order of the backward pass, where the gradient of a parameter or of
    what it was given is not finite. `kept` has the outputs with their gradients."""
    trainable = module.trainable()
    for node, output in reversed(list(kept.items())):
        gradients = [parameter.grad for parameter in trainable.get(node, ())]
        if not all(_is_finite(gradient) for gradient in (output.grad, *gradients)):
            return node
    return None


def _is_finite(tensor: Tensor | None) -> bool:
    return tensor is None or bool(torch.isfinite(tensor).all())
