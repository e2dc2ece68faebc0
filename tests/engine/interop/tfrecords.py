"""A reader of TensorBoard event files that shares nothing with what wrote them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TABLE = []
for _byte in range(256):
    for _ in range(8):
        _byte = (_byte >> 1) ^ (0x82F63B78 if _byte & 1 else 0)
    _TABLE.append(_byte)


@dataclass
class Read:
    """One event. values: by tag; texts: of text summaries; plugins: what other summaries hold."""

    time: float
    step: int
    version: str = ""
    values: dict[str, float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    plugins: dict[str, bytes] = field(default_factory=dict)


def events(path: Path) -> list[Read]:
    return [_event(record) for record in _records(path.read_bytes())]


def _records(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        head = data[at : at + 8]
        (length,) = struct.unpack("<Q", head)
        body = data[at + 12 : at + 12 + length]
        assert struct.unpack_from("<I", data, at + 8)[0] == _masked(head)
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == _masked(body)
        yield body
        at += 16 + length


def _masked(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _event(data: bytes) -> Read:
    found = Read(0.0, 0)
    for number, value in _fields(data):
        if number == 1:
            found.time = struct.unpack("<d", value)[0]
        elif number == 2:
            found.step = value
        elif number == 3:
            found.version = value.decode()
        elif number == 5:
            for _, summary in _fields(value):
                _take(found, dict(_fields(summary)))
    return found


def _take(found: Read, summary: dict[int, Any]) -> None:
    tag = summary[1].decode()
    if 2 in summary:
        found.values[tag] = struct.unpack("<f", summary[2])[0]
        return
    plugin = dict(_fields(dict(_fields(summary[9]))[1]))
    if plugin[1] == b"text":
        found.texts[tag] = dict(_fields(summary[8]))[8].decode()
    else:
        found.plugins[tag] = plugin[2]


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    """Protocol buffers on the wire: numbers as int, everything else as its bytes."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind)
        if size is None:
            assert kind == 2
            size, at = _varint(data, at)
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at
