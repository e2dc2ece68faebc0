"""Curves as CSV: a row a step, a column a measure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.interop.curves import Cancelled, Piece, Progress, pieces
from engine.project import atomic
from engine.telemetry.recorder import Recorder

#: A spreadsheet takes a text that begins so for a formula, and computes it.
_FORMULA = ("=", "+", "-", "@")


def write_csv(path: Path, recorder: Recorder, progress: Progress | None = None) -> bool:
    """Put the curves of a run into `path`; False when `progress` ended it, and then the file is as it
    was. Numbers have as many digits as tell them from their neighbours; a cell is empty where nothing
    was measured. Raises FileProblem."""
    names = tuple(recorder.scalars)
    measured = tuple(dict.fromkeys(n for v in recorder.validations for n in v.validation))
    heads = ("step", *names, *(["epoch"] if measured else []), *(f"validation/{n}" for n in measured))
    try:
        with atomic.writing(path) as file:
            file.write(_lines([[harmless(head) for head in heads]]))
            for piece in pieces(recorder, progress):
                file.write(_lines(_rows(piece, names, measured)))
    except Cancelled:
        return False
    return True


def harmless(text: str) -> str:
    """A text in one line that no spreadsheet takes for a formula."""
    text = " ".join(text.split())
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(piece: Piece, names: Sequence[str], measured: Sequence[str]) -> Iterator[tuple[str, ...]]:
    at = [np.array([v.step for v in piece.validations], np.int64)]
    steps = np.unique(np.concatenate([*(found for found, _ in piece.scalars.values()), *at]))
    columns = [steps.astype(str).tolist()]
    columns += [_cells(steps, *piece.scalars[name]) for name in names]
    if measured:
        columns.append(_cells(steps, at[0], np.array([v.epoch for v in piece.validations])))
    for name in measured:
        values = [v.validation.get(name, np.nan) for v in piece.validations]
        columns.append(_cells(steps, at[0], np.array(values)))
    return zip(*columns, strict=True)


def _cells(steps: NDArray[Any], where: NDArray[Any], values: NDArray[Any]) -> list[str]:
    """A text for each of `steps`: of the last of `values` there, or "" where there is none."""
    cells = [""] * len(steps)
    for place, text in zip(np.searchsorted(steps, where), values.astype(str).tolist(), strict=True):
        cells[place] = text
    return cells


def _lines(rows: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode("utf-8")
