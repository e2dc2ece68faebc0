"""Weights as safetensors. The header is checked by arithmetic, then the arrays are views of the bytes
as they were read: no copy, and no number is trusted that was not checked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from engine.project import limits, strict_json
from engine.project.errors import FileProblem
from engine.project.project import Weights

MEMBER = "weights.safetensors"
#: The types that PyTorch layers keep and numpy has; BF16 is not among them.
_TYPES = {
    name: np.dtype(kind)
    for name, kind in {
        "F64": "<f8",
        "F32": "<f4",
        "F16": "<f2",
        "I64": "<i8",
        "I32": "<i4",
        "U8": "u1",
        "BOOL": "?",
    }.items()
}
_Tensor = tuple[str, np.dtype[Any], list[int], int, int]  # name, type, shape, first byte, last + 1


def decode(data: bytes) -> Weights:
    """Arrays by name, read-only. Raises FileProblem."""
    header, body = _split(data)
    plan = _plan(header, len(data) - body)
    return {name: _view(data, body + start, name, kind, shape) for name, kind, shape, start, _ in plan}


def encode(weights: Weights) -> bytes:
    """The same arrays always give the same bytes. Raises FileProblem for what `decode` refuses."""
    known = set(_TYPES.values())
    arrays: dict[str, NDArray[Any]] = {}
    for name in sorted(weights):
        array = np.asarray(weights[name], order="C")  # ascontiguousarray would give a scalar an axis
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        if array.dtype not in known:
            raise _unknown_type(name, str(array.dtype))
        arrays[name] = array
    try:
        data = save(arrays)
    except UnicodeEncodeError as error:
        raise FileProblem("text_not_writable", MEMBER) from error
    header, body = _split(data)
    _plan(header, len(data) - body)
    return data


def _split(data: bytes) -> tuple[dict[str, Any], int]:
    """The header, and where the numbers begin."""
    if len(data) < 8:
        raise _damaged("", "it ends before its header")
    length = int.from_bytes(data[:8], "little")
    if length > len(data) - 8:
        raise _damaged("", f"its header claims {length:,} bytes, {len(data) - 8:,} are there")
    if length > limits.TENSOR_HEADER_BYTES:
        raise _damaged("", f"its header has {length:,} bytes, more than it may")
    header = strict_json.parse(data[8 : 8 + length], f"{MEMBER}, header")
    if not isinstance(header, dict):
        raise _damaged("", "its header is no table")
    header.pop("__metadata__", None)
    if len(header) > limits.TENSORS:
        raise _damaged("", f"it has {len(header):,} tensors; {limits.TENSORS:,} are allowed")
    return header, 8 + length


def _plan(header: dict[str, Any], room: int) -> list[_Tensor]:
    """The tensors in the order of their bytes, which cover `room` without gap or overlap."""
    plan = sorted(
        (_entry(name, entry) for name, entry in header.items()), key=lambda tensor: tensor[3:]
    )
    end = 0
    for name, _, _, start, stop in plan:
        if start != end:
            raise _damaged(name, f"its bytes start at {start:,} where {end:,} is needed")
        end = stop
    if end != room:
        raise _damaged("", f"its tensors need {end:,} bytes, {room:,} are there")
    return plan


def _entry(name: str, entry: Any) -> _Tensor:
    """One tensor, when its type, shape and offsets agree."""
    try:
        kind, shape, (start, stop) = entry["dtype"], entry["shape"], entry["data_offsets"]
        whole = all(type(number) is int and number >= 0 for number in (*shape, start, stop))
    except (TypeError, KeyError, ValueError) as error:
        raise _damaged(name, "its entry lacks dtype, shape or data_offsets") from error
    if not whole or not isinstance(shape, list):
        raise _damaged(name, "its shape and offsets must be whole numbers from 0")
    if not isinstance(kind, str) or kind not in _TYPES:
        raise _unknown_type(name, kind)
    # A dimension of 0 makes any other look harmless: it is left out of the first product.
    if len(shape) > limits.TENSOR_AXES or math.prod(filter(None, shape)) > limits.FILE_BYTES:
        raise _damaged(name, f"its shape {shape} is impossible")
    size = math.prod(shape) * _TYPES[kind].itemsize
    if size != stop - start:
        raise _damaged(name, f"its shape {shape} needs {size:,} bytes, it has {stop - start:,}")
    return name, _TYPES[kind], shape, start, stop


def _view(data: bytes, at: int, name: str, kind: np.dtype[Any], shape: list[int]) -> NDArray[Any]:
    count = math.prod(shape)
    raw = np.frombuffer(data, np.uint8, count * kind.itemsize, at)
    if kind == np.bool_ and raw.max(initial=0) > 1:
        raise _damaged(name, "a truth value is neither 0 nor 1")
    array = raw.view(kind) if at % kind.itemsize == 0 else np.frombuffer(raw.tobytes(), kind)
    return array.reshape(shape)


def _damaged(name: str, reason: str) -> FileProblem:
    return FileProblem("damaged_weights", f"{MEMBER}, {name}" if name else MEMBER, reason=reason)


def _unknown_type(name: str, kind: object) -> FileProblem:
    return FileProblem("unknown_type", f"{MEMBER}, {name}", type=kind, known=", ".join(_TYPES))
