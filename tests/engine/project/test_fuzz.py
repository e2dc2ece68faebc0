"""Whatever the bytes: a project or a FileProblem, nothing else. And what opens can be saved."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.messages import sentence
from engine.network.model import Network
from engine.project.errors import FileProblem
from engine.project.project import Project
from engine.project.project_file import read, write
from engine.project.schema import to_document
from engine.project.weights_file import encode
from tests.engine.project.archives import archive, zipped
from tests.engine.project.projects import json_values, texts
from tests.networks import seed_cnn

MANY = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
DOCUMENT = to_document(Project(seed_cnn()))
WEIGHTS = encode({"conv2d-1.weight": np.ones((3, 2), np.float32), "linear-1.bias": np.ones(3)})
HEADER_LENGTH = int.from_bytes(WEIGHTS[:8], "little")
HEADER = json.loads(WEIGHTS[8 : 8 + HEADER_LENGTH])


@pytest.fixture(scope="module")
def file() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "a.backlit"


def survives(file: Path, data: bytes) -> None:
    file.write_bytes(data)
    refusal = None
    try:
        opened = read(file)
    except FileProblem as problem:
        refusal = problem
    if refusal is not None:
        assert refusal.file == file and str(refusal).startswith(str(file))
        return
    for repair in opened.repairs:
        assert sentence(repair)
    network = opened.project.network
    assert isinstance(network, Network) and set(network.incoming) == set(network.nodes)
    write(file, opened.project, opened.weights)
    again = read(file)
    assert again.project == opened.project
    assert again.weights.keys() == opened.weights.keys()


@st.composite
def changed(draw: st.DrawFn, value: Any) -> Any:
    """`value` with one or two things in it replaced, removed, doubled or added."""
    value = json.loads(json.dumps(value))
    for _ in range(draw(st.integers(1, 3))):
        at: Any = value
        while isinstance(at, dict | list) and at:
            key = draw(st.sampled_from(sorted(at) if isinstance(at, dict) else range(len(at))))
            if isinstance(at[key], dict | list) and at[key] and draw(st.integers(0, 4)):
                at = at[key]
                continue
            what = draw(st.sampled_from(["replace", "remove", "double", "add"]))
            if what == "replace":
                at[key] = draw(json_values | st.sampled_from([10**400, -1, 2**31, "1", [], {}, 1e308]))
            elif what == "remove":
                del at[key]
            elif isinstance(at, list):
                at.append(at[key] if what == "double" else draw(json_values))
            else:
                at[draw(texts)] = at[key] if what == "double" else draw(json_values)
            break
    return value


@given(document=changed(DOCUMENT))
@MANY
def test_any_value_in_the_document(file: Path, document: Any) -> None:
    survives(file, archive(json.dumps(document), weights=WEIGHTS))


@given(document=json_values)
@MANY
def test_any_document(file: Path, document: Any) -> None:
    survives(file, archive(json.dumps(document)))


@given(header=changed(HEADER), length=st.integers(-2, 2))
@MANY
def test_any_value_in_the_header_of_the_weights(file: Path, header: Any, length: int) -> None:
    text = json.dumps(header).encode()
    size = max(len(text) + (length if abs(length) == 2 else 0), 0)
    weights = size.to_bytes(8, "little") + text + WEIGHTS[8 + HEADER_LENGTH :]
    survives(file, archive(DOCUMENT, weights=weights))


@given(data=st.data())
@MANY
def test_any_bits_flipped_in_the_archive(file: Path, data: st.DataObject) -> None:
    whole = bytearray(archive(DOCUMENT, weights=WEIGHTS))
    for place in data.draw(st.lists(st.integers(0, len(whole) * 8 - 1), min_size=1, max_size=8)):
        whole[place // 8] ^= 1 << place % 8
    survives(file, bytes(whole))


@given(data=st.data())
@MANY
def test_any_bits_flipped_in_the_members(file: Path, data: st.DataObject) -> None:
    """Under a right checksum, as who means harm would send it."""
    members = {"project.json": json.dumps(DOCUMENT).encode(), "weights.safetensors": WEIGHTS}
    broken: dict[str, bytes | str] = {}
    for name, member in members.items():
        bits = bytearray(member)
        for place in data.draw(st.lists(st.integers(0, len(bits) * 8 - 1), max_size=3)):
            bits[place // 8] ^= 1 << place % 8
        broken[name] = bytes(bits)
    survives(file, zipped(broken))


@given(data=st.data())
@MANY
def test_any_piece_lost_or_doubled(file: Path, data: st.DataObject) -> None:
    whole = archive(DOCUMENT, weights=WEIGHTS)
    places = st.integers(0, len(whole))
    first, second = sorted(data.draw(st.tuples(places, places)))
    lost = whole[:first] + whole[second:]
    survives(file, lost)
    survives(file, whole[:second] + whole[first:])


@given(st.binary(max_size=300))
@MANY
def test_any_bytes(file: Path, data: bytes) -> None:
    survives(file, data)
    survives(file, b"PK\x03\x04" + data)
