"""Folders of runs: made whole or not at all, and known to be alive or not."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.network.edits import MoveNodes, SetParameter
from engine.project.errors import FileProblem
from engine.project.project import Project
from engine.runs import folder as folders
from engine.runs.folder import (
    RunFolder,
    crashed,
    create,
    delete,
    network_digest,
    new_id,
    runs_folder,
    sweep,
)
from engine.runs.lock import Lock
from engine.runs.run import Run, improved
from tests.networks import mlp

ROOT = Path(__file__).parents[3]
PROJECT = Project(mlp())
WEIGHTS = {"linear-1.weight": np.ones((8, 2), np.float32)}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def made(place: Path, **about: Any) -> RunFolder:
    return create(place, PROJECT, WEIGHTS, **about)[1]


@contextmanager
def another_process(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """It says "ready" when it is so, and is killed when it did not end by itself."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


HOLDER = """
import sys
from pathlib import Path
from engine.project.project import Project
from engine.runs.folder import create
create(Path(sys.argv[1]), Project(), {}, name="other")
print("ready", flush=True)
sys.stdin.read()
"""


def test_where_runs_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKLIT_DATA", str(tmp_path / "mine"))
    assert runs_folder() == tmp_path / "mine" / "runs"


def test_ids_sort_by_time_and_never_collide() -> None:
    moments = [0.0, 1.0, 1e9, 1e9 + 1e-5, 1.9e9, 4e9]
    ids = [new_id(moment) for moment in moments]
    assert ids == sorted(ids)
    assert [folders.started(one) for one in ids] == pytest.approx(moments, abs=1e-6)
    assert len({new_id(1e9) for _ in range(100)}) == 100


