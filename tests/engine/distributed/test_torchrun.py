"""`torchrun main.py train`: what is printed, what is kept, and what happens when a process is lost."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.command_line import parse
from engine.headless import run as headless
from engine.project.project_file import read, write
from tests.engine.distributed.torchrun import Torchrun, torchrun
from tests.networks import points_project

pytestmark = pytest.mark.slow


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "small.backlit"
    write(path, points_project(epochs=10), {})
    return path


def alone(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict]:
    assert headless(parse(["train", *map(str, arguments), "--json"])) == 0
    return json_lines(capsys.readouterr().out)


def json_lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def assert_close(path: Path, other: Path) -> None:
    weights, expected = read(path).weights, read(other).weights
    assert set(weights) == set(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(weights[name], values, 1e-4, 1e-5, err_msg=name)


def wait_for_epoch(run: Torchrun, epoch: int) -> None:
    assert run.process.stdout is not None
    for line in run.process.stdout:
        if json.loads(line).get("epoch") == epoch:
            return
    raise AssertionError(f"the run ended before epoch {epoch}")


def test_the_lines_are_those_of_one_process(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "shared.backlit"
    with torchrun("main.py", "train", saved, "--epochs", 3, "--json", "--out", out) as run:
        status, text, err = run.end()
    assert status == 0, err
    start, *lines = json_lines(text)
    assert start == {"event": "start", "device": "cpu", "world_size": 2, "backend": "gloo"}
    assert (lines[-1].pop("world_size"), lines[-1].pop("backend")) == (2, "gloo")
    expected = alone(capsys, saved, "--epochs", 3, "--out", tmp_path / "one.backlit")
    assert len(lines) == len(expected) == 4
    for line, other in zip(lines, expected, strict=True):
        assert list(line) == list(other)
        for name in line.keys() - {"steps_per_second", "seconds", "out", "event", "device"}:
            assert line[name] == pytest.approx(other[name], rel=1e-4), name
    assert_close(out, tmp_path / "one.backlit")


def test_a_killed_process_costs_no_result(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, kept = tmp_path / "restarted.backlit", tmp_path / "kept"
    options = ("--checkpoints", kept, "--checkpoint-every", 20, "--shard-optimizer", "--json")
    with torchrun("main.py", "train", saved, *options, "--out", out, restarts=3) as run:
        wait_for_epoch(run, 4)
        os.kill(run.workers()[1], signal.SIGKILL)
        status, text, err = run.end()
    assert status == 0, err
    lines = json_lines(text)
    resumed = next(line["step"] for line in lines if line["event"] == "resumed")
    assert resumed >= 60 and resumed % 20 == 0
    assert lines[-1]["steps"] == 150
    alone(capsys, saved, "--out", tmp_path / "one.backlit")
    assert_close(out, tmp_path / "one.backlit")
    assert sorted(path.name for path in kept.iterdir()) == [
        "latest",
        "step-000000120",
        "step-000000140",
    ]
    # What two processes left, one goes on from.
    lines = alone(capsys, saved, "--checkpoints", kept, "--resume", "--out", tmp_path / "last.backlit")
    assert lines[0] == {"event": "resumed", "step": 140}
    assert_close(tmp_path / "last.backlit", tmp_path / "one.backlit")


def test_what_all_processes_find_is_said_once(saved: Path) -> None:
    project = read(saved).project
    write(saved, project, {"linear-1.weight": np.full((8, 2), np.nan, np.float32)})
    with torchrun("main.py", "train", saved, "--json") as run:
        status, _, err = run.end()
    assert status == 1
    assert err.count("The loss became nan at step 1; the first node") == 1, err
    assert "Another process" not in err and "Error: " not in err.replace("ChildFailedError: ", "")


def test_the_fault_of_one_ends_all(saved: Path) -> None:
    """The second process has another file than the first: none."""
    command = 'exec "$0" main.py train "$1$RANK"'
    project = read(saved).project
    write(saved.with_name("a0"), project, {})
    arguments = ("--no-python", "sh", "-c", command, sys.executable, saved.with_name("a"))
    with torchrun(*arguments) as run:
        status, _, err = run.end()
        assert run.workers() == []
    assert status == 1
    assert f"{saved.with_name('a1')}" in err
    assert "Another process" not in err and "headless.py" not in err


def test_ctrl_c_ends_all(saved: Path) -> None:
    with torchrun("main.py", "train", saved, "--epochs", 10_000, "--json") as run:
        wait_for_epoch(run, 2)
        workers = run.workers()
        run.process.send_signal(signal.SIGINT)
        status, _, err = run.end()
        assert len(workers) == 2 and run.workers() == []
    assert status != 0
    assert err.count("interrupted") <= 1
    assert "headless.py" not in err


def test_without_another_process_none_goes_on(saved: Path) -> None:
    with torchrun("main.py", "train", saved, "--epochs", 10_000, "--json") as run:
        wait_for_epoch(run, 2)
        os.kill(run.workers()[0], signal.SIGKILL)
        status, _, err = run.end()
        assert run.workers() == []
    assert status == 1
    assert err.count("Another process of this run has ended") <= 1
    assert "headless.py" not in err
