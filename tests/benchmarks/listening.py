"""The other end of `worker.Worker`, for workers without a window."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any


def obey(loop: Iterator[object], others: Mapping[str, Iterator[object]] | None = None) -> None:
    """Train as each line of standard input says; a loop yields after every step. A third word in the
    line takes one of the `others`."""
    loops = {"": loop, **(others or {})}
    for line in sys.stdin:
        unit, amount, *which = line.split()
        chosen = loops[which[0] if which else ""]
        start, count = time.perf_counter(), 0
        while (time.perf_counter() - start if unit == "seconds" else count) < float(amount):
            next(chosen)
            count += 1
        answer(speed=count / (time.perf_counter() - start), memory=memory())


def answer(**values: Any) -> None:
    print(json.dumps(values), flush=True)


def memory() -> float | None:
    """MB of this process that lie in the machine's memory; None where Linux does not say it."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return None
