"""The run under way, as far as a form has to know it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.recipe.recipe import Recipe


@dataclass(frozen=True)
class Run:
    """recipe: what it began with. step, steps: how far it is, and how far it goes."""

    recipe: Recipe
    step: int = 0
    steps: int = 0
