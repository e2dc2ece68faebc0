"""Learning-rate schedules as functions of the update, so that nothing has to be remembered."""

from __future__ import annotations

from engine.recipe.option import Option

SCHEDULES = {
    option.kind: option for option in (Option("constant", "Constant", "The same rate at every step."),)
}
