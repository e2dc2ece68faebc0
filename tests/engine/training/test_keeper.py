"""A run on disk: killed at any moment, it goes on to the same weights, to the last bit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.project.project import Project
from engine.project.project_file import read, write
from engine.runs.history import History
from engine.telemetry.frame import Watch
from engine.training import keeper
from engine.training.keeper import Keeper
from engine.training.replay import Replay
from engine.training.trainer import Trainer
from tests.engine.training.test_state import image_project, run, same
from tests.networks import points_project

BYTES = 100 * 2**20


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    made = History(tmp_path / "runs")
    yield made
    made.close()


def begun(history: History, project: Project) -> tuple[Trainer, Keeper]:
    trainer, folder = keeper.begin(history, project, {}, 1, project_name="points")
    return trainer, Keeper(trainer, history, folder, BYTES)


def kept(trainer: Trainer, keeper: Keeper, units: int = 10**9) -> None:
    for _ in range(units):
        try:
            trainer.advance()
        except StopIteration:
            return
        keeper.after_unit()


def test_states_lie_close_at_first_and_the_end_is_there(history: History) -> None:
    trainer, keeping = begun(history, points_project(epochs=20))
    kept(trainer, keeping)
    keeping.end("finished")
    steps = keeping.store.steps()
    assert steps[:5] == (1, 2, 3, 4, 5) and steps[-1] == 300 and len(steps) < 100
    found = history.get(keeping.run_id)
    assert found is not None and (found.how, found.steps) == ("finished", 300)
    best = min(v.validation["loss"] for v in trainer.recorder.validations)
    assert found.results["loss"].best == pytest.approx(best)
    assert keeping.store.best is not None and keeping.store.best % 15 == 0


def test_a_stopped_run_goes_on_with_what_was_changed_live(history: History) -> None:
    project = image_project()
    trainer, keeping = begun(history, project)
    kept(trainer, keeping, 11)
    recipe = project.recipe.model_copy(update={"learning_rate": 0.01, "batch_size": 100})
    nodes = [replace(project.network.nodes["dropout-1"], parameters={"p": 0.6})]
    changed = replace(project, recipe=recipe, network=project.network.with_nodes(nodes))
    trainer.adjust(changed)
    kept(trainer, keeping, 5)
    keeping.end("stopped")
    left = trainer.state()
    run(trainer)
    again, folder = keeper.resume(history, keeping.run_id, 2)
    assert again.step == 16 and same(again.state(), left)
    run(again)
    assert same(again.state(), trainer.state())
    assert again.module.layer("dropout-1").p == 0.6 and again.updates.rate == 0.01
    mine, theirs = (t.recorder.scalars["loss"].view().mean for t in (again, trainer))
    assert np.array_equal(mine, theirs)
    assert [mark.code for mark in again.recorder.marks] == ["changed"] * 3 + ["resumed"]
    history.end(folder, "finished")


def test_a_fork_goes_its_own_way_from_a_recorded_step(history: History) -> None:
    project = points_project(epochs=6)
    trainer, keeping = begun(history, project)
    kept(trainer, keeping)
    keeping.end("finished")
    state = keeping.store.load(16)
    recipe = project.recipe.model_copy(update={"learning_rate": 0.3})
    forked, folder = keeper.fork(history, keeping.folder, state, replace(project, recipe=recipe), 2)
    assert forked.step == 16 == len(forked.recorder.scalars["loss"])
    assert same(forked.state(), state)
    run(forked)
    assert forked.step == 90 and not same(forked.state(), trainer.state())
    found = history.get(folder.id)
    assert found is not None and (found.parent, found.parent_step) == (keeping.run_id, 16)
    history.end(folder, "finished")


def test_a_fork_with_another_optimizer_takes_the_weights(history: History) -> None:
    project = points_project(epochs=2)
    trainer, keeping = begun(history, project)
    kept(trainer, keeping)
    keeping.end("finished")
    state = keeping.store.load(16)
    sgd = points_project(optimizer="SGD")
    forked, folder = keeper.fork(history, keeping.folder, state, sgd, 2)
    assert forked.step == 0
    for name, values in forked.weights().items():
        assert np.array_equal(values, state.tensors[f"weights/{name}"])
    history.end(folder, "stopped")


def test_a_recorded_step_is_seen_as_it_was(history: History) -> None:
    """Gradients and values are those of the step made from it, activations those of its weights; the
    run that goes on meanwhile is not touched."""
    project = image_project()
    watch = Watch(
        histogram_node="linear-1", maps_node="conv2d-1", sample=3, gradients=True, values=True
    )
    trainer, keeping = begun(history, project)
    kept(trainer, keeping, 4)
    looked = trainer.look(watch)
    lived = trainer.advance(watch)
    assert looked.maps is not None and lived is not None
    keeping.store.flush()
    kept(trainer, keeping, 3)
    before = trainer.state()
    frame = Replay(trainer).frame(keeping.store.load(4), watch)
    assert same(before, trainer.state())
    assert frame.step == 4 and frame.gradients == lived.gradients and frame.flow == lived.flow
    assert frame.values == lived.values and frame.maps is not None
    assert np.array_equal(frame.maps.values, looked.maps.values)
    keeping.end("stopped")


def train_command(data: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "BACKLIT_DATA": str(data)}
    command = [sys.executable, "main.py", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.slow
def test_a_run_killed_in_the_middle_ends_with_the_same_weights(tmp_path: Path) -> None:
    """Ten epochs; and four, kill -9, and the rest."""
    file = tmp_path / "digits.backlit"
    write(file, image_project(epochs=10), {})
    out = str(tmp_path / "a.backlit")
    whole = train_command(tmp_path / "one", "train", str(file), "--device", "cpu", "--out", out)
    assert whole.wait(timeout=100) == 0
    broken = train_command(tmp_path / "two", "train", str(file), "--json", "--device", "cpu")
    assert broken.stdout is not None
    for line in broken.stdout:
        if json.loads(line)["epoch"] == 4:
            break
    broken.send_signal(signal.SIGKILL)
    broken.communicate()
    rest = train_command(tmp_path / "two", "resume", "--json", "--out", str(tmp_path / "b.backlit"))
    out, err = rest.communicate(timeout=100)
    assert rest.returncode == 0, err
    epochs = [row["epoch"] for row in map(json.loads, out.splitlines()) if row["event"] == "epoch"]
    assert epochs[-1] == 10 and 1 <= epochs[0] <= 6
    first, second = read(tmp_path / "a.backlit").weights, read(tmp_path / "b.backlit").weights
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)
