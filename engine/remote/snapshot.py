"""A project as the bytes of a `.backlit` file without weights, written and read by the same code that
does so on disk: what a stranger sends is checked as strictly as a stranger's file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.project.errors import FileProblem
from engine.project.project import Project
from engine.project.project_file import Opened, read, write

_NAME = "run.backlit"


def packed(project: Project) -> NDArray[np.uint8]:
    """The file as bytes, (n,)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _NAME
        write(path, project, {})
        return np.frombuffer(path.read_bytes(), np.uint8)


def opened(data: NDArray[np.uint8]) -> Opened:
    """Raises FileProblem, naming the place but no file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / _NAME
        path.write_bytes(data.tobytes())
        try:
            return read(path)
        except FileProblem as problem:
            raise FileProblem(problem.code, problem.place, **problem.values) from problem.__cause__
