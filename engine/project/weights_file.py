"""Weights as safetensors. The header is checked by arithmetic, then the arrays are views of the bytes
as they were read: no copy, and no number is trusted that was not checked."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from engine.project import tensor_table
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
_RULES = tensor_table.Rules(
    MEMBER, "damaged_weights", {name: kind.itemsize for name, kind in _TYPES.items()}
)


def decode(data: bytes) -> Weights:
    """Arrays by name, read-only. Raises FileProblem."""
    table = tensor_table.read(data, _RULES)
    return {tensor.name: _view(data, table.body, tensor) for tensor in table.tensors}


def encode(weights: Weights) -> bytes:
    """The same arrays always give the same bytes. Raises FileProblem for what `decode` refuses."""
    known = set(_TYPES.values())
    arrays: dict[str, NDArray[Any]] = {}
    for name in sorted(weights):
        array = np.asarray(weights[name], order="C")  # ascontiguousarray would give a scalar an axis
        array = array.astype(array.dtype.newbyteorder("<"), copy=False)
        if array.dtype not in known:
            raise _RULES.unknown_type(name, str(array.dtype))
        arrays[name] = array
    try:
        data = save(arrays)
    except UnicodeEncodeError as error:
        raise FileProblem("text_not_writable", MEMBER) from error
    tensor_table.read(data, _RULES)
    return data


def _view(data: bytes, body: int, tensor: tensor_table.Tensor) -> NDArray[Any]:
    at, kind, count = body + tensor.start, _TYPES[tensor.type], math.prod(tensor.shape)
    raw = np.frombuffer(data, np.uint8, count * kind.itemsize, at)
    if kind == np.bool_ and raw.max(initial=0) > 1:
        raise _RULES.damaged(tensor.name, "a truth value is neither 0 nor 1")
    array = raw.view(kind) if at % kind.itemsize == 0 else np.frombuffer(raw.tobytes(), kind)
    return array.reshape(tensor.shape)
