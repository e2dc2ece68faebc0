"""Processes that train when told to and rest while another one has its turn."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from tests.benchmarks.effort import Effort

#: Obeys one line, such as `Worker.run`.
Side = Callable[[str], dict[str, Any]]
Answers = Mapping[str, list[dict[str, Any]]]


class Worker:
    """A process that obeys lines of standard input, "seconds 2" or "steps 1000", with one line of JSON
    each: {"speed": steps per second, …}. Between two lines it waits for the next one."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        environment: Mapping[str, str],
        python: str = sys.executable,
    ) -> None:
        self._process = subprocess.Popen(
            [python, "-m", f"tests.benchmarks.{module}", *arguments],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)


@contextmanager
def off_screen() -> Iterator[dict[str, str]]:
    """The environment of a program off-screen, with settings and runs of its own; nothing else in it
    differs from what a user has."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        environment.pop("QT_SCALE_FACTOR", None)
        yield {**environment, "BACKLIT_CONFIG": folder, "BACKLIT_DATA": folder}


def in_turn(sides: Mapping[str, Side], effort: Effort) -> Answers:
    """What each side answered in each round. The order is turned around from round to round, so that
    a machine that slows down meets all sides alike."""
    command = f"seconds {effort.seconds}"
    for run in sides.values():
        run(command)  # warm up
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in sides}
    for turn in range(effort.pairs):
        for name in list(sides)[:: -1 if turn % 2 else 1]:
            answers[name].append(sides[name](command))
    return answers


def speed(answers: list[dict[str, Any]]) -> float:
    return statistics.median(answer["speed"] for answer in answers)


def ratio(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> float:
    """The median of the ratios of neighbours in time; what slows both cancels."""
    return statistics.median(
        first["speed"] / second["speed"] for first, second in zip(ours, theirs, strict=True)
    )
