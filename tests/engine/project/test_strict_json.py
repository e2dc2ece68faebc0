"""JSON: what is read, what is refused and where, and what is written."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.project import limits
from engine.project.errors import FileProblem
from engine.project.strict_json import brief, dump, parse

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
numbers = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def problem_of(data: bytes) -> FileProblem:
    with pytest.raises(FileProblem) as caught:
        parse(data, "x.json")
    return caught.value


@given(values)
def test_what_is_written_is_read(value: Any) -> None:
    data = dump(value, "x.json")
    assert parse(data, "x.json") == value
    assert dump(parse(data, "x.json"), "x.json") == data


@given(values)
def test_it_reads_what_the_library_reads(value: Any) -> None:
    assert parse(json.dumps(value).encode(), "x.json") == value


@given(st.text(alphabet='[]{}",:\\ua1d80e.-+ntf \n', max_size=40))
def test_anything_is_read_as_the_library_does_or_refused(text: str) -> None:
    refusal = value = None
    try:
        value = parse(text.encode(), "x.json")
    except FileProblem as problem:
        refusal = problem
    if refusal is None:
        assert value == json.loads(text)
    else:
        assert refusal.place.startswith("x.json") and "x.json" in str(refusal)


def test_kinds_are_plain() -> None:
    value = parse(b'{"a": [1, 1.0, true, null, "\\ud83e\\udd8a"]}', "x.json")
    assert type(value) is dict and type(value["a"]) is list
    assert [type(item) for item in value["a"]] == [int, float, bool, type(None), str]


def test_encodings() -> None:
    assert parse("\ufeff[1]".encode(), "x.json") == [1]
    for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
        for text in ('["ä"]', '["a"]'):
            assert problem_of(text.encode(encoding)).code == "not_utf8"
    assert problem_of('["ä"]'.encode("latin-1")).place == "x.json, byte 2"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "line 1, column 1"),
        ("[1,\n 2,\n]", "line 3, column 1"),
        ('{"a": 1\n "b": 2}', "line 2, column 2"),
        ('{"a" 1}', "line 1, column 6"),
        ("[1] [2]", "line 1, column 5"),
        ("['a']", "line 1, column 2"),
        ('["a\nb"]', "line 1, column 4"),
        ("[01]", "line 1, column 3"),
        ("// note\n1", "line 1, column 1"),
    ],
)
def test_syntax_errors_have_line_and_column(text: str, place: str) -> None:
    problem = problem_of(text.encode())
    assert problem.code == "json_syntax" and problem.place == f"x.json, {place}"


@pytest.mark.parametrize("number", ["9007199254740993", "-9007199254740993", "1" * 18, "1" * 5000])
def test_integers_beyond_2_to_the_53(number: str) -> None:
    assert problem_of(f"[{number}]".encode()).code == "number_too_large"


def test_integers_up_to_2_to_the_53() -> None:
    assert parse(b"[9007199254740992, -9007199254740992]", "x.json") == [2**53, -(2**53)]


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e309", "-1e999", "1." + "0" * 500])
def test_numbers_that_are_not_finite(number: str) -> None:
    assert problem_of(f'{{"a": {number}}}'.encode()).code == "not_finite"


def test_depth() -> None:
    deep = limits.JSON_DEPTH
    assert parse(b"[" * deep + b"]" * deep, "x.json")
    assert problem_of(b"[" * (deep + 1) + b"]" * (deep + 1)).code == "too_deep"
    wide = b"[" + b"[]," * 1000 + b"[]]"
    assert len(parse(wide, "x.json")) == 1001


@pytest.mark.parametrize("text", [r'"\\[[[["', r'"\"[[[["', r'"\\\"[[[["', r'"[\\"', r'"\\\\\"["'])
def test_brackets_in_texts_do_not_count(text: str) -> None:
    many = ",".join([text] * 100)
    assert parse(f"[{many}]".encode(), "x.json") == json.loads(f"[{many}]")


def test_duplicate_keys_at_any_depth() -> None:
    problem = problem_of(b'{"a": [{"b": 1, "c": 2, "\\u0062": 3}]}')
    assert problem.code == "key_twice" and problem.values["key"] == "b"


@pytest.mark.parametrize("text", [r'"\ud800"', r'"\udc00x"', r'"a\u0000"', r'{"\ud83e": 1}'])
def test_texts_that_could_not_be_saved(text: str) -> None:
    assert problem_of(f'{{"a": [0, {text}]}}'.encode()).place == "x.json/a/1"


def test_text_length() -> None:
    assert parse(b'"' + b"x" * limits.TEXT + b'"', "x.json")
    assert problem_of(b'["' + b"x" * (limits.TEXT + 1) + b'"]').place == "x.json/0"


def test_the_largest_allowed_is_parsed_soon() -> None:
    count = limits.JSON_MARKS - 2
    started = time.process_time()
    assert len(parse(b"[" + b"0," * count + b"0]", "x.json")) == count + 1
    assert time.process_time() - started < 2


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": b"x"}, "\ud800", [object()]])
def test_what_json_cannot_hold_is_not_written(value: object) -> None:
    with pytest.raises(FileProblem) as caught:
        dump(value, "x.json")
    assert caught.value.place == "x.json" and "stored" in str(caught.value)


def test_a_value_that_holds_itself_is_not_written() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(FileProblem):
        dump(loop, "x.json")


def test_brief_names_large_values_only() -> None:
    assert brief({"a": 1}) == "a table" and brief([1] * 10**6) == "a list"
    assert brief(True) == "true" and brief(None) == "null" and brief("x" * 99).startswith("'xxx")
