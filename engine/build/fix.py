"""What would make a problem go away. Plain values: the GUI reads them without importing torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.network.edits import Edit
from engine.network.problem import Problem
from engine.project.project import Project


@dataclass(frozen=True)
class Fix:
    """An edit that was tried on a copy and found to help. `code` and `values` make its title and a
    sentence on what it changes (`engine.messages.FIXES`)."""

    code: str
    edit: Edit
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fixes:
    """The fixes of every problem of `project`, the smallest first; they are proven for this value and
    no other."""

    project: Project
    by_problem: Mapping[tuple[str, str | None], tuple[Fix, ...]] = field(default_factory=dict)

    def of(self, problem: Problem) -> tuple[Fix, ...]:
        return self.by_problem.get(problem.key, ())
