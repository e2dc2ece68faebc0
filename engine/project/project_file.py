"""`.backlit` files: a zip of `mimetype`, `project.json` and, once trained, `weights.safetensors`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.network.expand import expand
from engine.network.problem import Problem
from engine.project import atomic, container, limits, strict_json, weights_file
from engine.project.errors import FileProblem
from engine.project.migrate import migrate
from engine.project.project import Project, Weights, owner
from engine.project.schema import MEMBER, to_document, to_project

_MEMBERS = (MEMBER, weights_file.MEMBER)


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
    and time and memory are bounded by `engine.project.limits`."""
    try:
        content = container.read(path, _MEMBERS)
        if MEMBER not in content.members:
            found = ", ".join(content.names[:5]) or "nothing"
            raise FileProblem("no_project", found=found)
        project, repairs = _project_in(content.members[MEMBER])
        weights: Weights = {}
        if weights_file.MEMBER in content.members:
            weights = weights_file.decode(content.members[weights_file.MEMBER])
    except FileProblem as problem:
        raise problem.of(path) from problem.__cause__
    repairs = (*repairs, *_unknown_members(content.names), *_without_node(project, weights))
    return Opened(project, weights, repairs, content.digest)


def write(path: Path, project: Project, weights: Weights) -> str:
    """Save atomically and return the SHA-256 of what was written. Raises FileProblem; the file that
    was there before is then untouched."""
    try:
        data = container.pack(_members(project, weights))
        return atomic.save(path, data)
    except FileProblem as problem:
        raise problem.of(path) from problem.__cause__


def _members(project: Project, weights: Weights) -> dict[str, bytes]:
    """Checked by the reader's own rules: what could not be opened again is not written."""
    try:
        members = {MEMBER: strict_json.dump(to_document(project), MEMBER)}
        _project_in(members[MEMBER])
        if weights:
            members[weights_file.MEMBER] = weights_file.encode(weights)
    except FileProblem as problem:
        raise FileProblem("cannot_store", problem.place, reason=problem.found) from problem
    size, limit = sum(map(len, members.values())), limits.FILE_BYTES - 2**20
    if size > limit or len(members[MEMBER]) > limits.PROJECT_BYTES:
        raise FileProblem("project_too_large", size=size)
    return members


def _project_in(data: bytes) -> tuple[Project, tuple[Problem, ...]]:
    return to_project(migrate(strict_json.parse(data, MEMBER)))


def _unknown_members(names: tuple[str, ...]) -> tuple[Problem, ...]:
    known = ("mimetype", *_MEMBERS)
    return tuple(
        Problem("unknown_member", None, values={"member": name}) for name in names if name not in known
    )


def _without_node(project: Project, weights: Weights) -> tuple[Problem, ...]:
    """Weights that are kept although no node has them."""
    nodes = expand(project.network).network.nodes
    return tuple(
        Problem("weights_without_node", None, values={"weight": name})
        for name in weights
        if owner(name, nodes) is None
    )
