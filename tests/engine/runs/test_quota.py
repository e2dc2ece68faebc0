"""The budget of all runs together."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.project.project import Project
from engine.runs.folder import RunFolder, create
from engine.runs.quota import thin, used
from engine.runs.states import StateStore
from tests.engine.runs.states import state


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def run(place: Path, *steps: int, best: int = -1, alive: bool = False) -> RunFolder:
    _, folder = create(place, Project(), {})
    (folder.scalars / "curve").write_bytes(bytes(100_000))
    store = StateStore(folder.states, 2**30)
    for step in steps:
        store.put(state(step), keep=step == best)
        store.flush()
    if not alive:
        folder.lock.release()
    return folder


def kept(folder: RunFolder) -> tuple[int, ...]:
    return StateStore(folder.states, 0).steps()


def size_of_one(folder: RunFolder) -> int:
    return max(path.stat().st_size for path in folder.states.iterdir())


def test_within_the_budget_nothing_goes(place: Path) -> None:
    folder = run(place, 1, 2, 3)
    assert thin(place, used(place)) == 0 and kept(folder) == (1, 2, 3)
    assert thin(place / "none", 0) == 0 == used(place / "none")


def test_the_oldest_run_gives_up_first_and_only_what_is_needed(place: Path) -> None:
    old, new = run(place, 1, 2, 4, 5, 8), run(place, 1, 2, 4)
    before = used(place)
    won = thin(place, before - 2 * size_of_one(old) + 50)
    assert used(place) == before - won <= before - 2 * size_of_one(old) + 50
    assert kept(new) == (1, 2, 4) and len(kept(old)) == 3 and {1, 8} <= set(kept(old))


def test_newest_and_best_go_last_and_never_those_of_the_latest_run(place: Path) -> None:
    old, new = run(place, 1, 2, 4, 8, best=2), run(place, 1, 2, 4, 8, best=4)
    thin(place, 4 * size_of_one(new) + 100)
    assert kept(old) == (2, 8) and kept(new) == (4, 8)
    thin(place, 3 * size_of_one(new) + 100)
    assert kept(old) == (8,) and kept(new) == (4, 8)
    thin(place, 0)
    assert kept(old) == () and kept(new) == (4, 8)
    assert (old.scalars / "curve").stat().st_size == 100_000 and old.complete


def test_a_run_that_is_alive_is_left_alone(place: Path) -> None:
    live, ended = run(place, 1, 2, 3, alive=True), run(place, 1, 2, 3)
    thin(place, 0)
    assert kept(live) == (1, 2, 3) and kept(ended) == (3,)
