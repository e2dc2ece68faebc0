"""A loss that is no number: at which step, and which node is the first to blame."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.build.module import NetworkModule
from engine.network.expand import expand
from engine.network.problem import Problem
from engine.project.project import Project
from engine.training.fault import TrainingError


def check_finite(
    losses: NDArray[np.floating],
    first: int,
    module: NetworkModule,
    project: Project,
    batch: tuple[Tensor, Tensor],
) -> None:
    """Raises TrainingError when one of `losses` (those of steps first + 1, first + 2, …) is NaN or
    infinite, naming the first node whose output on `batch` is not finite."""
    bad = np.flatnonzero(~np.isfinite(losses))
    if not len(bad):
        return
    values = {
        "step": first + int(bad[0]) + 1,
        "value": str(losses[bad[0]]),
        "learning_rate": f"{project.recipe.learning_rate:g}",
    }
    node = _first_bad_node(module, batch[0])
    if node is None:
        raise TrainingError(Problem("loss_not_finite", None, values=values))
    flat = expand(project.network)
    values["node"] = flat.network.nodes[node].name
    raise TrainingError(Problem("output_not_finite", flat.origin_of(node), values=values))


def _first_bad_node(module: NetworkModule, x: Tensor) -> str | None:
    kept: dict[str, Tensor] = {}
    with torch.no_grad():
        module.scores(x, kept)
    return next((node for node, out in kept.items() if not out.isfinite().all()), None)
