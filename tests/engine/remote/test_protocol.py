"""Messages as bytes: everything comes back as it was, and nothing a stranger sends does harm."""

from __future__ import annotations

import json
import random
import tracemalloc
from collections.abc import Mapping
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.remote.codec import ProtocolError
from engine.remote.messages import (
    FROM_SERVER,
    FROM_WATCHER,
    Begun,
    Hello,
    Look,
    News,
    Place,
    Shown,
    Values,
    Welcome,
)
from engine.remote.protocol import MAGIC, PREFIX, SERVER, STRANGER, WATCHER, Decoder, Limits, encode
from engine.telemetry.frame import FeatureMaps, Frame, Histogram, LayerGradient, Watch
from engine.telemetry.recorder import Mark, Validation
from engine.telemetry.thumbnail import Thumbnail

texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
floats = st.floats(width=64)
whole = st.integers(0, 2**53)
float_arrays = arrays.arrays(np.float32, arrays.array_shapes(max_dims=3, max_side=5))
layers = st.builds(LayerGradient, floats, floats, floats)
thumbnails = st.builds(
    Thumbnail,
    kind=st.sampled_from(["image", "maps", "classes"]),
    values=float_arrays,
    size=st.lists(whole, max_size=4).map(tuple),
    low=floats,
    high=floats,
    sample=whole,
    trained=st.booleans(),
    names=st.lists(texts, max_size=3).map(tuple),
    label=st.none() | whole,
    predicted=st.none() | whole,
    point=st.none() | st.tuples(floats, floats),
)
frames = st.builds(
    Frame,
    run=whole,
    step=whole,
    epoch=whole,
    gradients=st.dictionaries(texts, layers, max_size=3),
    flow=st.dictionaries(texts, floats, max_size=3),
    flow_reference=floats,
    values=st.dictionaries(texts, floats, max_size=3),
    histogram=st.none() | st.builds(Histogram, texts, float_arrays, float_arrays),
    maps=st.none()
    | st.builds(
        FeatureMaps,
        texts,
        whole,
        float_arrays,
        whole,
        st.tuples(whole, whole),
        float_arrays,
        whole,
        whole,
    ),
    thumbnails=st.dictionaries(texts, thumbnails, max_size=3),
)
series = st.builds(
    Values, arrays.arrays(np.int64, st.integers(0, 9)), arrays.arrays(np.float32, st.integers(0, 9))
)
numbers = st.dictionaries(texts, floats, max_size=3)
news = st.builds(
    News,
    series=st.dictionaries(texts, series, max_size=3),
    validations=st.lists(st.builds(Validation, whole, whole, numbers, numbers, floats), max_size=3).map(
        tuple
    ),
    marks=st.lists(
        st.builds(Mark, whole, texts, st.dictionaries(texts, texts | floats, max_size=3)), max_size=3
    ).map(tuple),
    forget=st.none() | whole,
)
from_server = st.one_of(
    frames.map(Shown), news, st.builds(Place, st.sampled_from(["running", "paused"]), whole, whole)
)
from_watcher = st.one_of(
    st.builds(Hello, whole, texts),
    st.builds(
        Look,
        st.builds(
            Watch, st.none() | texts, st.none() | texts, whole, st.frozensets(texts, max_size=3),
            st.booleans(), st.booleans(),
        ),
    ),
)  # fmt: skip


def decoded(data: bytes, kinds: Mapping[str, type] = FROM_SERVER, limits: Limits = SERVER) -> list:
    return list(Decoder(kinds, limits).feed(data))


