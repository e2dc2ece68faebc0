"""How long a run is, from its recipe and the number of samples."""

from __future__ import annotations

from dataclasses import dataclass

from engine.recipe.recipe import Recipe


@dataclass(frozen=True)
class Length:
    """steps: batches in all. updates: calls of the optimizer, one each `accumulate` batches."""

    steps_per_epoch: int
    steps: int
    updates: int


def length(recipe: Recipe, samples: int) -> Length:
    """samples: that the data set has for training, before a share of them is held back."""
    learned = max(1, samples - int(samples * recipe.validation_share))
    per_epoch = -(-learned // recipe.batch_size)
    steps = recipe.steps or per_epoch * recipe.epochs
    return Length(per_epoch, steps, -(-steps // recipe.accumulate))
