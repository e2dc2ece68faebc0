"""The curves of a run piece by piece, so that a run of any length is exported in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from numpy.typing import NDArray

from engine.telemetry.recorder import Recorder, Validation

#: Told the share that is done, 0 … 1; with False the export ends, and nothing is left of it.
Progress: TypeAlias = Callable[[float], bool]
#: Steps in a piece.
PIECE = 16_384


class Cancelled(Exception):
    """The user wants no export any more."""


@dataclass(frozen=True)
class Piece:
    """Some steps in a row: (steps, values) by the name of the scalar, and the validations in them."""

    scalars: Mapping[str, tuple[NDArray[Any], NDArray[Any]]]
    validations: tuple[Validation, ...]


def pieces(recorder: Recorder, progress: Progress | None) -> Iterator[Piece]:
    """All of a run, in the order of steps; exact where memory or disk has every step. Raises
    Cancelled."""
    scalars = dict(recorder.scalars)  # the run may be going on: what is new meanwhile is left out
    validations = recorder.validations
    ends = [int(points.steps[-1]) for series in scalars.values() if len(points := series.view())]
    last = max([*ends, *(validation.step for validation in validations)], default=-1)
    for first in range(0, last + 1, PIECE):
        end = min(first + PIECE - 1, last)
        yield Piece(
            {name: series.detail(first, end) for name, series in scalars.items()},
            tuple(validation for validation in validations if first <= validation.step <= end),
        )
        if progress is not None and not progress((end + 1) / (last + 1)):
            raise Cancelled
