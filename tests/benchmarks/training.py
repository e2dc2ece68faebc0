"""Training with the window live against the loops that its user would write, and without it."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from contextlib import ExitStack

from tests.benchmarks.effort import Effort
from tests.benchmarks.row import Row
from tests.benchmarks.venvs import python_of
from tests.benchmarks.worker import Answers, Worker, in_turn, off_screen, ratio, speed

CNN, MLP = "mnist-cnn", "two-moons"
KERAS, HISTOGRAMS = "Keras fit", "a loop with TensorBoard histograms"


def cnn(effort: Effort) -> list[Row]:
    """The seed CNN with three panels and the canvas live, which is being panned."""
    with off_screen() as environment, ExitStack() as stack:

        def start(module: str, *arguments: str, python: str | None = None) -> Worker:
            given = {} if python is None else {"python": python}
            return stack.enter_context(Worker(module, *arguments, environment=environment, **given))

        sides = {
            "window": start("window_worker", CNN, "--pan"),
            "plain": start("plain_worker", CNN),
            "headless": start("engine_worker", CNN),
        }
        missing: dict[str, str] = {}
        for name, folder, arguments in (
            (KERAS, "keras", ("keras_worker",)),
            (HISTOGRAMS, "tensorboard", ("plain_worker", CNN, "--histograms")),
        ):
            try:
                python = python_of(folder, with_ours=folder == "tensorboard")
            except (OSError, subprocess.CalledProcessError) as error:
                missing[name] = _reason(error)
            else:
                sides[name] = start(*arguments, python=str(python))
        answers = in_turn({name: worker.run for name, worker in sides.items()}, effort)
    return [
        _against("seed CNN, window live and panned", "a plain loop", answers, "plain", 1.15),
        _against("seed CNN, window live and panned", KERAS, answers, KERAS, 1.0, missing),
        _against("seed CNN, window live and panned", "the engine headless", answers, "headless", 0.9),
        _against("seed CNN, window live and panned", HISTOGRAMS, answers, HISTOGRAMS, 5.0, missing),
        Row("  canvas panned while training, 99th frame interval", _p99(answers), "ms", 20, "lower"),
        *(_speed(f"seed CNN, {name}", answers, name) for name in sides),
    ]


def mlp(effort: Effort) -> list[Row]:
    """2-8-8-2 on two moons, where every µs beside the computing counts."""
    with (
        off_screen() as environment,
        Worker("window_worker", MLP, environment=environment) as window,
        Worker("plain_worker", MLP, environment=environment) as plain,
        Worker("engine_worker", MLP, environment=environment) as engine,
    ):
        sides = {"window": window.run, "plain": plain.run, "headless": engine.run}
        answers = in_turn(sides, effort)
    headless = ratio(answers["headless"], answers["plain"])
    return [
        _against("MLP, window live", "a plain loop", answers, "plain", 0.9),
        Row("MLP, headless, against a plain loop", headless, "x", 1.3, "higher"),
        *(_speed(f"MLP, {name}", answers, name) for name in sides),
    ]


def probes(effort: Effort) -> list[Row]:
    """Norms at each step, histograms and maps 20 times a second: the share of the loop they take."""
    rows = []
    for example, title, goal in ((CNN, "seed CNN", 3.0), (MLP, "  MLP", None)):
        with (
            off_screen() as environment,
            Worker("engine_worker", example, environment=environment) as it,
        ):
            # The same process takes turns with itself: nothing else differs.
            answers = in_turn(
                {"bare": it.run, "probed": lambda line, it=it: it.run(f"{line} probed")},  # type: ignore[misc]
                effort,
            )
        share = 100 * (1 - ratio(answers["probed"], answers["bare"]))
        rows.append(
            Row(f"{title}, share of the headless loop that probes take", share, "%", goal, "lower")
        )
    return rows


def _against(
    ours: str,
    theirs: str,
    answers: Answers,
    name: str,
    goal: float,
    missing: Mapping[str, str] | None = None,
) -> Row:
    value = ratio(answers["window"], answers[name]) if name in answers else None
    return Row(f"{ours}, against {theirs}", value, "x", goal, "higher", (missing or {}).get(name, ""))


def _speed(title: str, answers: Answers, name: str) -> Row:
    return Row(f"  {title}", speed(answers[name]), "steps/s", None, "higher")


def _p99(answers: Answers) -> float:
    """Of all times between two paints of the canvas, the one that one in a hundred exceeds."""
    intervals = sorted(interval for answer in answers["window"] for interval in answer["frames"])
    return float(intervals[round(0.99 * (len(intervals) - 1))])


def _reason(error: Exception) -> str:
    output = getattr(error, "stderr", None) or str(error)
    return "cannot be installed here: " + str(output).strip().splitlines()[-1]
