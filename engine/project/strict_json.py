"""JSON as strict as a stranger's file deserves: every value checked, every error with its place."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import Any

from engine.project import limits
from engine.project.errors import FileProblem

_MARKS = b"[]{},:"
_NEITHER_MARK_NOR_QUOTE = bytes(set(range(256)) - set(_MARKS + b'"'))
#: Lone surrogates parse, but fail when they are encoded to be saved.
_NOT_WRITABLE = re.compile("[\0\ud800-\udfff]")


def parse(data: bytes, member: str, longest: int = limits.TEXT) -> Any:
    """The value in `data` (UTF-8, a byte-order mark is fine). Raises FileProblem, which names
    `member` as the place. Integers lie within 2**53, floats are finite, texts can be written back and
    have at most `longest` characters."""
    _check_size(data, member)
    if b"\0" in data[:4]:
        raise FileProblem("not_utf8", f"{member}, byte {data.index(0)}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileProblem("not_utf8", f"{member}, byte {error.start}") from error
    try:
        value = _decoder(member).decode(text)
    except json.JSONDecodeError as error:
        place = f"{member}, line {error.lineno}, column {error.colno}"
        raise FileProblem("json_syntax", place, reason=error.msg) from error
    bad = _bad_text(value, longest)
    if bad is not None:
        code, path, values = bad
        raise FileProblem(code, "/".join([member, *reversed(path)]), **values)
    return value


def dump(value: Any, member: str) -> bytes:
    """Readable UTF-8 JSON; the same value always gives the same bytes. Raises FileProblem for what
    JSON cannot hold."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1)
        return text.encode("utf-8") + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise FileProblem("not_json", member, reason=str(error)[:200]) from error


def brief(value: Any) -> str:
    """A value as a message shows it; a list or table of any size is only named."""
    if isinstance(value, dict | list | tuple):
        return "a table" if isinstance(value, dict) else "a list"
    return repr(value)[:40] if isinstance(value, str) else json.dumps(value)


def _check_size(data: bytes, member: str) -> None:
    """Bound depth and number of values before the parser recurses into them or makes them. All but
    the last loop runs in C, so that 24 MB of brackets take no time."""
    bare = data.replace(b"\\\\", b"").replace(b'\\"', b"")  # the quotes left begin or end a text
    bare = bare.translate(None, _NEITHER_MARK_NOR_QUOTE)
    if bare.count(b'"') <= 2 * limits.JSON_MARKS:  # or it is too large anyway
        bare = b"".join(bare.split(b'"')[::2])
    if len(bare) > limits.JSON_MARKS:
        raise FileProblem("too_many_values", member)
    depth = 0
    for bracket in bare.translate(None, b",:"):
        depth += 1 if bracket in b"[{" else -1
        if depth > limits.JSON_DEPTH:
            raise FileProblem("too_deep", member, depth=limits.JSON_DEPTH)


def _decoder(member: str) -> json.JSONDecoder:
    def whole(digits: str) -> int:
        if len(digits) > 17 or abs(int(digits)) > limits.WHOLE_NUMBER:
            raise FileProblem("number_too_large", member, number=digits[:40])
        return int(digits)

    def fraction(digits: str) -> float:
        value = float(digits) if len(digits) <= limits.NUMBER_DIGITS else math.inf
        if not math.isfinite(value):
            raise FileProblem("not_finite", member, number=digits[:40])
        return value

    def refuse_constant(name: str) -> float:
        raise FileProblem("not_finite", member, number=name)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
            raise FileProblem("key_twice", member, key=twice)
        return found

    return json.JSONDecoder(
        parse_int=whole,
        parse_float=fraction,
        parse_constant=refuse_constant,
        object_pairs_hook=unique,
    )


def _bad_text(value: Any, longest: int) -> tuple[str, list[str], dict[str, int]] | None:
    """The first text that is too long or could not be written back: a code, the way to it from the
    inside out, and the values of the message. The depth is bounded already."""
    if isinstance(value, str):
        if len(value) > longest:
            return "text_too_long", [], {"length": len(value), "limit": longest}
        return ("text_not_writable", [], {}) if _NOT_WRITABLE.search(value) else None
    if isinstance(value, dict):
        for key, item in value.items():
            if (bad := _bad_text(key, longest)) is not None:
                return bad
            if (bad := _bad_text(item, longest)) is not None:
                bad[1].append(key)
                return bad
    elif isinstance(value, list):
        for at, item in enumerate(value):
            if (bad := _bad_text(item, longest)) is not None:
                bad[1].append(str(at))
                return bad
    return None
