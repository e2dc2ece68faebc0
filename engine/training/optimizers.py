"""The optimizer that a recipe names."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from engine.project.recipe import Recipe


def make_optimizer(recipe: Recipe, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """torch.optim's own class; fused where it has such a kernel (one call for all parameters)."""
    rate, decay, momentum = recipe.learning_rate, recipe.weight_decay, recipe.momentum
    match recipe.optimizer:
        case "Adam":
            return torch.optim.Adam(parameters, rate, weight_decay=decay, fused=True)
        case "AdamW":
            return torch.optim.AdamW(parameters, rate, weight_decay=decay, fused=True)
        case "SGD":
            return torch.optim.SGD(parameters, rate, momentum, weight_decay=decay, fused=True)
        case "RMSprop":
            return torch.optim.RMSprop(parameters, rate, momentum=momentum, weight_decay=decay)
