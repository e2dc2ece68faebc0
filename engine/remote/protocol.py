"""Messages as bytes: a fixed prefix, strict JSON, then the numbers of its arrays.

    prefix   4 bytes "BLT1", length of the JSON, length of the numbers (each 4 bytes, little-endian)
    JSON     {"kind", "body", "arrays": [[dtype, [sizes]], ...]}, spaces up to a multiple of 8
    numbers  each array little-endian, in C order, beginning at a multiple of 8

A prefix is believed only as far as `Limits` allow, and memory grows with what has arrived, not with
what was announced. Nothing that arrives is ever executed.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.project import strict_json
from engine.project.errors import FileProblem
from engine.remote.codec import Array, ProtocolError, pack, unpack

MAGIC = b"BLT1"
PREFIX = struct.Struct("<4sII")
DTYPES = ("<f2", "<f4", "<f8", "|i1", "<i2", "<i4", "<i8", "|u1", "<u2", "<u4")
MOST_ARRAYS = 4096
MOST_AXES = 8
LARGEST_ARRAY = 2**25  #: entries
ALIGNMENT = 8


@dataclass(frozen=True)
class Limits:
    """Bytes of JSON and of numbers that one message may have."""

    header: int
    payload: int


#: A stranger may say hello; a watcher may name all nodes of a large network; a server may send 64
#: feature maps of 256 x 256 and the pictures of all cards.
STRANGER = Limits(4 * 2**10, 0)
WATCHER = Limits(2**20, 0)
SERVER = Limits(4 * 2**20, 24 * 2**20)


def encode(message: Any) -> bytes:
    """A dataclass as one message, its kind the name of the class."""
    arrays: list[Array] = []
    body = pack(message, arrays)
    flat = [_little_endian(array) for array in arrays]
    header = {
        "kind": type(message).__name__,
        "body": body,
        "arrays": [[array.dtype.newbyteorder("<").str, list(array.shape)] for array in flat],
    }
    text = json.dumps(header, allow_nan=False, separators=(",", ":")).encode("ascii")
    text += b" " * (_aligned(PREFIX.size + len(text)) - PREFIX.size - len(text))
    numbers = bytearray()
    for array in flat:
        numbers += b"\0" * (_aligned(len(numbers)) - len(numbers)) + array.tobytes()
    return PREFIX.pack(MAGIC, len(text), len(numbers)) + text + bytes(numbers)


class Decoder:
    """Bytes as they come, in pieces of any size; messages out. `limits` may be widened later."""

    def __init__(self, kinds: Mapping[str, type], limits: Limits) -> None:
        self.limits = limits
        self._kinds = kinds
        self._data = bytearray()

    @property
    def pending(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._data)

    def feed(self, data: bytes) -> Iterator[Any]:
        """The messages that are complete now. Raises ProtocolError; after that it is of no more use."""
        self._data += data
        while (size := self._size()) is not None and len(self._data) >= size:
            with memoryview(self._data) as view:
                whole = bytes(view[:size])
            del self._data[:size]
            message = _decode(whole, self._kinds)
            if message is not None:
                yield message

    def _size(self) -> int | None:
        """Bytes of the message that begins the data, once its prefix is there."""
        start = bytes(self._data[: len(MAGIC)])
        if start != MAGIC[: len(start)]:
            raise ProtocolError("this is not the language of Backlit")
        if len(self._data) < PREFIX.size:
            return None
        _, header, payload = PREFIX.unpack_from(self._data)
        if header > self.limits.header or payload > self.limits.payload:
            raise ProtocolError(f"a message of {header + payload:,} bytes is too large")
        return PREFIX.size + header + payload


def _decode(data: bytes, kinds: Mapping[str, type]) -> Any:
    """One message, or None when it is of a kind that this version does not know."""
    _, length, _ = PREFIX.unpack_from(data)
    end = PREFIX.size + length
    try:
        header = strict_json.parse(data[PREFIX.size : end], "message")
    except FileProblem as problem:
        raise ProtocolError(str(problem.found)) from problem
    if not isinstance(header, dict) or not isinstance(header.get("kind"), str):
        raise ProtocolError("a message without a kind")
    kind = kinds.get(header["kind"])
    arrays = _arrays(header.get("arrays", []), memoryview(data)[end:])
    return None if kind is None else unpack(kind, header.get("body"), arrays)


def _arrays(declared: Any, payload: memoryview) -> tuple[Array, ...]:
    """Views of the payload. Every size is checked before the first is made."""
    if not isinstance(declared, list) or len(declared) > MOST_ARRAYS:
        raise ProtocolError("a list of arrays that is none, or too long")
    plan = []
    end = 0
    for item in declared:
        dtype, shape = _declared(item)
        start = _aligned(end)
        end = start + math.prod(shape) * dtype.itemsize
        if end > len(payload):
            raise ProtocolError("arrays larger than the message")
        plan.append((start, dtype, shape))
    if end != len(payload):
        raise ProtocolError("bytes that belong to no array")
    return tuple(
        np.frombuffer(payload, dtype, math.prod(shape), start).reshape(shape)
        if math.prod(shape)
        else np.empty(shape, dtype)
        for start, dtype, shape in plan
    )


def _declared(item: Any) -> tuple[np.dtype[Any], tuple[int, ...]]:
    if not isinstance(item, list) or len(item) != 2 or item[0] not in DTYPES:
        raise ProtocolError("an array of an unknown kind of number")
    shape = item[1]
    if not isinstance(shape, list) or len(shape) > MOST_AXES:
        raise ProtocolError("an array without sizes, or with too many")
    if any(type(size) is not int or size < 0 for size in shape):
        raise ProtocolError("an array with an impossible size")
    # An empty array may not hide sizes whose product no reader can hold.
    if math.prod(max(size, 1) for size in shape) > LARGEST_ARRAY:
        raise ProtocolError("an array that is too large")
    return np.dtype(item[0]), tuple(shape)


def _little_endian(array: Array) -> Array:
    plain = array.astype(np.uint8) if array.dtype == bool else array
    return np.ascontiguousarray(plain, dtype=plain.dtype.newbyteorder("<"))


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
