"""The store of a run's states: it never holds up the training, and what it lists can be loaded."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from engine.project import atomic
from engine.project.errors import FileProblem
from engine.runs import state_file
from engine.runs.state import State
from engine.runs.states import StateStore
from tests.engine.runs.killed import killed_again_and_again, needs_fork
from tests.engine.runs.states import same, state

PLENTY = 2**30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "states"


def filled(folder: Path, *steps: int, budget: int = PLENTY) -> StateStore:
    store = StateStore(folder, budget)
    for step in steps:
        store.put(state(step))
        store.flush()
    return store


class SlowDisk:
    """Writes no state before it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.started = threading.Event()
        self.go_on = threading.Event()
        write = state_file.write

        def slowly(path: Path, what: State) -> int:
            self.started.set()
            assert self.go_on.wait(30)
            return write(path, what)

        monkeypatch.setattr(state_file, "write", slowly)


def test_states_come_back_in_another_store(folder: Path) -> None:
    filled(folder, 1, 5, 30).close()
    store = StateStore(folder, PLENTY)
    assert store.steps() == (1, 5, 30) and store.bytes == sum(
        p.stat().st_size for p in folder.iterdir()
    )
    assert all(same(store.load(step), state(step)) for step in store.steps())
    assert [store.nearest(step) for step in (0, 3, 4, 17, 18, 99)] == [1, 1, 5, 5, 30, 30]
    newest = store.load_newest()
    assert newest is not None and newest.step == 30


def test_an_empty_store(folder: Path) -> None:
    store = StateStore(folder, PLENTY)
    assert store.steps() == () and store.nearest(3) is None and store.best is None
    assert store.load_newest() is None
    store.close()
    assert not folder.exists()
    with pytest.raises(FileProblem, match="step 3"):
        store.load(3)


def test_the_best_stays_until_a_better_one_comes(folder: Path) -> None:
    store = StateStore(folder, 0)
    for step, keep in ((1, True), (2, False), (3, False)):
        store.put(state(step), keep=keep)
        store.flush()
    assert store.steps() == (1, 3) and store.best == 1
    store = StateStore(folder, 0)  # as at the next start
    assert store.best == 1
    store.put(state(4), keep=True)
    store.close()
    assert store.steps() == (4,) and store.best == 4


def test_a_state_turns_out_to_be_the_best(folder: Path) -> None:
    store = filled(folder, 7)
    store.put(state(7), keep=True)
    store.flush()
    store.put(state(7))
    store.close()
    assert store.steps() == (7,) and store.best == 7 and len(list(folder.iterdir())) == 1


def test_the_new_one_is_on_disk_before_an_old_one_goes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(folder, 1, 2)
    seen: list[set[str]] = []
    unlink = Path.unlink

    def look(path: Path, missing_ok: bool = False) -> None:
        seen.append({other.name for other in folder.iterdir()})
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", look)
    store.budget_bytes = 0
    store.put(state(3))
    store.close()
    assert store.steps() == (3,) and seen and all("step-000000003.safetensors" in now for now in seen)


def test_putting_never_waits_for_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = SlowDisk(monkeypatch)
    store = StateStore(folder, PLENTY)
    store.put(state(1))
    assert disk.started.wait(30)
    for step in range(2, 200):
        store.put(state(step), keep=step == 101)
    assert store.steps() == ()
    disk.go_on.set()
    store.close()
    stored = store.steps()
    assert stored[0] == 1 and stored[-1] == 199 and store.best == 101
    assert {2, 4, 8, 16, 32, 64, 128} <= set(stored) and not {51, 103, 197} & set(stored)


def test_what_waits_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runs.states.WAITING_BYTES", 3 * state(1).bytes)
    disk = SlowDisk(monkeypatch)
    store = StateStore(folder, PLENTY)
    store.put(state(1))
    assert disk.started.wait(30)
    for step in range(2, 1000):
        store.put(state(step))
    disk.go_on.set()
    store.close()
    assert len(store.steps()) == 4 and store.steps()[-1] == 999


