"""Which states of a run are kept: the newest, the best, and others that lie evenly in log(step), since
a network changes most at the beginning."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

#: What the states of one run may need on disk, unless the user says otherwise.
BUDGET_BYTES = 500 * 2**20
#: Spaced steps between a step and its double, once they are so far apart.
PER_DOUBLING = 8


def is_spaced(step: int) -> bool:
    """Whether a state is worth keeping for the sake of its step alone: 0, 1, 2, 4, 8 ... and
    PER_DOUBLING steps evenly between two of these. A pure function: a resumed run keeps the rhythm."""
    if step < 2:
        return True
    # Whole numbers: log2(step) just below 10 must not become 10.
    return (step**PER_DOUBLING).bit_length() != ((step - 1) ** PER_DOUBLING).bit_length()


def surplus(sizes: Mapping[int, int], budget: int, pinned: Collection[int]) -> list[int]:
    """The steps to give up so that `sizes` (bytes by step) fit into `budget`, the most dispensable
    first: the one whose neighbours lie closest together. Those in `pinned` stay, whatever they need;
    the first step goes last."""
    kept = sorted(sizes)
    total = sum(sizes.values())
    gone: list[int] = []
    while total > budget:
        free = [at for at, step in enumerate(kept) if step not in pinned]
        if not free:
            break
        gone.append(kept.pop(min(free, key=lambda at: _hole(kept, at))))
        total -= sizes[gone[-1]]
    return gone


def _hole(steps: list[int], at: int) -> float:
    """How wide the gap in log(step) would be without the one at this place."""
    if at in (0, len(steps) - 1):
        return math.inf
    return math.log((steps[at + 1] + 1) / (steps[at - 1] + 1))
