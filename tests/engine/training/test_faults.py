"""What can go wrong in a run, by its real cause."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.data import load
from engine.network.edits import RemoveNodes
from engine.project.project import Project
from engine.recipe.recipe import DataChoice, Recipe
from engine.session import EngineThread
from engine.training.fault import TrainingError
from engine.training.resident import ResidentData
from engine.training.trainer import Trainer
from tests.engine.training.test_state import run
from tests.networks import chain, deep_project, points_project, seed_cnn

#: Limits the memory of a process to little more than it has, then trains in one batch.
_STARVED = """
import resource, sys
import engine.training.trainer
with open("/proc/self/statm") as file:
    pages = int(file.read().split()[0])
room = pages * resource.getpagesize() + 400 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (room, room))
from engine.command_line import parse
from engine.headless import run
sys.exit(run(parse(["train", sys.argv[1], "--no-history", "--device", "cpu"])))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited by Linux's own means")
def test_case_49_out_of_memory_says_how_much_and_what_helps(tmp_path: Path) -> None:
    from engine.project.project_file import write

    file = tmp_path / "large.backlit"
    write(file, Project(seed_cnn(), Recipe(batch_size=8000), DataChoice()), {})
    done = subprocess.run(
        [sys.executable, "-c", _STARVED, str(file)],
        check=False,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 1, done.stderr
    assert "Out of memory" in done.stderr and "bytes were asked for" in done.stderr
    assert "smaller batch size than 8000" in done.stderr and "Traceback" not in done.stderr


def test_case_50_a_learning_rate_of_a_million() -> None:
    trainer = Trainer(deep_project(learning_rate=1e6), {})
    with pytest.raises(TrainingError) as error:
        run(trainer)
    assert error.value.problem.node is not None and trainer.step < 10
    assert all(np.isfinite(values).all() for values in trainer.weights().values())


def test_case_51_a_batch_larger_than_the_data() -> None:
    trainer = Trainer(points_project(batch_size=1_000_000, epochs=3), {})
    run(trainer)
    assert trainer.step == 3 and len(trainer.batch[0]) == 150


def test_case_52_one_sample() -> None:
    project = points_project(batch_size=10, epochs=2)
    data = load(project.data)
    one = replace(data, train_x=data.train_x[:1], train_y=data.train_y[:1])
    whole = Trainer(project, {})
    trainer = Trainer(project, {}, data=ResidentData(one, whole.device))
    run(trainer)
    assert trainer.step == 2 and np.isfinite(trainer.recorder.scalars["loss"].view().mean).all()


def test_cases_53_and_54_nothing_to_learn_and_no_way_to_the_loss() -> None:
    silent = chain(("Input", {"shape": (2,)}), ("Tanh", {}))
    with pytest.raises(TrainingError) as error:
        Trainer(Project(silent, Recipe(), DataChoice(source="xor")), {})
    assert error.value.problem.code == "nothing_to_learn"
    project = points_project()
    alone = RemoveNodes(frozenset({"linear-1"})).apply(project.network)
    with pytest.raises(TrainingError):
        Trainer(replace(project, network=alone), {})


@pytest.mark.parametrize("moment", ["first steps", "steps", "validation"])
def test_it_stops_within_half_a_second(qtbot: QtBot, moment: str) -> None:
    """The best of three tries: the machine may be busy with other things."""
    epochs = {"epochs": 1000, "validate_every": 1} if moment == "validation" else {"epochs": 1000}
    project = Project(seed_cnn(), Recipe(**epochs), DataChoice())  # type: ignore[arg-type]
    engine = EngineThread()
    engine.start()
    took = []
    for _ in range(3):
        qtbot.waitUntil(lambda: engine.state == "idle", timeout=30_000)
        engine.train(project, {})
        least = {"first steps": 0, "steps": 20, "validation": 2}[moment]
        qtbot.waitUntil(
            lambda n=least: engine.state == "running" and engine.steps_done >= n, timeout=60_000
        )
        begun = time.monotonic()
        with qtbot.waitSignal(engine.run_ended, timeout=30_000):
            engine.stop()
        took.append(time.monotonic() - begun)
    assert engine.shut_down()
    assert min(took) < 0.5
