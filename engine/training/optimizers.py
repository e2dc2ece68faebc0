"""The optimizer that a recipe names."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

import torch
from torch import nn

from engine.recipe.recipe import Recipe


def make_optimizer(recipe: Recipe, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """torch.optim's own class; fused where it has such a kernel (one call for all parameters)."""
    kind = getattr(torch.optim, recipe.optimizer.kind)
    values = recipe.optimizer.complete
    if "fused" in inspect.signature(kind).parameters:
        values["fused"] = True
    optimizer: torch.optim.Optimizer = kind(parameters, lr=recipe.learning_rate, **values)
    return optimizer


def set_hyper(optimizer, recipe, rate=None):  # type: ignore
    for group in optimizer.param_groups:
        group.update(recipe.optimizer.complete)