def framed(header: object, payload: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return PREFIX.pack(MAGIC, len(text), len(payload)) + text + payload


@settings(max_examples=60, deadline=None)
@given(from_server)
def test_what_a_server_says_arrives_as_it_was(message: object) -> None:
    (again,) = decoded(encode(message))
    assert type(again) is type(message)
    # Arrays and NaN do not compare; what is sent of both does.
    assert encode(again) == encode(message)


@settings(max_examples=60, deadline=None)
@given(from_watcher)
def test_what_a_watcher_says_arrives_as_it_was(message: object) -> None:
    assert decoded(encode(message), FROM_WATCHER, WATCHER) == [message]


@settings(max_examples=60, deadline=None)
@given(st.lists(from_server, min_size=1, max_size=3), st.randoms(use_true_random=False))
def test_pieces_of_any_size_make_the_same_messages(messages: list, chance: random.Random) -> None:
    data = b"".join(map(encode, messages))
    decoder = Decoder(FROM_SERVER, SERVER)
    found = []
    while data:
        size = chance.randint(1, 50)
        found += decoder.feed(data[:size])
        data = data[size:]
    assert [encode(message) for message in found] == [encode(message) for message in messages]
    assert not decoder.pending


def test_numbers_that_are_not_finite_arrive() -> None:
    (shown,) = decoded(encode(Shown(Frame(1, 2, 3, flow={"a": float("nan"), "b": float("-inf")}))))
    assert np.isnan(shown.frame.flow["a"])
    assert shown.frame.flow["b"] == float("-inf")


def test_arrays_that_arrive_cannot_be_written() -> None:
    (begun,) = decoded(encode(Begun(np.arange(5, dtype=np.uint8), 1, 2, 3)))
    assert begun.project.tolist() == [0, 1, 2, 3, 4]
    assert not begun.project.flags.writeable


def test_fields_and_kinds_of_a_newer_version_are_ignored() -> None:
    body = {"version": 1, "run": "x", "control": False, "colour": [1, {"a": None}]}
    data = framed({"kind": "Welcome", "body": body}) + framed({"kind": "Dance", "body": 7})
    assert decoded(data) == [Welcome(1, "x", False)]


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        PREFIX.pack(b"BLT2", 2, 0) + b"{}",
        PREFIX.pack(MAGIC, 2**32 - 1, 0),
        PREFIX.pack(MAGIC, 2, 2**32 - 1),
        framed([]),
        framed({"body": {}}),
        framed({"kind": ["Welcome"]}),
        framed({"kind": "Welcome"}),
        framed({"kind": "Welcome", "body": {"version": True, "run": "x", "control": False}}),
        framed({"kind": "Welcome", "body": {"version": 1, "run": "x"}}),
        framed({"kind": "Place", "body": {"state": "flying"}}),
        framed({"kind": "Place", "body": {"state": {"a": 1}}}),
        framed({"kind": "Shown", "body": {"frame": 3}}),
        PREFIX.pack(MAGIC, 8, 0) + b'{"a":NaN',
        PREFIX.pack(MAGIC, 200_000, 0) + b"[" * 200_000,
        framed({"kind": "Welcome", "arrays": [["|O", [1]]]}, b"\0" * 8),
        framed({"kind": "Welcome", "arrays": [["<f4", [-1]]]}, b"\0" * 8),
        framed({"kind": "Welcome", "arrays": [["<f4", [True]]]}, b"\0" * 4),
        framed({"kind": "Welcome", "arrays": [["<f4", [2**40]]]}),
        framed({"kind": "Welcome", "arrays": [["<f4", [0, 2**60]]]}),
        framed({"kind": "Welcome", "arrays": [["<f4", [1] * 9]]}, b"\0" * 4),
        framed({"kind": "Welcome", "arrays": [["<f4", [2]]]}, b"\0" * 4),
        framed({"kind": "Welcome", "arrays": []}, b"\0" * 4),
        framed({"kind": "Welcome", "arrays": [["<f4", [0]]] * 5000}),
        framed({"kind": "Begun", "body": {"project": {"array": 0}}}),
        framed({"kind": "Begun", "body": {"project": {"array": -1}}, "arrays": [["|u1", [0]]]}),
    ],
    ids=range(27),
)  # fmt: skip
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        decoded(data)


def test_a_stranger_may_say_little() -> None:
    with pytest.raises(ProtocolError):
        decoded(PREFIX.pack(MAGIC, STRANGER.header + 1, 0), FROM_WATCHER, STRANGER)
    with pytest.raises(ProtocolError):
        decoded(PREFIX.pack(MAGIC, 10, 1), FROM_WATCHER, STRANGER)


def test_a_promise_of_much_costs_nothing() -> None:
    tracemalloc.start()
    decoder = Decoder(FROM_SERVER, SERVER)
    assert list(decoder.feed(PREFIX.pack(MAGIC, SERVER.header, SERVER.payload) + b" " * 1000)) == []
    assert decoder.pending
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20


def test_the_largest_message_takes_less_than_64_megabytes() -> None:
    data = encode(Begun(np.zeros(SERVER.payload, np.uint8), 1, 2, 3))
    tracemalloc.start()
    (begun,) = decoded(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert begun.project.size == SERVER.payload
    assert peak < 64 * 2**20


@settings(max_examples=200, deadline=None)
@given(from_server, st.data())
def test_damaged_messages_are_refused_or_understood(message: object, data: st.DataObject) -> None:
    """Never another error, whichever bytes change or are missing."""
    raw = bytearray(encode(message))
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    del raw[data.draw(st.integers(0, len(raw))) :]
    with suppress(ProtocolError):
        decoded(bytes(raw))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_waited_for(raw: bytes) -> None:
    for start in (b"", MAGIC, PREFIX.pack(MAGIC, min(len(raw), 50), max(len(raw) - 50, 0))):
        try:
            found = decoded(start + raw)
        except ProtocolError:
            continue
        assert found == []