def test_the_thread_ends_with_its_work_and_closing_joins_it(folder: Path) -> None:
    before = threading.active_count()
    store = filled(folder, 1, 2, 3)
    store.put(state(4))
    store.close()
    assert threading.active_count() == before and store.steps() == (1, 2, 3, 4)
    with pytest.raises(ValueError, match="closed"):
        store.put(state(5))


def test_from_many_threads(folder: Path) -> None:
    store = StateStore(folder, PLENTY)
    threads = [threading.Thread(target=store.put, args=(state(2**n),)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    assert store.steps() == tuple(2**n for n in range(12))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_case_133_a_full_disk_is_a_warning(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int
) -> None:
    filled(folder, 1, 2).close()
    told: list[FileProblem] = []
    saved: list[int] = []
    store = StateStore(folder, 0, saved.append, told.append)

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(atomic.os, call, fail)
        for step in (3, 4, 5):
            store.put(state(step))
            store.flush()
    assert store.steps() == (1, 2) and saved == []
    [problem] = told  # not three times the same
    assert problem.code == "state_not_saved" and os.strerror(number) in str(problem)
    assert "step 3" in str(problem) and "MB are free" in str(problem) and str(folder) in str(problem)
    assert all(same(store.load(step), state(step)) for step in store.steps())
    store.put(state(6))
    store.close()
    assert store.steps() == (6,) and saved == [6]


def test_the_folder_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told: list[FileProblem] = []
    store = StateStore(tmp_path / "file" / "states", PLENTY, failed=told.append)
    store.put(state(1))
    store.close()
    assert store.steps() == () and [problem.code for problem in told] == ["state_not_saved"]


def test_a_state_that_cannot_be_stored_is_a_warning(folder: Path) -> None:
    told: list[FileProblem] = []
    store = StateStore(folder, PLENTY, failed=told.append)
    store.put(State({}, {"step": 1, "bad": object()}))
    store.put(state(2))
    store.close()
    assert store.steps() == (2,) and "object" in str(told[0])


def test_damage_and_what_others_left_behind(folder: Path) -> None:
    filled(folder, 1, 2, 3).close()
    (folder / "step-000000003.safetensors").write_bytes(b"torn")
    (folder / ".backlit-0123456789abcdef.tmp").write_bytes(b"half")
    (folder / "step-4.safetensors").touch()
    (folder / "step-000000009.safetensors").mkdir()
    store = StateStore(folder, PLENTY)
    assert store.steps() == (1, 2, 3)
    with pytest.raises(FileProblem) as caught:
        store.load(3)
    assert caught.value.code == "damaged_state" and "earlier" in caught.value.remedy
    newest = store.load_newest()
    assert newest is not None and newest.step == 2
    (folder / "step-000000002.safetensors").unlink()
    with pytest.raises(FileProblem) as caught:
        store.load(2)
    assert caught.value.code == "no_state"


def test_a_resumed_run_forgets_what_came_later(folder: Path) -> None:
    store = filled(folder, 1, 2, 3, 4)
    store.truncate(2)
    assert store.steps() == (1, 2) == StateStore(folder, PLENTY).steps()


CHILD = """
from engine.runs.states import StateStore
from tests.engine.runs.states import state

def work(folder, say):
    store = StateStore(folder, 400_000, say)
    step = max(store.steps(), default=0)
    while True:
        step += 1
        store.put(state(step, 20_000), keep=step % 7 == 0)
        if step % 5 == 0:
            store.flush()
"""


@needs_fork
def test_killed_at_any_moment_every_listed_state_loads(folder: Path) -> None:
    """SIGKILL, 20 times: nothing that was reported as saved and is newest is missing either."""
    newest = 0
    for saved in killed_again_and_again(CHILD, folder, times=20):
        store = StateStore(folder, 400_000)
        assert saved and store.steps()[-1] >= max(*map(int, saved), newest) > newest
        newest = store.steps()[-1]
        for step in store.steps():
            assert same(store.load(step), state(step, 20_000))
    assert newest > 40
