"""What is remembered of a run: one validated, immutable model, in the history and in its folder."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.project import limits

How = Literal["running", "finished", "stopped", "failed", "crashed"]


def _finite(value: Any) -> Any:
    """NaN and infinity are no results."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


Number = Annotated[float | None, BeforeValidator(_finite)]
Text = Annotated[str, Field(max_length=limits.TEXT)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", strict=True, allow_inf_nan=False)


class Result(_Part):
    """One measure of a run; None where there was no finite number."""

    best: Number = None
    best_step: int = 0
    last: Number = None


class Run(_Part):
    """started, ended: seconds since 1970. how: the way it ended; a crashed run says "running" until
    somebody finds out (`RunFolder.alive`). project, path: name and file of the project. recipe, data:
    as in the project's file. network: `network_digest`. results: by measure. parent, parent_step:
    what a fork was made from."""

    id: str = Field(max_length=100)
    name: Text = ""
    started: float = Field(ge=0)
    ended: float | None = None
    how: How = "running"
    project: Text = ""
    path: Text = ""
    recipe: dict[str, Any] = {}
    data: dict[str, Any] = {}
    network: str = ""
    results: dict[str, Result] = Field(default={}, max_length=1000)
    steps: int = Field(default=0, ge=0)
    notes: Text = ""
    tags: Annotated[tuple[Text, ...], BeforeValidator(_tuple), Field(max_length=100)] = ()
    parent: str = ""
    parent_step: int = Field(default=0, ge=0)


def improved(
    results: Mapping[str, Result], step: int, values: Mapping[str, float], rising: Collection[str] = ()
) -> dict[str, Result]:
    """The results after `values` were measured at `step`. `rising`: the measures of which more is
    better, such as accuracy."""
    after = dict(results)
    for name, value in values.items():
        before = after.get(name, Result())
        last = float(value) if math.isfinite(value) else None
        better = last is not None and (
            before.best is None or (last > before.best if name in rising else last < before.best)
        )
        after[name] = Result(
            best=last if better else before.best,
            best_step=step if better else before.best_step,
            last=last,
        )
    return after
