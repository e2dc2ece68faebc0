"""Archives that no Backlit would write, and what becomes of them."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.project.errors import FileProblem
from engine.project.project_file import Opened, read

MIB = 2**20


def document(
    nodes: list[dict[str, Any]] | None = None, links: list[dict[str, Any]] | None = None, **fields: Any
) -> dict[str, Any]:
    """A project.json that is in order, but for what the test puts in."""
    network = {"nodes": nodes or [], "links": links or []}
    return {"format": "backlit", "format_version": 1, "network": network, **fields}


def node(node_id: str, kind: str = "ReLU", **fields: Any) -> dict[str, Any]:
    return {"id": node_id, "kind": kind, "name": node_id, **fields}


def link(source: str, target: str, source_port: str = "out", target_port: str = "in") -> dict[str, Any]:
    return {"from": [source, source_port], "to": [target, target_port]}


def archive(project: dict[str, Any] | bytes | str, **members: bytes) -> bytes:
    """A zip with this project.json. Keywords: `weights` is weights.safetensors."""
    if isinstance(project, dict):
        project = json.dumps(project)
    files: dict[str, bytes | str] = {"project.json": project}
    if "weights" in members:
        files["weights.safetensors"] = members["weights"]
    return zipped(files)


def zipped(files: Mapping[str, Any], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return buffer.getvalue()


def tensors(header: dict[str, Any] | str, body: bytes = b"") -> bytes:
    """A safetensors file with this header, true or not."""
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return len(text).to_bytes(8, "little") + text + body


def tensor(dtype: str, shape: list[int], start: int, stop: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, stop]}


def opened(folder: Path, data: bytes) -> Opened:
    path = folder / "stranger.backlit"
    path.write_bytes(data)
    return read(path)


def refused(folder: Path, data: bytes, code: str = "") -> FileProblem:
    """The problem that reading raises: soon, and naming the file and a remedy."""
    path = folder / "stranger.backlit"
    path.write_bytes(data)
    started = time.process_time()
    with pytest.raises(FileProblem) as caught:
        read(path)
    assert time.process_time() - started < 2
    problem = caught.value
    assert problem.file == path
    text = str(problem)
    assert text.startswith(str(path)) and problem.found in text and text.endswith(problem.remedy)
    assert problem.remedy.endswith(".")
    assert code in ("", problem.code), text
    return problem


def refused_in_little_memory(folder: Path, data: bytes, code: str = "") -> FileProblem:
    """As `refused`, and again with at most 64 MiB more memory than before."""
    problem = refused(folder, data, code)
    tracemalloc.start()
    try:
        with pytest.raises(FileProblem):
            read(folder / "stranger.backlit")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * MIB, f"{peak / MIB:.0f} MiB"
    return problem
