"""Event files, read back by a reader of their own format and, where there is one, by TensorBoard."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.interop import curves
from engine.interop.event_file import write_events
from engine.project.errors import FileProblem
from engine.recipe.recipe import OptimizerChoice, Recipe
from engine.runs.run import Run
from engine.telemetry.recorder import Recorder
from tests.engine.interop.recordings import recorded
from tests.engine.interop.tfrecords import events

ROOT = Path(__file__).parents[3]
RECIPE = Recipe(optimizer=OptimizerChoice(kind="SGD", parameters={"momentum": 0.9}), seed=7)
RUN = Run(
    id="a",
    name="first try",
    started=1_000_000.0,
    ended=1_000_250.0,
    recipe=RECIPE.model_dump(mode="json"),
    notes="with a note",
)


def test_every_step_exactly(tmp_path: Path) -> None:
    recorder, values = recorded(250)
    path = write_events(tmp_path / "runs" / "one", recorder, RUN)
    assert path is not None and "tfevents" in path.name
    assert list(path.parent.iterdir()) == [path]
    first, *rest = events(path)
    assert first.version == "brain.Event:2"
    steps = [event for event in rest if event.values]
    assert [event.step for event in steps] == list(range(1, 251))
    for at, name in enumerate(("train/loss", "train/accuracy")):
        assert np.array_equal(np.array([e.values[name] for e in steps], np.float32), values[:, at])
    validated = {e.step: e.values["validation/loss"] for e in steps if "validation/loss" in e.values}
    assert validated == pytest.approx({100: 0.01, 200: 0.005})
    times = [event.time for event in (first, *rest)]
    assert times[0] == RUN.started and times[-1] == RUN.ended and times == sorted(times)


def test_the_recipe_as_text_and_as_hparams(tmp_path: Path) -> None:
    path = write_events(tmp_path, recorded(100)[0], RUN)
    assert path is not None
    texts: dict[str, str] = {}
    plugins: dict[str, bytes] = {}
    for event in events(path):
        texts |= event.texts
        plugins |= event.plugins
    recipe = texts["recipe/text_summary"]
    assert recipe.startswith("```") and json.loads(recipe.strip("`\n")) == RUN.recipe
    assert texts["name/text_summary"] == "first try" and texts["notes/text_summary"] == "with a note"
    session = plugins["_hparams_/session_start_info"]
    assert b"optimizer.momentum" in session and b"SGD" in session
    assert b"validation/accuracy" in plugins["_hparams_/experiment"]


def test_a_second_export_takes_the_place_of_the_first(tmp_path: Path) -> None:
    first = write_events(tmp_path, recorded(10)[0], RUN)
    second = write_events(tmp_path, recorded(20)[0], RUN)
    assert first == second is not None and list(tmp_path.iterdir()) == [second]
    assert max(event.step for event in events(second)) == 20


def test_a_run_without_steps_or_with_an_unknown_recipe(tmp_path: Path) -> None:
    odd = Run(id="b", started=5.0, recipe={"optimizer": "of the future", "n": None, "list": [1, 2]})
    path = write_events(tmp_path, Recorder(1, 10), odd)
    assert path is not None
    session = [e.plugins for e in events(path) if "_hparams_/session_start_info" in e.plugins]
    assert b"of the future" in session[0]["_hparams_/session_start_info"]


def test_numbers_that_are_none(tmp_path: Path) -> None:
    recorder = Recorder(1, 10)
    recorder.add_scalars(1, ["loss"], np.array([[np.nan], [np.inf], [-1.0]], np.float32))
    path = write_events(tmp_path, recorder, RUN)
    assert path is not None
    values = [event.values["train/loss"] for event in events(path) if event.values]
    assert np.array_equal(values, [np.nan, np.inf, -1.0], equal_nan=True)


def test_cancelled_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "PIECE", 100)
    assert write_events(tmp_path, recorded(1000)[0], RUN, lambda share: share < 0.5) is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileProblem) as caught:
        write_events(tmp_path / "file" / "logs", recorded(10)[0], RUN)
    assert caught.value.file == tmp_path / "file" / "logs"


def test_the_library_is_imported_only_when_somebody_exports() -> None:
    code = "import sys, engine.interop.event_file; print('tensorboardX' in sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"


def test_tensorboard_itself_reads_it(tmp_path: Path) -> None:
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    recorder, values = recorded(250)
    write_events(tmp_path, recorder, RUN)
    found = accumulators.EventAccumulator(str(tmp_path), size_guidance={"scalars": 0})
    found.Reload()
    scalars = found.Scalars("train/loss")
    assert [event.step for event in scalars] == list(range(1, 251))
    assert np.array_equal(np.array([event.value for event in scalars], np.float32), values[:, 0])
    assert set(found.Tags()["scalars"]) >= {"train/accuracy", "validation/loss"}
    assert "_hparams_/session_start_info" in found.summary_metadata
    assert found.Tensors("recipe/text_summary")
