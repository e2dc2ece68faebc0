"""`.backlit` files: a zip of `mimetype`, `project.json` and, once trained, `weights.safetensors`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from engine.network.problem import Problem
from engine.project import atomic, container, strict_json, weights_file
from engine.project.errors import FileProblem
from engine.project.migrate import migrate
from engine.project.project import Project, Weights
from engine.project.schema import to_document, to_project

MEMBER = "project.json"


@dataclass(frozen=True)
class Opened:
    """What a file held. `repairs`: what was changed or is not understood, for the user to know.
    `digest`: SHA-256 of the file, to notice when another program changes it."""

    project: Project
    weights: Weights
    repairs: tuple[Problem, ...]
    digest: str


def read(path: Path) -> Opened:
    """Raises FileProblem, naming the file, the place in it and the remedy. No code of the file runs,
    and memory is bounded by `engine.project.limits`."""
    try:
        data = container.read_bytes(path)
        members = container.unpack(data)
        if MEMBER not in members:
            raise FileProblem("no_project", found=", ".join(members)[:200] or "nothing")
        document = migrate(strict_json.parse(members[MEMBER], MEMBER))
        project, repairs = to_project(document)
        weights: Weights = {}
        if weights_file.MEMBER in members:
            weights = weights_file.decode(members[weights_file.MEMBER])
    except FileProblem as problem:
        raise problem.of(path) from problem.__cause__
    repairs += _weights_without_node(project, weights)
    return Opened(project, weights, repairs, hashlib.sha256(data).hexdigest())


def write(path: Path, project: Project, weights: Weights) -> str:
    """Save atomically and return the SHA-256 of what was written. Raises FileProblem; the file that
    was there before is then untouched."""
    members = {MEMBER: strict_json.dump(to_document(project))}
    if weights:
        members[weights_file.MEMBER] = weights_file.encode(weights)
    data = container.pack(members)
    atomic.save(path, data)
    return hashlib.sha256(data).hexdigest()


def _weights_without_node(project: Project, weights: Weights) -> tuple[Problem, ...]:
    nodes = project.network.nodes
    return tuple(
        Problem("weights_without_node", None, values={"weight": name})
        for name in weights
        if name.rpartition(".")[0] not in nodes
    )
