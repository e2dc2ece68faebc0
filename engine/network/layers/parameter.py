"""The parameter of a layer: its type, default, range and help."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from engine.network.model import Node
from engine.network.problem import Problem

#: `size` is one whole number or a (height, width) pair; `shape` one or more whole numbers; `floats` one
#: or more numbers; `choice` one of `choices`.
ParameterType = Literal["int", "float", "bool", "size", "shape", "floats", "text", "choice"]

_NUMBERS = ("int", "float", "size", "shape", "floats")
#: No dimension of a tensor that a person draws is larger; torch would overflow far above it.
LARGEST = 2**31 - 1


@dataclass(frozen=True)
class Parameter:
    """A typed parameter, with PyTorch's name. `minimum` and `maximum` are inclusive and hold for
    every number of a pair or shape. `optional` lets a `size`, `floats` or number be "" for PyTorch's
    None."""

    name: str
    type: ParameterType
    default: Any
    help: str
    minimum: float = -math.inf
    maximum: float = math.inf
    unit: str = ""
    optional: bool = False
    choices: tuple[str, ...] = ()

    def complaint(self, value: object) -> str | None:
        """The code of what is wrong with `value` (`engine.messages`), or None when it fits."""
        if self.optional and value == "":
            return None
        if not self._has_type(value):
            return f"parameter_not_{self.type}"
        if self.type == "choice" and value not in self.choices:
            return "parameter_not_choice"
        numbers = value if isinstance(value, tuple) else (value,)
        if self.type in _NUMBERS and not all(self._in_range(number) for number in numbers):
            return "parameter_out_of_range"
        return None

    @property
    def allowed(self) -> str:
        """What it can be, in words for an error."""
        if self.type == "choice":
            return "it can be " + ", ".join(self.choices)
        if self.type in _NUMBERS:
            return f"{self.type} from {_plain(self.minimum)} to {_plain(self.maximum)} is needed"
        return f"{self.type} is needed"

    def problem(self, node: Node) -> Problem | None:
        """What is wrong with the value that `node` has for this parameter."""
        return self.problem_of(node.parameters.get(self.name, self.default), node.name, node.id)

    def problem_of(self, value: object, owner: str, node: str | None = None) -> Problem | None:
        """What is wrong with `value`. owner: the name of what has the parameter."""
        code = self.complaint(value)
        if code is None:
            return None
        values = {
            "node": owner,
            "parameter": self.name,
            "value": value,
            "minimum": _plain(self.minimum),
            "maximum": _plain(self.maximum),
            "choices": ", ".join(self.choices),
        }
        return Problem(code, node, values=values)

    def _has_type(self, value: object) -> bool:
        if self.type == "bool":
            return isinstance(value, bool)
        if self.type in ("text", "choice"):
            return isinstance(value, str)
        if self.type == "float":
            return _is_number(value)
        if self.type == "int":
            return _is_whole(value)
        if self.type == "size":
            pair = isinstance(value, tuple) and len(value) == 2 and all(map(_is_whole, value))
            return _is_whole(value) or pair
        if self.type == "floats":
            return isinstance(value, tuple) and len(value) >= 1 and all(map(_is_number, value))
        return isinstance(value, tuple) and 1 <= len(value) <= 6 and all(map(_is_whole, value))

    def _in_range(self, number: object) -> bool:
        assert isinstance(number, int | float)
        return self.minimum <= number <= self.maximum


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: object) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


def _plain(number: float) -> str:
    if not math.isfinite(number):
        return "any number"
    return f"{number:,.0f}" if number == int(number) else f"{number:g}"
