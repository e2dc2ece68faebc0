"""Where in a recipe a choice stands: a field, one of a list, or one by an output's id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.network.model import ParameterValue
from engine.recipe.option import Option
from engine.recipe.recipe import Recipe


@dataclass(frozen=True)
class Place:
    """field: of the recipe. key: nothing, a number in its list, or an id in its mapping; there the
    recipe's own loss stands in for a choice that is not made."""

    field: str
    key: int | str | None = None

    def own(self, recipe: Recipe) -> Any:
        """The choice here, or None."""
        value = getattr(recipe, self.field)
        if isinstance(self.key, int):
            return value[self.key] if self.key < len(value) else None
        return value if self.key is None else value.get(self.key)

    def find(self, recipe: Recipe) -> Any:
        """The choice here, or the one that stands in for it."""
        own = self.own(recipe)
        return recipe.loss if own is None and isinstance(self.key, str) else own

    def put(self, recipe: Recipe, choice: Mapping[str, Any] | None) -> dict[str, Any]:
        """What is to be set in the recipe so that this choice, or none, stands here."""
        value = recipe.model_dump()[self.field]
        if self.key is None:
            return {self.field: choice}
        if isinstance(self.key, int):
            rest = [choice] if choice is not None else []
            return {self.field: (*value[: self.key], *rest, *value[self.key + 1 :])}
        others = {key: each for key, each in value.items() if key != self.key}
        return {self.field: others if choice is None else {**others, self.key: choice}}


def with_kind(choice: Any, option: Option) -> dict[str, Any]:
    """The same choice with another option; what was set and fits stays set."""
    kept = {
        name: value
        for name, value in choice.parameters.items()
        if option.complaint({name: value}) is None
    }
    if option.complaint(kept) is not None:  # each fits, but not together
        kept = {}
    return {**choice.model_dump(), "kind": option.kind, "parameters": kept}


def with_value(choice: Any, name: str, value: ParameterValue) -> dict[str, Any]:
    """The same choice with one parameter set; what equals its default is left out."""
    parameter = choice.option.parameter(name)
    if parameter is None:  # a field of the choice itself
        return {**choice.model_dump(), name: value}
    others = {key: each for key, each in choice.parameters.items() if key != name}
    given = others if value == parameter.default else {**others, name: value}
    return {**choice.model_dump(), "parameters": given}
