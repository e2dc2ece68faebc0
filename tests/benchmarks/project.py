"""The projects that are measured: bundled examples, made to train without end and without validation,
which the loops beside them do not do, either."""

from __future__ import annotations

from dataclasses import replace

from engine.project.examples import find
from engine.project.project import Project
from engine.project.project_file import read

_NEVER = 1_000_000_000


def endless(example: str) -> Project:
    project = read(find(example)).project
    changes = {"epochs": 1_000_000, "validate_every": _NEVER}
    return replace(project, recipe=project.recipe.model_copy(update=changes))
