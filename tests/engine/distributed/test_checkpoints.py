"""Checkpoints of torch.distributed.checkpoint, here of one process."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.command_line import parse
from engine.distributed.checkpoints import Checkpoints
from engine.distributed.interval import Interval, Pace, parse_interval
from engine.distributed.sharding import check_shardable
from engine.headless import run as headless
from engine.recipe.recipe import Recipe
from engine.training.fault import TrainingError
from engine.training.trainer import Trainer
from engine.training.world import ALONE, World
from tests.engine.distributed.torchrun import ROOT
from tests.networks import points_project

RECIPE: dict[str, Any] = {"epochs": 3, "accumulate": 2, "ema_decay": 0.9}


def advance(trainer: Trainer, checkpoints: Checkpoints | None = None, until: int = 10**9) -> None:
    while not trainer.finished and trainer.step < until:
        trainer.advance()
        assert checkpoints is None or checkpoints.after(trainer) == ""


def trained(folder: Path, run: str = "", until: int = 33) -> Trainer:
    trainer = Trainer(points_project(**RECIPE), {})
    checkpoints = Checkpoints(folder, Interval(steps=5), ALONE, run)
    assert checkpoints.resume(trainer, wanted=False) is None
    advance(trainer, checkpoints, until)
    return trainer


def test_a_run_goes_on_to_the_last_bit(tmp_path: Path) -> None:
    whole = trained(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["latest", "step-000000025", "step-000000030"]
    other = Trainer(points_project(**RECIPE), {})
    checkpoints = Checkpoints(tmp_path, Interval(steps=5), ALONE)
    assert checkpoints.resume(other, wanted=True) == 30
    advance(whole)
    advance(other)
    assert other.step == whole.step == 45
    for name, values in whole.weights().items():
        assert np.array_equal(values, other.weights()[name])


def test_a_new_run_begins_anew_and_a_restarted_one_goes_on(tmp_path: Path) -> None:
    trained(tmp_path, "first")
    trainer = Trainer(points_project(**RECIPE), {})
    again = Checkpoints(tmp_path, Interval(steps=5), ALONE, "first")
    assert again.resume(trainer, wanted=False) == 30
    second = Checkpoints(tmp_path, Interval(steps=7), ALONE, "second")
    trainer = Trainer(points_project(**RECIPE), {})
    assert second.resume(trainer, wanted=False) is None
    assert again.resume(trainer, wanted=False) is None, "the first run's are forgotten"
    advance(trainer, second, 8)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["latest", "step-000000007"]


def test_what_was_cut_off_while_it_was_written_does_not_count(tmp_path: Path) -> None:
    trained(tmp_path)
    (tmp_path / ".step-000000035.tmp").mkdir()
    (tmp_path / "step-000000025" / "__0_0.distcp").unlink()
    trainer = Trainer(points_project(**RECIPE), {})
    checkpoints = Checkpoints(tmp_path, Interval(steps=5), ALONE)
    assert checkpoints.resume(trainer, wanted=True) == 30
    advance(trainer, checkpoints, 36)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["latest", "step-000000030", "step-000000035"]


def test_a_damaged_one_leads_to_the_one_before(tmp_path: Path) -> None:
    trained(tmp_path)
    newest = tmp_path / "step-000000030" / "__0_0.distcp"
    newest.write_bytes(newest.read_bytes()[:1000])
    trainer = Trainer(points_project(**RECIPE), {})
    checkpoints = Checkpoints(tmp_path, Interval(steps=5), ALONE)
    assert checkpoints.resume(trainer, wanted=True) == 25


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(Path.cwd() / "exploded"),)


def test_nothing_in_a_folder_is_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("step-000000025", "step-000000030"):
        for file in (tmp_path / name).iterdir():
            file.write_bytes(pickle.dumps(_Bomb()))
    checkpoints = Checkpoints(tmp_path, Interval(steps=5), ALONE)
    with pytest.raises(TrainingError) as raised:
        checkpoints.resume(Trainer(points_project(**RECIPE), {}), wanted=True)
    assert raised.value.problem.code == "bad_checkpoint"
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize("recipe", [{"optimizer": "SGD"}, {"loss": "mse_loss"}])
def test_only_a_fitting_one_is_taken(tmp_path: Path, recipe: dict[str, Any]) -> None:
    trained(tmp_path, until=6)
    trainer = Trainer(points_project(**RECIPE, **recipe), {})
    checkpoints = Checkpoints(tmp_path, Interval(steps=5), ALONE)
    if "loss" in recipe:  # which does not touch what is stored
        assert checkpoints.resume(trainer, wanted=True) == 5
        return
    with pytest.raises(TrainingError) as raised:
        checkpoints.resume(trainer, wanted=True)
    assert raised.value.problem.code == "checkpoint_of_another"


def test_a_folder_that_cannot_be_made_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    arguments = ["train", "two-moons", "--epochs", "1", "--checkpoints", str(tmp_path / "file" / "x")]
    assert headless(parse(arguments)) == 2
    assert "Checkpoints cannot be kept in" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--resume", "--shard-optimizer"])
def test_options_without_what_they_need_are_refused(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert headless(parse(["train", "two-moons", option])) == 2
    assert f"{option} needs" in capsys.readouterr().err


def test_intervals() -> None:
    assert parse_interval("500") == Interval(steps=500)
    assert parse_interval("30s") == Interval(seconds=30)
    for text in ("", "s", "0", "0s", "-1", "1.5s", "5m"):
        with pytest.raises(ValueError, match=f"^{text}$"):
            parse_interval(text)


def test_seconds_become_steps_that_the_first_process_names() -> None:
    asked = []

    class Told(World):
        def agreed(self, value: Any) -> Any:
            asked.append(value)
            return len(asked) == 2, 100

    pace = Pace(Interval(seconds=3600), Told(), 0)
    assert [step for step in range(1, 400) if pace.due(step)] == [110]
    assert len(asked) == 4 and not any(due for due, _ in asked)


def test_optimizers_that_look_at_all_parameters_are_not_spread() -> None:
    check_shardable(Recipe(optimizer="AdamW"))
    for kind in ("LBFGS", "Muon"):
        with pytest.raises(TrainingError):
            check_shardable(Recipe(optimizer=kind))


def test_alone_nothing_of_it_is_imported() -> None:
    program = (
        "import sys; from engine.headless import run; from engine.command_line import parse;"
        "assert 'torch' not in sys.modules;"
        "run(parse(['train', 'two-moons', '--epochs', '1']));"
        "assert 'engine.distributed.group' not in sys.modules;"
        "assert 'torch.distributed.checkpoint' not in sys.modules;"
        "import torch; assert not torch.distributed.is_initialized()"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=100)
