"""Dataclasses as JSON with arrays beside it, and back by their annotations.

What travels is declared once, as a dataclass: a new field of `Frame` needs nothing here. Reading is led
by the declaration, never by the sender: unknown fields are ignored, and what does not fit is refused.
"""

from __future__ import annotations

import dataclasses
import math
import types
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Reader = Callable[[Any, tuple[Array, ...]], Any]
T = TypeVar("T")


class ProtocolError(Exception):
    """The other side sent what this one does not accept; the text says what."""


def pack(value: Any, arrays: list[Array]) -> Any:
    """`value` as JSON; arrays in it are added to `arrays` and named by their place there."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"number": str(float(value))}
    if isinstance(value, np.ndarray):
        arrays.append(value)
        return {"array": len(arrays) - 1}
    if isinstance(value, np.generic):
        return pack(value.item(), arrays)
    if dataclasses.is_dataclass(value):
        return {f.name: pack(getattr(value, f.name), arrays) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): pack(item, arrays) for key, item in value.items()}
    if isinstance(value, Iterable):
        return [pack(item, arrays) for item in value]
    raise TypeError(f"{type(value).__name__} cannot be sent")


def unpack(kind: Callable[..., T], raw: Any, arrays: tuple[Array, ...]) -> T:
    """The inverse of `pack` for a dataclass. Raises ProtocolError."""
    value: T = _reader(kind)(raw, arrays)
    return value


@cache
def _reader(hint: Any) -> Reader:
    """What reads a value that is declared as `hint`."""
    origin, parts = get_origin(hint), get_args(hint)
    if dataclasses.is_dataclass(hint):
        return _dataclass_reader(hint)
    if origin in (Union, types.UnionType):
        return _union_reader(parts)
    if origin is Literal:
        return _literal_reader(parts)
    if origin is np.ndarray or hint is np.ndarray:
        return _read_array
    if origin is tuple:
        return _tuple_reader(parts)
    if origin is frozenset:
        item = _reader(parts[0])
        return lambda raw, arrays: frozenset(item(one, arrays) for one in _list(raw))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        item = _reader(parts[1])
        return lambda raw, arrays: {key: item(one, arrays) for key, one in _table(raw).items()}
    if hint in _PLAIN:
        return _PLAIN[hint]
    raise TypeError(f"{hint} cannot be received")


def _dataclass_reader(kind: Any) -> Reader:
    hints = get_type_hints(kind, localns={"NDArray": NDArray})
    fields = [(f.name, _needed(f), _reader(hints[f.name])) for f in dataclasses.fields(kind) if f.init]

    def read(raw: Any, arrays: tuple[Array, ...]) -> Any:
        table = _table(raw)
        values = {}
        for name, needed, reader in fields:
            if name in table:
                values[name] = reader(table[name], arrays)
            elif needed:
                raise ProtocolError(f"{kind.__name__} without {name}")
        return kind(**values)

    return read


def _needed(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _union_reader(parts: tuple[Any, ...]) -> Reader:
    others = [_reader(part) for part in parts if part is not type(None)]
    optional = len(others) < len(parts)

    def read(raw: Any, arrays: tuple[Array, ...]) -> Any:
        if raw is None and optional:
            return None
        for reader in others[:-1]:
            try:
                return reader(raw, arrays)
            except ProtocolError:
                continue
        return others[-1](raw, arrays)

    return read


def _literal_reader(choices: tuple[Any, ...]) -> Reader:
    def read(raw: Any, _: tuple[Array, ...]) -> Any:
        if not isinstance(raw, str) or raw not in choices:
            raise ProtocolError(f"{_brief(raw)} is none of {choices}")
        return raw

    return read


def _tuple_reader(parts: tuple[Any, ...]) -> Reader:
    if len(parts) == 2 and parts[1] is Ellipsis:
        item = _reader(parts[0])
        return lambda raw, arrays: tuple(item(one, arrays) for one in _list(raw))
    items = [_reader(part) for part in parts]

    def read(raw: Any, arrays: tuple[Array, ...]) -> Any:
        if len(_list(raw)) != len(items):
            raise ProtocolError(f"{len(raw)} values instead of {len(items)}")
        return tuple(reader(one, arrays) for reader, one in zip(items, raw, strict=True))

    return read


def _read_array(raw: Any, arrays: tuple[Array, ...]) -> Array:
    at = _table(raw).get("array")
    if not isinstance(at, int) or isinstance(at, bool) or not 0 <= at < len(arrays):
        raise ProtocolError("an array that is not there")
    return arrays[at]


def _read_float(raw: Any, _: tuple[Array, ...]) -> float:
    if isinstance(raw, dict) and raw.get("number") in ("nan", "inf", "-inf"):
        return float(raw["number"])
    if not isinstance(raw, int | float) or isinstance(raw, bool):
        raise ProtocolError(f"{_brief(raw)} is no number")
    return float(raw)


def _plain_reader(kind: type, name: str) -> Reader:
    def read(raw: Any, _: tuple[Array, ...]) -> Any:
        if type(raw) is not kind:  # True is an int to Python
            raise ProtocolError(f"{_brief(raw)} is no {name}")
        return raw

    return read


_PLAIN: Mapping[Any, Reader] = {
    int: _plain_reader(int, "whole number"),
    str: _plain_reader(str, "text"),
    bool: _plain_reader(bool, "yes or no"),
    float: _read_float,
}


def _table(raw: Any) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise ProtocolError(f"{_brief(raw)} is no table")
    return raw


def _list(raw: Any) -> list[Any]:
    if not isinstance(raw, list):
        raise ProtocolError(f"{_brief(raw)} is no list")
    return raw


def _brief(raw: Any) -> str:
    return repr(raw)[:40] if isinstance(raw, str | int | float | bool) else type(raw).__name__
