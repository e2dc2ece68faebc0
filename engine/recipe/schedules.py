"""Learning-rate schedules as functions of the update, so that nothing has to be remembered."""

from __future__ import annotations

from engine.recipe.option import Option

SCHEDULES = {
    option.kind: option for option in (Option("constant", "Constant", "The same rate at every step."),)
}


def rate(recipe, update, total, factor=1.0):  # type: ignore
    return recipe.learning_rate * factor * min(1.0, (update + 1) / max(recipe.warmup_steps, 1))
