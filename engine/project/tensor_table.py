"""The table at the head of a safetensors file, checked by arithmetic: no number in it is trusted, and
nothing is allocated before all of it agrees with the bytes that are there."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.project import limits, strict_json
from engine.project.errors import FileProblem


@dataclass(frozen=True)
class Tensor:
    """What the table says of one tensor; its bytes are those from `start` up to `stop` of the body."""

    name: str
    type: str
    shape: list[int]
    start: int
    stop: int


@dataclass(frozen=True)
class Table:
    """`body`: where the numbers begin. `metadata`: texts beside them."""

    tensors: list[Tensor]
    metadata: Mapping[str, str]
    body: int


@dataclass(frozen=True)
class Rules:
    """What a file may hold. `member`: the place that problems name; `code`: what they are when the
    file is damaged; `sizes`: the bytes of a number of each type; `text`: the longest text."""

    member: str
    code: str
    sizes: Mapping[str, int]
    tensors: int = limits.TENSORS
    bytes: int = limits.FILE_BYTES
    text: int = limits.TEXT

    def damaged(self, name: str, reason: str) -> FileProblem:
        return FileProblem(self.code, self._place(name), reason=reason)

    def unknown_type(self, name: str, kind: object) -> FileProblem:
        known = ", ".join(self.sizes)
        return FileProblem("unknown_type", self._place(name), type=kind, known=known)

    def _place(self, name: str) -> str:
        return f"{self.member}, {name}" if name else self.member


def read(data: bytes, rules: Rules) -> Table:
    """The tensors in the order of their bytes, which cover the body without gap or overlap. Raises
    FileProblem."""
    length = header_length(data[:8], len(data), rules)
    return read_header(data[8 : 8 + length], len(data) - 8 - length, rules)


def header_length(start: bytes, size: int, rules: Rules) -> int:
    """How long the header is, behind the first eight bytes of a file of this size."""
    if size < 8 or len(start) < 8:
        raise rules.damaged("", "it ends before its header")
    length = int.from_bytes(start, "little")
    if length > size - 8:
        raise rules.damaged("", f"its header claims {length:,} bytes, {size - 8:,} are there")
    if length > limits.TENSOR_HEADER_BYTES:
        raise rules.damaged("", f"its header has {length:,} bytes, more than it may")
    return length


def read_header(text: bytes, room: int, rules: Rules) -> Table:
    """As `read`, of a header alone, behind which there are `room` bytes."""
    if len(text) > limits.TENSOR_HEADER_BYTES:
        raise rules.damaged("", f"its header has {len(text):,} bytes, more than it may")
    header = strict_json.parse(text, f"{rules.member}, header", rules.text)
    if not isinstance(header, dict):
        raise rules.damaged("", "its header is no table")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise rules.damaged("", "its metadata are no texts")
    if len(header) > rules.tensors:
        raise rules.damaged("", f"it has {len(header):,} tensors; {rules.tensors:,} are allowed")
    tensors = [_entry(name, entry, rules) for name, entry in header.items()]
    tensors.sort(key=lambda tensor: (tensor.start, tensor.stop))
    _check_cover(tensors, room, rules)
    return Table(tensors, metadata, 8 + len(text))


def _check_cover(tensors: list[Tensor], room: int, rules: Rules) -> None:
    end = 0
    for tensor in tensors:
        if tensor.start != end:
            reason = f"its bytes start at {tensor.start:,} where {end:,} is needed"
            raise rules.damaged(tensor.name, reason)
        end = tensor.stop
    if end != room:
        raise rules.damaged("", f"its tensors need {end:,} bytes, {room:,} are there")


def _entry(name: str, entry: Any, rules: Rules) -> Tensor:
    """One tensor, when its type, shape and offsets agree."""
    try:
        kind, shape, (start, stop) = entry["dtype"], entry["shape"], entry["data_offsets"]
        whole = all(type(number) is int and number >= 0 for number in (*shape, start, stop))
    except (TypeError, KeyError, ValueError) as error:
        raise rules.damaged(name, "its entry lacks dtype, shape or data_offsets") from error
    if not whole or not isinstance(shape, list):
        raise rules.damaged(name, "its shape and offsets must be whole numbers from 0")
    if not isinstance(kind, str) or kind not in rules.sizes:
        raise rules.unknown_type(name, kind)
    # A dimension of 0 makes any other look harmless: it is left out of the first product.
    if len(shape) > limits.TENSOR_AXES or math.prod(filter(None, shape)) > rules.bytes:
        raise rules.damaged(name, f"its shape {shape} is impossible")
    size = math.prod(shape) * rules.sizes[kind]
    if size != stop - start:
        raise rules.damaged(name, f"its shape {shape} needs {size:,} bytes, it has {stop - start:,}")
    return Tensor(name, kind, shape, start, stop)
