"""What a recipe can name: an optimizer, a schedule, a loss, with parameters of its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engine.network.layers.parameter import Parameter
from engine.network.model import ParameterValue


@dataclass(frozen=True)
class Option:
    """kind: what a file says, PyTorch's name where it has one. torch: the dotted name that it stands
    for, "" where the engine has its own. `help` is one line, `formula` Unicode."""

    kind: str
    title: str
    help: str
    parameters: tuple[Parameter, ...] = ()
    torch: str = ""
    formula: str = ""

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)

    def complete(self, given: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
        """The declared parameters, the defaults standing in for those not given."""
        return {p.name: given.get(p.name, p.default) for p in self.parameters}

    def complaint(self, given: Mapping[str, ParameterValue]) -> str | None:
        """What is wrong with the first given value that does not fit, as text, or None."""
        for name, value in given.items():
            parameter = self.parameter(name)
            if parameter is None:
                known = ", ".join(p.name for p in self.parameters) or "none"
                return f"{self.kind} has no parameter {name}; it has: {known}"
            if parameter.complaint(value) is not None:
                return f"{name} of {self.kind} cannot be {value}; {parameter.allowed}"
        return None


def by_kind(options: Iterable[Option]) -> Mapping[str, Option]:
    return {option.kind: option for option in options}
