"""How long to measure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """seconds: that one side trains before the other has its turn. pairs: of such turns. starts: of the
    program. steps: that memory is watched for."""

    seconds: float
    pairs: int
    starts: int
    steps: int


#: Many short turns: what else the machine does then meets both sides.
FULL = Effort(seconds=2.0, pairs=15, starts=7, steps=200_000)
#: To see that the benchmarks work; the numbers mean little.
QUICK = Effort(seconds=1.0, pairs=2, starts=1, steps=40_000)
