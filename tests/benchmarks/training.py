"""The seed CNN with the window live against the loop its user would write."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from types import TracebackType

from tests.benchmarks.row import Row

SECONDS = 4.0
PAIRS = 7


class Worker:
    """A process that trains for a number of seconds when told to and says its steps per second."""

    def __init__(self, module: str, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, seconds: float) -> float:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


def measure() -> list[Row]:
    """Median of the ratios of interleaved pairs; each side rests while the other runs."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "BACKLIT_CONFIG": folder}
        with (
            Worker("tests.benchmarks.window_worker", environment) as window,
            Worker("tests.benchmarks.plain_worker", environment) as plain,
        ):
            for worker in (window, plain):
                worker.run(SECONDS)  # warm up
            pairs = [(window.run(SECONDS), plain.run(SECONDS)) for _ in range(PAIRS)]
    ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(first / second for first, second in pairs)
    return [
        Row("seed CNN, window live, against a plain DataLoader loop", ratio, "x", 1.0, "higher"),
        Row("  seed CNN, window live", ours, "steps/s", None, "higher"),
        Row("  plain DataLoader loop", theirs, "steps/s", None, "higher"),
    ]
