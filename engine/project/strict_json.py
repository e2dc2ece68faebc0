"""JSON as strict as a stranger's file deserves: every value checked, every error with its place."""

from __future__ import annotations

import json
import math
from typing import Any

from engine.project import limits
from engine.project.errors import FileProblem


def parse(data: bytes, member: str) -> Any:
    """The value in `data` (UTF-8, a byte-order mark is fine). Raises FileProblem."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileProblem("not_utf8", f"{member}, byte {error.start}") from error
    _check_depth(text, member)

    def whole(digits: str) -> int:
        if len(digits) > 17 or abs(int(digits)) > limits.WHOLE_NUMBER:
            raise FileProblem("number_too_large", member, number=digits[:20])
        return int(digits)

    def fraction(digits: str) -> float:
        value = float(digits)
        if not math.isfinite(value):
            raise FileProblem("not_finite", member, number=digits[:20])
        return value

    def refuse_constant(name: str) -> float:
        raise FileProblem("not_finite", member, number=name)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise FileProblem("key_twice", member, key=twice)
        return found

    try:
        value = json.loads(
            text,
            parse_int=whole,
            parse_float=fraction,
            parse_constant=refuse_constant,
            object_pairs_hook=unique,
        )
    except json.JSONDecodeError as error:
        place = f"{member}, line {error.lineno}, column {error.colno}"
        raise FileProblem("json_syntax", place, reason=error.msg) from error
    _check_texts(value, member)
    return value


def dump(value: Any) -> bytes:
    """Readable UTF-8 JSON; the same value always gives the same bytes."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
    return text.encode("utf-8") + b"\n"


def _check_depth(text: str, member: str) -> None:
    """Count brackets before the parser recurses into them."""
    depth, in_string, escaped = 0, False, False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            if depth > limits.JSON_DEPTH:
                raise FileProblem("too_deep", member, depth=limits.JSON_DEPTH)
        elif character in "]}":
            depth -= 1


def _check_texts(value: Any, place: str) -> None:
    """No text that could not be written back, or is longer than anybody types."""
    if isinstance(value, str):
        if len(value) > limits.TEXT:
            raise FileProblem("text_too_long", place, length=len(value), limit=limits.TEXT)
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise FileProblem("text_not_writable", place)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_texts(key, place)
            _check_texts(item, f"{place}/{key}"[:200])
    elif isinstance(value, list):
        for at, item in enumerate(value):
            _check_texts(item, f"{place}/{at}"[:200])
