"""The learning rate over a run, as points to draw."""

from __future__ import annotations

from engine.recipe import schedules
from engine.recipe.recipe import Recipe

#: Updates, and the rate of each.
Points = list[tuple[int, float]]


def rates(recipe: Recipe, updates: int, points: int) -> Points:
    """At most so many points, evenly from the first update to the last, and the end of the warm-up."""
    last = max(updates, 1)
    count = max(2, min(points, last))
    at = {1 + round(number * (last - 1) / (count - 1)) for number in range(count)}
    if recipe.warmup_steps:
        at |= {min(max(recipe.warmup_steps, 1), last)}
    return [(update, rate(recipe, update, last)) for update in sorted(at)]


def rate(recipe: Recipe, update: int, updates: int) -> float:
    """The rate of one update, counted from 1."""
    known = getattr(schedules, "rate", None)
    if known is not None:
        return float(known(recipe, update, updates))
    ramp = min(1.0, update / recipe.warmup_steps) if recipe.warmup_steps else 1.0
    return recipe.learning_rate * ramp
