"""What a recipe can name: an optimizer, a schedule, a loss, with parameters of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from engine.network.layers.parameter import Parameter
from engine.network.model import ParameterValue

#: All parameters of an option by name.
Parameters = Mapping[str, ParameterValue]

#: The longest list of numbers that a recipe can hold.
MOST_NUMBERS = 10_000


def no_rule(_: Parameters) -> str | None:
    return None


@dataclass(frozen=True)
class Option:
    """kind: what a file says, PyTorch's name where it has one. torch: the dotted name that it stands
    for, "" where the engine has its own. `help` is one line, `formula` Unicode. rule: what is wrong
    with values of which each alone is fine, as text, or None."""

    kind: str
    title: str
    help: str
    parameters: tuple[Parameter, ...] = ()
    torch: str = ""
    formula: str = ""
    rule: Callable[[Parameters], str | None] = no_rule

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)

    def complete(self, given: Parameters) -> dict[str, ParameterValue]:
        """The declared parameters, the defaults standing in for those not given."""
        return {p.name: given.get(p.name, p.default) for p in self.parameters}

    def complaint(self, given: Parameters) -> str | None:
        """What is wrong with the first given value that does not fit, as text, or None."""
        for name, value in given.items():
            parameter = self.parameter(name)
            if parameter is None:
                known = ", ".join(p.name for p in self.parameters) or "none"
                return f"{self.kind} has no parameter {name[:80]}; it has: {known}"
            if isinstance(value, tuple) and len(value) > MOST_NUMBERS:
                return f"{name} of {self.kind} has {len(value)} numbers; {MOST_NUMBERS} are allowed"
            if parameter.complaint(value) is not None:
                return f"{name} of {self.kind} cannot be {str(value)[:80]}; {parameter.allowed}"
        broken = self.rule(self.complete(given))
        return None if broken is None else f"{self.kind}: {broken}"


def by_kind(options: Iterable[Option]) -> Mapping[str, Option]:
    return {option.kind: option for option in options}


def number(values: Parameters, name: str) -> float:
    """A number among checked values."""
    value = values[name]
    assert isinstance(value, int | float)
    return float(value)


def numbers(values: Parameters, name: str) -> tuple[float, ...]:
    """A list of numbers among checked values; empty where it is left open."""
    value = values[name]
    return tuple(map(float, value)) if isinstance(value, tuple) else ()
