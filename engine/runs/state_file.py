"""A state as a safetensors file: tensors in the body, all other values as JSON in the metadata.

No pickle: a state may come from anybody who hands on a run's folder.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from engine.project import atomic, container, limits, strict_json, tensor_table
from engine.project.errors import FileProblem, cannot_read
from engine.runs.state import State

_VALUES = "values"
_TYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}
_RULES = tensor_table.Rules(
    member="state",
    code="damaged_state",
    sizes={name: kind.itemsize for name, kind in _TYPES.items()},
    tensors=limits.STATE_TENSORS,
    bytes=limits.STATE_BYTES,
    text=limits.STATE_TEXT,
)
#: Stands for a number that strict JSON lacks; other keys that begin with a dollar get one more.
_NUMBER = "$number"


def write(path: Path, state: State) -> int:
    """Save atomically and return the size. Raises FileProblem; what was there before is untouched.

    One tensor after the other: a large state is not put together in memory once more, and other
    threads run meanwhile.
    """
    try:
        head = _head(state)
    except FileProblem as problem:
        raise problem.of(path) from problem.__cause__
    return atomic.save_pieces(path, _pieces(state, head))[1]


def read(path: Path) -> State:
    """Raises FileProblem, naming the file, the place in it and the remedy."""
    try:
        with container.regular_file(path, limits.STATE_BYTES) as (file, size):
            return _read(file, size)
    except FileProblem as problem:
        raise problem.of(path) from problem.__cause__
    except OSError as error:
        raise cannot_read(error).of(path) from error


def encode(state: State) -> bytes:
    """Raises FileProblem for what `decode` would refuse."""
    return b"".join(_pieces(state, _head(state)))


def decode(data: bytes) -> State:
    """Raises FileProblem."""
    return _read(io.BytesIO(data), len(data))


def _read(file: BinaryIO, size: int) -> State:
    """Nothing is allocated before the header agrees with the size of the file."""
    length = tensor_table.header_length(file.read(8), size, _RULES)
    table = tensor_table.read_header(file.read(length), size - 8 - length, _RULES)
    values = _check(table)
    return State({tensor.name: _fetch(file, tensor) for tensor in table.tensors}, values)


def _fetch(file: BinaryIO, entry: tensor_table.Tensor) -> Tensor:
    """The tensor whose bytes come next, in memory of its own: Generator.set_state reads from the
    beginning of the memory, whatever part of it a tensor shows."""
    tensor = torch.empty(entry.shape, dtype=_TYPES[entry.type])
    raw = tensor.reshape(-1).view(torch.uint8)
    memory = memoryview(raw.numpy().data)
    while memory:  # one call may read less
        count = file.readinto(memory)  # type: ignore[attr-defined]
        if not count:
            raise FileProblem("changed_while_reading")
        memory = memory[count:]
    if tensor.dtype is torch.bool and raw.numel() and int(raw.max()) > 1:
        raise _RULES.damaged(entry.name, "a truth value is neither 0 nor 1")
    return tensor


def _order(state: State) -> list[str]:
    """Large numbers first, so that each tensor begins where its numbers may lie."""
    return sorted(state.tensors, key=lambda name: (-state.tensors[name].itemsize, name))


def _head(state: State) -> bytes:
    """All that stands before the numbers, checked by the reader's own rules."""
    values = strict_json.dump(_plain(state.values), _VALUES)
    header: dict[str, Any] = {"__metadata__": {_VALUES: values.decode()}}
    names = {kind: name for name, kind in _TYPES.items()}
    end = 0
    for name in _order(state):
        tensor = state.tensors[name]
        if tensor.dtype not in names or tensor.layout is not torch.strided:
            kind = tensor.dtype if tensor.layout is torch.strided else tensor.layout
            raise _RULES.unknown_type(name, kind)
        offsets = [end, end + tensor.numel() * tensor.itemsize]
        header[name] = {"dtype": names[tensor.dtype], "shape": [*tensor.shape], "data_offsets": offsets}
        end = offsets[1]
    try:
        text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError as error:
        raise FileProblem("text_not_writable", _RULES.member) from error
    text += b" " * (-len(text) % 8)
    _check(tensor_table.read_header(text, end, _RULES))
    return len(text).to_bytes(8, "little") + text


def _pieces(state: State, head: bytes) -> Iterator[bytes | memoryview]:
    yield head
    for name in _order(state):
        tensor = state.tensors[name].detach().cpu().contiguous()
        yield tensor.reshape(-1).view(torch.uint8).numpy().data


def _check(table: tensor_table.Table) -> dict[str, Any]:
    """The values, when they are those of a state."""
    if any(not tensor.name for tensor in table.tensors):
        raise _RULES.damaged("", "a tensor has no name")
    if _VALUES not in table.metadata:
        raise _RULES.damaged("", "it holds tensors, but is not the state of a run")
    return _values_of(table.metadata[_VALUES].encode())


def _values_of(data: bytes) -> dict[str, Any]:
    values = _meant(strict_json.parse(data, _VALUES, limits.STATE_TEXT))
    step = values.get("step") if isinstance(values, dict) else None
    if type(step) is not int or step < 0:
        raise _RULES.damaged(_VALUES, "the step is no whole number from 0")
    return values


def _plain(value: Any) -> Any:
    """`value` in strict JSON: infinity, NaN and whole numbers beyond 2**53 as their text."""
    if isinstance(value, Mapping):
        return {f"${key}" if str(key).startswith("$") else key: _plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {_NUMBER: str(float(value))}
    if type(value) is int and abs(value) > limits.WHOLE_NUMBER:
        return {_NUMBER: str(value)}
    return value


def _meant(value: Any) -> Any:
    """What `_plain` was made from; tuples come back as lists."""
    if isinstance(value, list):
        return [_meant(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {_NUMBER}:
        return _number(value[_NUMBER])
    return {key[1:] if key.startswith("$") else key: _meant(item) for key, item in value.items()}


def _number(text: Any) -> float | int:
    if text in ("inf", "-inf", "nan"):
        return float(text)
    try:
        if isinstance(text, str) and len(text) <= limits.NUMBER_DIGITS:
            return int(text)
    except ValueError:
        pass
    raise _RULES.damaged(_VALUES, f"{strict_json.brief(text)} is no number")
