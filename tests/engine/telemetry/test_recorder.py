"""A run's numbers outlive its process, and a disk that fails does not hurt the run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from engine.messages import sentence
from engine.telemetry import journal, rows
from engine.telemetry.frame import LayerGradient
from engine.telemetry.recorder import Mark, Recorder, RecordError, Validation
from engine.telemetry.series import CAPACITY

NAMES = ("loss", "accuracy", "learning_rate")


def numbers(first: int, count: int) -> np.ndarray:
    """Row k tells its step."""
    steps = np.arange(first, first + count, dtype=np.float32)
    return np.stack([steps, steps / 2, np.full(count, 1e-3)], axis=1).astype(np.float32)


def made(folder: Path, steps: int = 1000) -> Recorder:
    recorder = Recorder(3, 100, 50, folder)
    for first in range(1, steps + 1, 250):
        recorder.add_scalars(first, NAMES, numbers(first, min(250, steps + 1 - first)))
    for step in range(10, min(steps, 500) + 1, 10):
        recorder.add_gradients(step, {"a": LayerGradient(step, 2.0, 0.5), "b": LayerGradient(1, 1, 1)})
    recorder.add_validation(Validation(1, 100, {"loss": 0.5}, {"loss": 0.6, "accuracy": 0.9}, 120.0))
    recorder.add_mark(Mark(100, "best", {"loss": 0.6}))
    recorder.add_mark(Mark(400, "learning_rate", {"before": 1e-3, "after": 3e-4}))
    return recorder


def only(folder: Path, stem: str) -> Path:
    (path,) = folder.glob(f"{stem}-*")
    return path


def test_update_ratio_is_update_over_weight() -> None:
    recorder = Recorder(1, 10)
    recorder.add_gradients(5, {"a": LayerGradient(gradient=2.0, weight=4.0, update=0.004)})
    assert recorder.gradient_steps.tolist() == [5]
    assert recorder.gradient_norms["a"].view().mean.tolist() == [2.0]
    np.testing.assert_allclose(recorder.update_ratios["a"].view().mean, [1e-3])
    assert LayerGradient(1.0, 0.0, 1.0).ratio == 0.0


def test_a_layer_that_begins_to_learn_later() -> None:
    recorder = Recorder(1, 10)
    recorder.add_gradients(5, {"a": LayerGradient(1, 1, 1)})
    recorder.add_gradients(8, {"a": LayerGradient(1, 1, 1), "b": LayerGradient(1, 1, 1)})
    assert recorder.gradient_norms["a"].view().steps.tolist() == [5, 8]
    assert recorder.gradient_norms["b"].view().steps.tolist() == [8]


def test_a_run_comes_back_from_its_folder(tmp_path: Path) -> None:
    recorder = made(tmp_path / "scalars")
    recorder.close()
    again = Recorder.open(tmp_path / "scalars")
    assert (again.run, again.steps_per_epoch, again.validation_samples) == (3, 100, 50)
    assert again.validations == recorder.validations
    assert again.marks == recorder.marks
    assert tuple(again.scalars) == NAMES
    for name in NAMES:
        np.testing.assert_array_equal(
            again.scalars[name].view().mean, recorder.scalars[name].view().mean
        )
    assert again.gradient_steps.tolist() == list(range(10, 501, 10))
    assert again.gradient_norms["a"].view().mean.tolist() == list(range(10, 501, 10))
    assert again.update_ratios["a"].view().mean[0] == 0.25


def test_a_long_run_is_exact_in_detail(tmp_path: Path) -> None:
    count = 3 * CAPACITY
    recorder = made(tmp_path, count)
    loss = recorder.scalars["loss"]
    assert not loss.view().exact
    for stage in ("on its way to the disk", "there", "read back"):
        held = Recorder.open(tmp_path) if stage == "read back" else recorder
        for first in (1, 777, count - 300):
            steps, values = held.scalars["loss"].detail(first, first + 200)
            assert steps.tolist() == values.tolist() == list(range(first, first + 201))
        recorder.flush()
    np.testing.assert_array_equal(held.scalars["accuracy"].view().high, loss.view().high / 2)


def test_it_is_written_within_two_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "FLUSH_SECONDS", 0.05)
    recorder = made(tmp_path, 10)
    assert recorder.folder == tmp_path
    until = time.monotonic() + 20
    while time.monotonic() < until and not list(tmp_path.glob("scalars-*")):
        time.sleep(0.01)
    recorder.add_scalars(11, NAMES, numbers(11, 1))
    while time.monotonic() < until and Recorder.open(tmp_path).newest_step < 11:
        time.sleep(0.01)
    assert Recorder.open(tmp_path).newest_step == 11


def test_a_killed_process_leaves_what_it_had_flushed(tmp_path: Path) -> None:
    program = (
        "import numpy as np, sys, time, pathlib\n"
        "from engine.telemetry.recorder import Recorder\n"
        "r = Recorder(1, 10, folder=pathlib.Path(sys.argv[1]))\n"
        "r.add_scalars(1, ['loss'], np.arange(500, dtype='f4')[:, None])\n"
        "r.flush(); print('there', flush=True)\n"
        "r.add_scalars(501, ['loss'], np.ones((5, 1), 'f4')); time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        os.kill(process.pid, signal.SIGKILL)
    assert Recorder.open(tmp_path).scalars["loss"].view().mean.tolist() == list(range(500))


@pytest.mark.parametrize("lost", range(1, 21))
def test_a_torn_last_row_is_left_out_and_written_over(tmp_path: Path, lost: int) -> None:
    made(tmp_path).close()
    path = only(tmp_path, "scalars")
    path.write_bytes(path.read_bytes()[:-lost])
    with (tmp_path / journal.EVENTS).open("ab") as file:
        file.write(b'{"mark": {"step": 7')
    again = Recorder.open(tmp_path)
    assert again.newest_step == 999
    again.add_scalars(1000, NAMES, numbers(1000, 5))
    again.add_mark(Mark(1000, "resumed"))
    again.close()
    third = Recorder.open(tmp_path)
    np.testing.assert_array_equal(third.scalars["loss"].view().mean, np.arange(1, 1005))
    assert [mark.code for mark in third.marks] == ["best", "learning_rate", "resumed"]


def test_zeros_after_a_power_failure_are_left_out(tmp_path: Path) -> None:
    made(tmp_path).close()
    with only(tmp_path, "scalars").open("ab") as file:
        file.write(bytes(4000))
    assert Recorder.open(tmp_path).newest_step == 1000


@pytest.mark.parametrize("step", [0, 1, 400, 999, 40_000])
def test_what_came_after_a_step_is_forgotten(tmp_path: Path, step: int) -> None:
    recorder = made(tmp_path, 40_000)
    recorder.truncate(step)
    for held in (recorder, Recorder.open(tmp_path)):
        assert held.newest_step == step
        assert len(held.validations) == (step >= 100)
        assert len(held.marks) == (step >= 100) + (step >= 400)
        if step:
            assert len(held.scalars["loss"]) == step
            assert held.scalars["loss"].view().high.max() == step
    recorder.add_scalars(step + 1, NAMES, numbers(step + 1, 30))
    recorder.close()
    again = Recorder.open(tmp_path)
    steps, values = again.scalars["loss"].detail(1, 50_000)
    if step < CAPACITY:
        assert steps.tolist() == values.tolist() == list(range(1, step + 31))
    assert again.newest_step == step + 30


def test_steps_recorded_again_replace_the_old_ones() -> None:
    recorder = Recorder(1, 10)
    recorder.add_scalars(1, ["loss"], np.ones((50, 1), np.float32))
    recorder.add_scalars(21, ["loss"], np.zeros((5, 1), np.float32))
    assert recorder.scalars["loss"].view().mean.tolist() == [1.0] * 20 + [0.0] * 5


def test_a_metric_that_comes_later_has_its_own_steps(tmp_path: Path) -> None:
    recorder = Recorder(1, 10, folder=tmp_path)
    recorder.add_scalars(1, ["loss"], np.ones((30, 1), np.float32))
    recorder.add_scalars(31, ["loss", "top_k"], np.zeros((5, 2), np.float32))
    recorder.close()
    for held in (recorder, Recorder.open(tmp_path)):
        assert len(held.scalars["loss"]) == 35
        assert held.scalars["top_k"].view().steps.tolist() == list(range(31, 36))


def test_a_run_that_validates_all_the_time_stays_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.telemetry.recorder.MOST_VALIDATIONS", 16)
    monkeypatch.setattr("engine.telemetry.recorder.MOST_MARKS", 16)
    recorder = Recorder(1, 1, folder=tmp_path)
    recorder.add_mark(Mark(1, "resumed"))
    losses = np.random.default_rng(0).random(500)
    for step, loss in enumerate(losses.tolist(), 1):
        recorder.add_scalars(step, ["loss"], np.ones((1, 1), np.float32))
        recorder.add_validation(Validation(step, step, {}, {"loss": loss}, 1.0))
        recorder.add_mark(Mark(step, "best"))
        assert len(recorder.validations) <= 16
        assert len(recorder.marks) <= 16
        assert recorder.validations[-1].step == step
    recorder.close()
    for held in (recorder, Recorder.open(tmp_path)):
        assert min(v.validation["loss"] for v in held.validations) == losses.min()
        assert held.marks[0].code == "resumed"
        assert held.marks[-1] == Mark(500, "best")
    recorder.truncate(100)
    assert recorder.validations[-1].step == recorder.marks[-1].step == 100
    # The folder has every one.
    lines = (tmp_path / journal.EVENTS).read_text().splitlines()
    assert sum("validation" in line for line in lines) == 1 + 100


def test_a_full_disk_is_one_mark_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = made(tmp_path)
    recorder.flush()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(rows.RowFile, "write", full)
    for first in (1001, 1101):
        recorder.add_scalars(first, NAMES, numbers(first, 100))
        recorder.flush()
    recorder.close()
    warnings = [mark for mark in recorder.marks if mark.code == "not_recorded"]
    assert [mark.values["reason"] for mark in warnings] == ["No space left on device"]
    assert recorder.newest_step == 1200
    recorder.truncate(1150)
    assert recorder.newest_step == 1150
    assert Recorder.open(tmp_path).newest_step == 1000


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_real_full_disk(tmp_path: Path) -> None:
    (tmp_path / journal.EVENTS).symlink_to("/dev/full")
    recorder = made(tmp_path)
    recorder.close()
    assert [mark.code for mark in recorder.marks].count("not_recorded") == 1
    assert recorder.newest_step == 1000


def test_a_folder_that_cannot_be_made_is_said_and_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    recorder = made(tmp_path / "file" / "scalars")
    recorder.close()
    assert [mark.code for mark in recorder.marks].count("not_recorded") == 1
    assert len(recorder.scalars["loss"]) == 1000


HEADERS = {
    "no json": b"hello\n",
    "no columns": b"{}\n",
    "a number": b"7\n",
    "not a list": b'{"columns": "loss"}\n',
    "not names": b'{"columns": [1]}\n',
    "none": b'{"columns": []}\n',
    "twice": b'{"columns": ["a", "a"]}\n',
    "deep": b"[" * 100_000 + b"\n",
    "many": json.dumps({"columns": [str(n) for n in range(rows.COLUMNS + 1)]}).encode() + b"\n",
    "endless": b"x" * (rows.HEADER_BYTES + 10),
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_files_that_are_not_ours_are_refused(tmp_path: Path, header: bytes) -> None:
    made(tmp_path).close()
    only(tmp_path, "scalars").write_bytes(header)
    with pytest.raises(RecordError) as error:
        Recorder.open(tmp_path)
    assert "scalars-00001.rows" in sentence(error.value.problem)


def test_an_absurd_size_is_refused_unread(tmp_path: Path) -> None:
    made(tmp_path).close()
    with only(tmp_path, "scalars").open("r+b") as file:
        file.truncate(rows.FILE_BYTES + 1)  # a hole: takes no room
    with pytest.raises(RecordError):
        Recorder.open(tmp_path)


@pytest.mark.parametrize("folder", ["nowhere", "empty"])
def test_no_run_is_refused(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordError):
        Recorder.open(tmp_path / folder)


EVENTS = [
    b"null",
    b"[1]",
    b'{"mark": 3}',
    b'{"mark": {"step": 1e999, "code": "x", "values": {}}}',
    b'{"mark": {"step": 1, "code": "x", "values": {"a": [1]}}}',
    b'{"validation": {"train": {"loss": "x"}}}',
    b'{"validation": null}',
    b'{"recorder": {"run": -1, "steps_per_epoch": "a"}}',
    b"\xff\xfe",
    b"[" * 50_000,
]


@pytest.mark.parametrize("line", EVENTS, ids=range(len(EVENTS)))
def test_events_that_are_not_ours_are_passed_over(tmp_path: Path, line: bytes) -> None:
    made(tmp_path).close()
    with (tmp_path / journal.EVENTS).open("ab") as file:
        file.write(line + b"\n")
    again = Recorder.open(tmp_path)
    assert len(again.marks) == 2
    assert len(again.validations) == 1


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_folder_is_read_or_refused(tmp_path: Path, seed: int) -> None:
    """Whatever happened to the bytes: no other error, and steps that ascend."""
    made(tmp_path, 300).close()
    chance = np.random.default_rng(seed)
    for path in sorted(tmp_path.iterdir()):
        data = bytearray(path.read_bytes())
        for _ in range(int(chance.integers(0, 4))):
            at = int(chance.integers(0, len(data)))
            if chance.random() < 0.5:
                del data[at : at + int(chance.integers(1, 50))]
            else:
                data[at : at + 8] = chance.bytes(8)
            data = data or bytearray(1)
        path.write_bytes(data)
    try:
        again = Recorder.open(tmp_path)
    except RecordError:
        return
    for series in (*again.scalars.values(), *again.gradient_norms.values()):
        assert (np.diff(series.view().steps) > 0).all()
    again.add_scalars(again.newest_step + 1, NAMES, numbers(1, 10))
    again.truncate(100)
    again.close()
    assert Recorder.open(tmp_path).newest_step <= 100


def test_gradient_files_grow_ever_more_slowly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "THINNED_BYTES", 1000)
    recorder = Recorder(1, 10, folder=tmp_path)
    for step in range(1, 2001):
        recorder.add_gradients(step, {"a": LayerGradient(1, 1, 1)})
        if step % 10 == 0:
            recorder.flush()
    recorder.close()
    assert only(tmp_path, "gradients").stat().st_size < 9000
    assert len(recorder.gradient_norms["a"]) == 2000
    assert Recorder.open(tmp_path).gradient_steps[0] == 1