def test_many_at_once_get_a_folder_each(place: Path) -> None:
    threads = [threading.Thread(target=made, args=(place,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(folders.folders(place)) == 8


def test_a_run_holds_what_it_was_started_with(place: Path) -> None:
    run, folder = create(place, PROJECT, WEIGHTS, name="first", parent="other", parent_step=7)
    assert folder.alive and run.how == "running" and run.id == folder.id
    assert folder.read_run() == run and run.started == pytest.approx(time.time(), abs=60)
    opened = folder.read_project()
    assert opened.project == PROJECT and (opened.weights["linear-1.weight"] == 1).all()
    assert folder.scalars.is_dir() and folder.states.is_dir()
    assert run.recipe["optimizer"]["kind"] == "Adam" and run.network == network_digest(PROJECT.network)


@pytest.mark.parametrize("call", ["fsync", "replace", "mkdir"])
def test_on_a_full_disk_nothing_is_left(
    place: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    place.mkdir()

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, call, fail)
        with pytest.raises(FileProblem) as caught:
            made(place)
    assert caught.value.code == "disk_full" and list(place.iterdir()) == []


def test_a_half_made_folder_is_no_run(place: Path) -> None:
    folder = made(place)
    folder.lock.release()
    folder.record.unlink()
    assert folders.folders(place) == [] and crashed(place) == []
    sweep(place)
    assert folder.path.exists()  # somebody may just be making it
    os.utime(folder.path, (0, 0))
    sweep(place)
    assert not folder.path.exists()


def test_a_process_that_ends_by_kill_9_leaves_a_crashed_run(place: Path) -> None:
    with another_process(HOLDER, place) as process:
        [folder] = folders.folders(place)
        assert folder.alive and crashed(place) == []
        assert f"process {process.pid} since 2" in folder.lock.holder
        assert not folder.lock.acquire(0.05)
        with pytest.raises(FileProblem) as caught:
            delete(folder)
        assert caught.value.code == "run_alive" and str(process.pid) in str(caught.value)
        assert folder.complete
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not folder.alive and crashed(place) == [folder]
    assert folder.lock.acquire() and crashed(place) == []  # it is resumed
    folder.lock.release()
    folder.write_run(folder.read_run().model_copy(update={"how": "finished"}))
    assert crashed(place) == []


def test_crashed_runs_come_newest_first_and_damaged_ones_not_at_all(place: Path) -> None:
    made_ones = [made(place) for _ in range(3)]
    for folder in made_ones:
        folder.lock.release()
    made_ones[1].record.write_bytes(b"{")
    assert crashed(place) == [made_ones[2], made_ones[0]]


def test_asking_does_not_take_the_lock_away(place: Path) -> None:
    folder = made(place)
    assert all(RunFolder(folder.path).alive for _ in range(3))
    assert not RunFolder(folder.path).lock.acquire(0.05)
    folder.lock.release()
    assert not folder.alive
    other = RunFolder(folder.path)
    assert other.lock.acquire() and folder.alive
    other.lock.release()


def test_who_asks_never_keeps_a_run_from_starting(place: Path) -> None:
    lock = made(place).lock
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            assert Lock(lock.path).held in (True, False)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            lock.release()
            assert lock.acquire(5)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@pytest.mark.parametrize("text", [b"", b"\xff", b"[]", b"{}", b'{"process": "me", "since": 1}'])
def test_what_stands_in_a_lock_is_not_believed(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "lock").write_bytes(text)
    lock = Lock(tmp_path / "lock")
    assert not lock.held and lock.holder == "" and lock.acquire()


def test_deleting(place: Path) -> None:
    folder, other = made(place), made(place)
    folder.lock.release()
    delete(folder)
    delete(folder)  # gone is gone
    assert [path.name for path in place.iterdir()] == [other.id]


def test_deleting_is_finished_at_the_next_start(place: Path) -> None:
    folder = made(place)
    folder.lock.release()
    os.rename(folder.path, place / f".deleted-{folder.id}")
    assert folders.folders(place) == []
    sweep(place)
    assert list(place.iterdir()) == []


BAD_RECORDS = {
    b"": "json_syntax",
    b"{}": "damaged_run",
    b"[]": "damaged_run",
    b'{"format": "backlit-run"}': "no_version",
    b'{"format": "backlit-run", "format_version": 99}': "newer_version",
    b'{"format": "backlit-run", "format_version": 1}': "damaged_run",
    b'{"format": "backlit-run", "format_version": 1, "started": "1"}': "damaged_run",
    b'{"format": "backlit-run", "format_version": 1, "started": 1, "how": "well"}': "damaged_run",
    b'{"format": "backlit-run", "format_version": 1, "started": 1, "steps": -1}': "damaged_run",
    b'{"format": "backlit-run", "format_version": 1, "started": NaN}': "not_finite",
}


@pytest.mark.parametrize("data", BAD_RECORDS)
def test_damaged_records_are_told(place: Path, data: bytes) -> None:
    folder = made(place)
    folder.record.write_bytes(data)
    with pytest.raises(FileProblem) as caught:
        folder.read_run()
    assert caught.value.code == BAD_RECORDS[data] and caught.value.file == folder.record
    assert caught.value.remedy in str(caught.value)


def test_what_a_newer_version_says_of_a_run_is_kept(place: Path) -> None:
    run, folder = create(place, PROJECT, {}, mood="good")
    assert folder.read_run() == run and folder.read_run().model_extra == {"mood": "good"}


def test_the_digest_is_that_of_what_is_computed() -> None:
    network = mlp()
    moved = MoveNodes(dict.fromkeys(network.nodes, (500.0, 3.0))).apply(network)
    assert network_digest(moved) == network_digest(network)
    assert network_digest(mlp(9)) != network_digest(network)
    changed = SetParameter("linear-1", "bias", False).apply(network)
    assert network_digest(changed) != network_digest(network)
    assert network_digest(replace(network, links=network.links[1:])) != network_digest(network)


def test_results_remember_the_best() -> None:
    results = improved({}, 10, {"loss": 1.0, "accuracy": 0.5}, rising={"accuracy"})
    results = improved(results, 20, {"loss": 0.5, "accuracy": 0.4}, rising={"accuracy"})
    results = improved(results, 30, {"loss": float("nan"), "accuracy": 0.45}, rising={"accuracy"})
    loss, accuracy = results["loss"], results["accuracy"]
    assert (loss.best, loss.best_step, loss.last) == (0.5, 20, None)
    assert (accuracy.best, accuracy.best_step, accuracy.last) == (0.5, 10, 0.45)
    assert (
        Run(id="a", started=0.0, results=results).model_dump(mode="json")["results"]["loss"]["best"]
        == 0.5
    )
