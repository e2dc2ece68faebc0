"""The files that hold states: what a folder has, and which may go. No torch: windows list them."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.runs.retention import surplus

_NAME = re.compile(r"step-(\d{9,18})(-best)?\.safetensors")


@dataclass(frozen=True)
class Stored:
    """A whole state on disk."""

    path: Path
    step: int
    size: int
    best: bool


def file_name(step: int, best: bool) -> str:
    """In the order of steps; the name alone tells the best, so both are written at once."""
    return f"step-{step:09d}{'-best' if best else ''}.safetensors"


def scan(folder: Path) -> dict[int, Stored]:
    """The states in `folder` by step, in no order. A folder that is not there has none."""
    found: dict[int, Stored] = {}
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = _NAME.fullmatch(entry.name)
            with contextlib.suppress(OSError):  # deleted meanwhile
                if match is None or not entry.is_file(follow_symlinks=False):
                    continue
                step, best = int(match[1]), match[2] is not None
                if best or step not in found:
                    found[step] = Stored(Path(entry.path), step, entry.stat().st_size, best)
    return found


def spare(stored: Mapping[int, Stored], budget: int) -> list[Stored]:
    """What to delete so that the rest fits into `budget`, the most dispensable first. The newest and
    the latest of the best ones stay."""
    if not stored:
        return []
    best = [step for step, one in stored.items() if one.best]
    pinned = {max(stored), *([max(best)] if best else [])}
    sizes = {step: one.size for step, one in stored.items()}
    return [stored[step] for step in surplus(sizes, budget, pinned)]
