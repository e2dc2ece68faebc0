"""States on disk: what comes back is what was put in, and damage is told."""

from __future__ import annotations

import contextlib
import json
import os
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from hypothesis import given

from engine.project.errors import FileProblem
from engine.runs.state import State
from engine.runs.state_file import decode, encode, read, write
from tests.engine.project.archives import tensor, tensors
from tests.engine.runs.states import same, state, states


@given(states)
def test_every_bit_comes_back(before: State) -> None:
    data = encode(before)
    after = decode(data)
    assert same(after, before)
    assert encode(after) == data


def test_a_real_optimizer_comes_back(tmp_path: Path) -> None:
    model = torch.nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.Adam(model.parameters())
    model(torch.ones(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    kept = {f"weights/{name}": value for name, value in model.state_dict().items()}
    for at, memory in optimizer.state_dict()["state"].items():
        kept |= {f"optimizer/{at}/{name}": value for name, value in memory.items()}
    kept["rng/cpu"] = torch.get_rng_state()
    before = State(kept, {"step": 1, "best": float("inf"), "seed": 2**64 - 1})
    path = tmp_path / "a.safetensors"
    assert write(path, before) == path.stat().st_size
    assert same(read(path), before)
    assert safetensors.torch.load_file(path)["rng/cpu"].equal(kept["rng/cpu"])


def test_two_names_for_the_same_numbers() -> None:
    one = torch.arange(4.0)
    after = decode(encode(State({"a": one, "b": one, "c": one[1:3]}, {"step": 0})))
    assert after.tensors["b"].equal(one) and after.tensors["c"].equal(one[1:3])


def test_random_numbers_go_on_where_they_were(tmp_path: Path) -> None:
    """torch reads the state of a generator from the beginning of its memory, not of the view."""
    generator = torch.Generator().manual_seed(5)
    before = State({"a": torch.ones(3), "rng/cpu": generator.get_state()}, {"step": 1})
    write(tmp_path / "a.safetensors", before)
    expected = torch.rand(4, generator=generator)
    for after in (read(tmp_path / "a.safetensors"), decode(encode(before))):
        other = torch.Generator()
        other.set_state(after.tensors["rng/cpu"])
        assert torch.rand(4, generator=other).equal(expected)


def test_what_is_read_can_be_changed_without_changing_its_neighbours() -> None:
    after = decode(encode(state(3)))
    after.tensors["weights/a.weight"].fill_(7.0)
    assert after.tensors["rng/cpu"].eq(3).all()


VALUES = {"values": '{"step": 1}'}


def with_values(text: str) -> bytes:
    return tensors({"__metadata__": {"values": text}})


HOSTILE = {
    "empty": b"",
    "a header longer than the file": (2**40).to_bytes(8, "little") + b"{}",
    "weights alone": tensors({"a": tensor("U8", [1], 0, 1)}, b"1"),
    "metadata of numbers": tensors({"__metadata__": {"values": 5}}),
    "no step": with_values("{}"),
    "a negative step": with_values('{"step": -1}'),
    "true as a step": with_values('{"step": true}'),
    "a step as text": with_values('{"step": {"$number": "inf"}}'),
    "a list": with_values("[1]"),
    "no JSON": with_values("step"),
    "NaN": with_values('{"step": 1, "a": NaN}'),
    "a number that is none": with_values('{"step": 1, "a": {"$number": "os"}}'),
    "a number of 5,000 digits": with_values('{"step": 1, "a": {"$number": "%s"}}' % ("9" * 5000)),
    "too deep": with_values('{"step": 1, "a": %s}' % ("[" * 99 + "]" * 99)),
    "a key twice": with_values('{"step": 1, "step": 2}'),
    "no name": tensors({"__metadata__": VALUES, "": tensor("U8", [1], 0, 1)}, b"1"),
    "a truth of 2": tensors({"__metadata__": VALUES, "a": tensor("BOOL", [1], 0, 1)}, b"\x02"),
    "complex": tensors({"__metadata__": VALUES, "a": tensor("C64", [1], 0, 8)}, bytes(8)),
    "2**40 numbers": tensors({"__metadata__": VALUES, "a": tensor("F32", [2**40], 0, 4)}, bytes(4)),
    "a hole": tensors({"__metadata__": VALUES, "a": tensor("U8", [1], 1, 2)}, bytes(2)),
    "zero times 2**53": tensors({"__metadata__": VALUES, "a": tensor("F32", [0, 2**53], 0, 0)}),
    "something behind": tensors({"__metadata__": VALUES}, b"1"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_damage_is_told_in_little_memory(tmp_path: Path, what: str) -> None:
    path = tmp_path / "stranger.safetensors"
    path.write_bytes(HOSTILE[what])
    tracemalloc.start()
    try:
        with pytest.raises(FileProblem) as caught:
            read(path)
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()
    problem = caught.value
    assert problem.file == path and problem.place
    assert str(problem).startswith(str(path)) and str(problem).endswith(problem.remedy)


def test_cut_anywhere_it_is_refused() -> None:
    data = encode(state(5, 10))
    for length in range(len(data)):
        with pytest.raises(FileProblem):
            decode(data[:length])


def test_a_changed_header_never_ends_in_another_error() -> None:
    data, chance = encode(state(5, 10)), random.Random(0)
    length = int.from_bytes(data[:8], "little")
    for _ in range(2000):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 3)):
            changed[chance.randrange(8 + length)] = chance.choice(b'0129{}[],:"\\-$aU\xff\0')
        with contextlib.suppress(FileProblem):
            assert decode(bytes(changed)).step >= 0


def test_files_that_are_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, code in (("gone", "cannot_read"), ("pipe", "not_a_file"), (".", "not_a_file")):
        with pytest.raises(FileProblem) as caught:
            read(tmp_path / name)
        assert caught.value.code == code and caught.value.file == tmp_path / name


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"step": "1"},
        {"step": 1, "a": object()},
        {"step": 1, "a": "\ud800"},
        {"step": 1, "a": {1, 2}},
    ],
)
def test_what_could_not_be_read_is_not_written(tmp_path: Path, values: dict[str, Any]) -> None:
    path = tmp_path / "a.safetensors"
    with pytest.raises(FileProblem) as caught:
        write(path, State({}, values))
    assert caught.value.file == path and list(tmp_path.iterdir()) == []


def test_tensors_that_are_not_dense_are_not_written() -> None:
    for bad in (torch.eye(2).to_sparse(), torch.zeros(1, dtype=torch.complex64)):
        with pytest.raises(FileProblem) as caught:
            encode(State({"a": bad}, {"step": 1}))
        assert caught.value.code == "unknown_type" and "a" in caught.value.place


def test_the_values_stand_in_the_metadata_as_json() -> None:
    data = encode(State({}, {"step": 4, "best": float("inf"), "groups": [{"lr": 0.1}]}))
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    values = json.loads(header["__metadata__"]["values"])
    assert values == {"step": 4, "best": {"$number": "inf"}, "groups": [{"lr": 0.1}]}
