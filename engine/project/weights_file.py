"""Weights as safetensors. The header is checked by our own arithmetic before the library sees it."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from engine.project import limits, strict_json
from engine.project.errors import FileProblem
from engine.project.project import Weights

MEMBER = "weights.safetensors"
#: Bytes of an element, for the types that PyTorch layers use.
_SIZES = {"F64": 8, "F32": 4, "F16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


def decode(data: bytes) -> Weights:
    """Arrays by name, read-only. Raises FileProblem."""
    _check_header(data)
    try:
        arrays = load(data)
    except (SafetensorError, ValueError, KeyError, OverflowError) as error:
        raise FileProblem("damaged_weights", MEMBER, reason=str(error)[:200]) from error
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


def encode(weights: Weights) -> bytes:
    """The same arrays always give the same bytes."""
    return save({name: np.ascontiguousarray(weights[name]) for name in sorted(weights)})


def _check_header(data: bytes) -> None:
    if len(data) < 8:
        raise FileProblem("damaged_weights", MEMBER, reason="it ends before its header")
    (length,) = struct.unpack("<Q", data[:8])
    if length > min(limits.TENSOR_HEADER_BYTES, len(data) - 8):
        reason = f"its header claims {length:,} bytes, the member has {len(data) - 8:,}"
        raise FileProblem("damaged_weights", MEMBER, reason=reason)
    header = strict_json.parse(data[8 : 8 + length], f"{MEMBER}, header")
    if not isinstance(header, dict):
        raise FileProblem("damaged_weights", MEMBER, reason="its header is no table")
    tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
    if len(tensors) > limits.TENSORS:
        reason = f"it has {len(tensors):,} tensors, {limits.TENSORS:,} are allowed"
        raise FileProblem("damaged_weights", MEMBER, reason=reason)
    room = len(data) - 8 - length
    end = 0
    for name, (start, stop) in sorted(
        ((name, _span(name, entry)) for name, entry in tensors.items()), key=lambda item: item[1]
    ):
        if start != end or stop > room:
            reason = f"its bytes {start:,} to {stop:,} overlap others or lie outside"
            raise FileProblem("damaged_weights", f"{MEMBER}, {name}", reason=reason)
        end = stop
    if end != room:
        raise FileProblem("damaged_weights", MEMBER, reason="bytes follow that belong to no tensor")


def _span(name: str, entry: Any) -> tuple[int, int]:
    """First and last byte of a tensor, when its type, shape and offsets agree."""
    place = f"{MEMBER}, {name}"
    try:
        kind, shape, (start, stop) = entry["dtype"], entry["shape"], entry["data_offsets"]
        whole = all(type(number) is int and number >= 0 for number in (*shape, start, stop))
    except (TypeError, KeyError, ValueError) as error:
        reason = "its entry lacks dtype, shape or data_offsets"
        raise FileProblem("damaged_weights", place, reason=reason) from error
    if not whole or len(shape) > limits.TENSOR_AXES:
        raise FileProblem("damaged_weights", place, reason="its shape or offsets are impossible")
    if kind not in _SIZES:
        raise FileProblem("unknown_type", place, type=kind, known=", ".join(_SIZES))
    if max(shape, default=0) > limits.FILE_BYTES:
        raise FileProblem("damaged_weights", place, reason=f"its shape {shape} is impossible")
    size = math.prod(shape) * _SIZES[kind]
    if size != stop - start:
        reason = f"its shape needs {size:,} bytes, it has {stop - start:,}"
        raise FileProblem("damaged_weights", place, reason=reason)
    return start, stop
