"""How often a checkpoint is made."""

from __future__ import annotations

import time
from dataclasses import dataclass

from engine.training.world import World

#: Steps until the clock is first looked at, and at most between two looks.
_FIRST_LOOK, _LONGEST = 10, 100_000


@dataclass(frozen=True)
class Interval:
    """A number of steps, or of seconds; the other is 0."""

    steps: int = 0
    seconds: float = 0.0


def parse_interval(text: str) -> Interval:
    """ "500" are steps, "30s" seconds. ValueError for anything else."""
    number, seconds = (text[:-1], True) if text.endswith("s") else (text, False)
    if not (number.isascii() and number.isdecimal() and 1 <= int(number) <= 1_000_000_000):
        raise ValueError(text)
    return Interval(seconds=float(number)) if seconds else Interval(steps=int(number))


class Pace:
    """When a checkpoint is due: at the same steps in all processes. Their clocks differ, so the first
    one's counts; it is asked only where by its speed the time should have come."""

    def __init__(self, interval: Interval, world: World, step: int) -> None:
        self._interval = interval
        self._world = world
        self._first = step
        self._begun = self._last = time.monotonic()
        self._next = step + (interval.steps or _FIRST_LOOK)

    def due(self, step: int) -> bool:
        if step < self._next:
            return False
        due, ahead = (True, self._interval.steps) if self._interval.steps else self._look(step)
        self._next = step + ahead
        return due

    def _look(self, step: int) -> tuple[bool, int]:
        """Whether it is time, and the steps until the next look."""
        now = time.monotonic()
        left = self._interval.seconds - (now - self._last)
        due = left <= 0
        rate = (step - self._first) / max(now - self._begun, 1e-9)
        ahead = rate * (self._interval.seconds if due else left)
        due, steps = self._world.agreed((due, int(min(max(ahead, 1), _LONGEST))))
        if due:
            self._last = now
        return due, steps
