"""Stored weights from strangers: cases 16, 18 and 19."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.messages import sentence
from engine.project import limits
from engine.project.weights_file import encode
from tests.engine.project.archives import (
    MIB,
    archive,
    document,
    node,
    opened,
    refused,
    refused_in_little_memory,
    tensor,
    tensors,
    zipped,
)


def test_case_16_weights_that_swell(tmp_path: Path) -> None:
    zeros = tensors({"a.weight": tensor("F32", [25 * MIB], 0, 100 * MIB)}, bytes(100 * MIB))
    data = archive(document(), weights=zeros)
    assert len(data) < MIB
    refused_in_little_memory(tmp_path, data, "bomb")


def test_case_18_weights_are_delivered_as_they_are(tmp_path: Path) -> None:
    """Whether they fit is for engine.build; those of no node are kept and said."""
    weights = encode({"a.weight": np.zeros((2, 3), np.float16), "gone.weight": np.ones(1)})
    result = opened(tmp_path, archive(document([node("a", "Linear")]), weights=weights))
    assert result.weights["a.weight"].shape == (2, 3) and result.weights["a.weight"].dtype == np.float16
    assert "gone.weight" in result.weights
    assert [problem.code for problem in result.repairs] == ["weights_without_node"]
    assert "gone.weight" in sentence(result.repairs[0])


HOSTILE_TENSORS = {
    "too short for a header": b"\x01\x00",
    "header longer than the file": (2**40).to_bytes(8, "little") + b"{}",
    "header of 2**63": (2**63).to_bytes(8, "little") + b"{}",
    "header is a list": tensors("[]"),
    "header is no JSON": tensors("{a}"),
    "keys twice": tensors('{"a": 1, "a": 2}'),
    "entry is a number": tensors({"a": 5}),
    "no shape": tensors({"a": {"dtype": "F32", "data_offsets": [0, 0]}}),
    "shape is a text": tensors({"a": {"dtype": "F32", "shape": "12", "data_offsets": [0, 0]}}),
    "three offsets": tensors({"a": {"dtype": "F32", "shape": [], "data_offsets": [0, 4, 8]}}, bytes(4)),
    "negative offset": tensors({"a": tensor("F32", [1], -4, 0)}, bytes(4)),
    "offsets swapped": tensors({"a": tensor("F32", [1], 4, 0)}, bytes(4)),
    "negative shape": tensors({"a": tensor("F32", [-1, -1], 0, 4)}, bytes(4)),
    "true as a size": tensors({"a": tensor("F32", [True], 0, 4)}, bytes(4)),
    "fraction as a size": tensors({"a": tensor("F32", [1.0], 0, 4)}, bytes(4)),  # type: ignore[list-item]
    "zero times 2**60": tensors({"a": tensor("F32", [0, 2**53], 0, 0)}),
    "zero times 2**32 twice": tensors({"a": tensor("F32", [0, 2**32 - 1, 2**32 - 1], 0, 0)}),
    "product overflows to its size": tensors({"a": tensor("F32", [2**32, 2**32, 4], 0, 0)}),
    "shape larger than its bytes": tensors({"a": tensor("F32", [2], 0, 4)}, bytes(4)),
    "shape smaller than its bytes": tensors({"a": tensor("F32", [1], 0, 8)}, bytes(8)),
    "overlap": tensors({"a": tensor("F32", [2], 0, 8), "b": tensor("F32", [2], 4, 12)}, bytes(12)),
    "same bytes": tensors({"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [4], 0, 4)}, bytes(4)),
    "hole": tensors({"a": tensor("U8", [4], 0, 4), "b": tensor("U8", [4], 6, 10)}, bytes(10)),
    "bytes left over": tensors({"a": tensor("U8", [4], 0, 4)}, bytes(9)),
    "bytes missing": tensors({"a": tensor("U8", [4], 0, 4)}, bytes(3)),
    "nine axes": tensors({"a": tensor("U8", [1] * 9, 0, 1)}, bytes(1)),
    "truth of 2": tensors({"a": tensor("BOOL", [1], 0, 1)}, b"\x02"),
    "too many": tensors({f"a{n}": tensor("U8", [0], 0, 0) for n in range(limits.TENSORS + 1)}),
}


@pytest.mark.parametrize("what", HOSTILE_TENSORS)
def test_case_19_safetensors_headers(tmp_path: Path, what: str) -> None:
    problem = refused_in_little_memory(tmp_path, archive(document(), weights=HOSTILE_TENSORS[what]))
    assert problem.place.startswith("weights.safetensors")


@pytest.mark.parametrize("kind", ["BF16", "F8_E4M3", "I16", "C64", "", "object", None, []])
def test_case_19_types_that_are_not_supported(tmp_path: Path, kind: str) -> None:
    data = tensors({"a.weight": tensor(kind, [1], 0, 2)}, bytes(2))
    problem = refused(tmp_path, archive(document([node("a")]), weights=data), "unknown_type")
    assert "F32" in str(problem) and "a.weight" in problem.place


def test_case_19_a_header_of_17_mib(tmp_path: Path) -> None:
    data = tensors("{}" + " " * 17 * MIB)
    files = {"project.json": json.dumps(document()), "weights.safetensors": data}
    assert "header" in str(refused(tmp_path, zipped(files, zipfile.ZIP_STORED), "damaged_weights"))
