"""Hypothesis strategies: parameters that an option takes."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from engine.network.layers.parameter import Parameter
from engine.recipe.option import Option


def values_of(parameter: Parameter) -> st.SearchStrategy[Any]:
    """Values of its type and range, the ends of the range among them."""
    low, high = parameter.minimum, parameter.maximum
    number = st.floats(low, high) | st.sampled_from([float(low), float(high)])
    whole = st.integers(int(low), int(high)) if parameter.type == "int" else st.nothing()
    values: dict[str, st.SearchStrategy[Any]] = {
        "bool": st.booleans(),
        "int": whole,
        "float": number,
        "floats": st.lists(number, min_size=1, max_size=4).map(tuple),
        "choice": st.sampled_from(parameter.choices or ("",)),
    }
    found = values[parameter.type]
    return found | st.just("") if parameter.optional else found


def parameters_of(option: Option) -> st.SearchStrategy[dict[str, Any]]:
    """Some of its parameters, with values that fit each other."""
    strategies = {parameter.name: values_of(parameter) for parameter in option.parameters}
    any_of_them = st.fixed_dictionaries({}, optional=strategies)
    return any_of_them.map(lambda given: fitting(option, given))


def fitting(option: Option, given: dict[str, Any]) -> dict[str, Any]:
    """Without the parameters whose values do not go together."""
    while option.complaint(given) is not None:
        given.popitem()
    return given


def choices(options: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A choice among `options`, as a file says it."""

    def of(kind: str) -> st.SearchStrategy[dict[str, Any]]:
        return st.fixed_dictionaries(
            {"kind": st.just(kind), "parameters": parameters_of(options[kind])}
        )

    return st.sampled_from(sorted(options)).flatmap(of)
