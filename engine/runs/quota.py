"""A budget for the states of all runs together. Curves and records are small, and kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from engine.runs.folder import RunFolder, folders
from engine.runs.stored import Stored, scan, spare


def used(place: Path) -> int:
    """What the states of all runs need on disk."""
    return sum(_size(scan(folder.states).values()) for folder in folders(place))


def thin(place: Path, budget_bytes: int) -> int:
    """Delete states until those of all runs fit into the budget, and return the bytes won.

    Old runs give up states first: all but the newest and the best, the most dispensable one first.
    When that is not enough, old runs lose these as well. Runs that are alive keep to a budget of their
    own, and the latest run that is not stays able to go on.
    """
    stored = {folder: scan(folder.states) for folder in folders(place)}
    surplus = sum(_size(states.values()) for states in stored.values()) - budget_bytes
    won = 0
    resting = [folder for folder in stored if stored[folder]]
    for last_ones in (False, True):
        for folder in resting[:-1] if last_ones else resting:
            if won >= surplus:
                return won
            won += _thin_one(folder, stored[folder], surplus - won, last_ones)
    return won


def _thin_one(folder: RunFolder, states: dict[int, Stored], wanted: int, last_ones: bool) -> int:
    """Win `wanted` bytes from one run, or what can be won."""
    if not folder.lock.acquire(0):
        return 0  # it is alive
    try:
        unwanted = spare(states, _size(states.values()) - wanted)
        if last_ones:
            unwanted = sorted(states.values(), key=lambda one: one.step)
        won = 0
        for one in unwanted:
            if won < wanted:
                with contextlib.suppress(OSError):
                    one.path.unlink()
                    won += states.pop(one.step).size
        return won
    finally:
        folder.lock.release()


def _size(states: Iterable[Stored]) -> int:
    return sum(one.size for one in states)
