"""The history of runs: found again whatever happens to the database."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.network.edits import SetParameter
from engine.project.errors import FileProblem
from engine.project.project import Project
from engine.recipe.recipe import Recipe
from engine.runs import database
from engine.runs.folder import folders
from engine.runs.history import History
from engine.runs.run import Result, Run
from tests.engine.runs.killed import killed_again_and_again, needs_fork
from tests.networks import mlp

ROOT = Path(__file__).parents[3]
PROJECT = Project(mlp())


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def history(place: Path) -> Iterator[History]:
    history = History(place)
    yield history
    history.close()


def ended(history: History, name: str = "", project: Project = PROJECT, **changes: Any) -> Run:
    _, folder = history.start(project, {}, name=name)
    return history.end(folder, changes.pop("how", "finished"), **changes)


def names(runs: list[Run]) -> list[str]:
    return [run.name for run in runs]


def loss(best: float) -> dict[str, Result]:
    return {"loss": Result(best=best, best_step=1, last=best)}


def test_a_run_from_start_to_end(history: History) -> None:
    run, folder = history.start(
        PROJECT, {}, name="first", project_name="spirals", path=Path("/a/b.backlit")
    )
    assert history.get(run.id) == run and folder.alive
    assert (run.how, run.ended, run.project, run.path) == ("running", None, "spirals", "/a/b.backlit")
    history.update(run.id, results=loss(0.5), steps=100)
    after = history.end(folder, "finished", results=loss(0.25), steps=200)
    assert not folder.alive and after.ended is not None and after.ended >= after.started
    assert history.get(run.id) == after == folder.read_run()
    assert (after.how, after.steps, after.results["loss"].best) == ("finished", 200, 0.25)
    assert Recipe.model_validate(after.recipe) == PROJECT.recipe


def test_the_default_place_is_this_users(tmp_path: Path) -> None:
    history = History()
    ended(history, "mine")
    history.close()
    assert (tmp_path / "data" / "runs" / "history.sqlite").is_file()


def test_an_empty_history(history: History) -> None:
    assert history.find() == [] == history.crashed() and history.get("none") is None
    history.delete("none")
    for change in (lambda: history.update("none", name="a"), lambda: history.resume("none")):
        with pytest.raises(FileProblem) as caught:
            change()
        assert caught.value.code == "no_run"


def test_search(history: History) -> None:
    ended(history, "Große Schicht", notes="with dropout", tags=("cnn", "keep"))
    ended(history, "small", notes="GROSSE Zahl", tags=("mlp",))
    ended(history, "50% _off'; --", how="failed")
    assert names(history.find("grosse")) == ["small", "Große Schicht"]
    assert names(history.find("DROPOUT große")) == ["Große Schicht"]
    assert names(history.find("grosse", tags=["keep"])) == ["Große Schicht"]
    assert names(history.find("%")) == ["50% _off'; --"] == names(history.find("_off'; --"))
    assert names(history.find(how=["failed"])) == ["50% _off'; --"]
    assert names(history.find(how=["failed", "finished"], limit=1)) == ["50% _off'; --"]
    assert history.find("nothing of the kind") == [] == history.find("\ud800")
    assert len(history.find("  ")) == 3
    assert history.tags() == ("cnn", "keep", "mlp")


def test_order(history: History) -> None:
    for name, best, steps in (("b", 0.3, 5), ("A", 0.1, 20), ("c", 0.2, 10)):
        ended(history, name, results=loss(best), steps=steps)
    ended(history, "d")
    assert names(history.find()) == ["d", "c", "A", "b"]
    assert names(history.find(order="name", descending=False)) == ["A", "b", "c", "d"]
    assert names(history.find(order="steps")) == ["A", "c", "b", "d"]
    assert names(history.find(order="loss", descending=False)) == ["A", "c", "b", "d"]
    assert names(history.find(order="loss")) == ["b", "c", "A", "d"]
    assert len(history.find(order="'; DROP TABLE runs; --")) == 4


def test_runs_of_one_network_and_project(history: History) -> None:
    other = Project(SetParameter("linear-1", "bias", False).apply(PROJECT.network))
    first, second = ended(history, "a"), ended(history, "b", other)
    assert names(history.find(network=first.network)) == ["a"]
    assert names(history.find(network=second.network)) == ["b"]
    assert history.find(project="nobody's") == []


def test_renaming_notes_and_tags(history: History) -> None:
    run = ended(history, "a")
    history.update(run.id, name="b", notes="line\nline", tags=("x", "y"))
    after = history.get(run.id)
    assert after is not None and (after.name, after.notes, after.tags) == (
        "b",
        "line\nline",
        ("x", "y"),
    )
    assert history.folder(run.id).read_run() == after


@pytest.mark.parametrize(
    "changes",
    [{"name": 5}, {"how": "well"}, {"steps": -1}, {"notes": "\0"}, {"name": "\ud800"}, {"tags": "ab"}],
)
def test_what_cannot_be_stored_changes_nothing(history: History, changes: dict[str, Any]) -> None:
    run = ended(history, "a")
    with pytest.raises(FileProblem):
        history.update(run.id, **changes)
    assert history.get(run.id) == run == history.folder(run.id).read_run()


def test_deleting_takes_the_folder_too(history: History, place: Path) -> None:
    run, other = ended(history, "a"), ended(history, "b")
    history.delete(run.id)
    assert names(history.find()) == ["b"] and not history.folder(run.id).path.exists()
    assert history.folder(other.id).complete
    assert [path.name for path in place.iterdir() if path.is_dir()] == [other.id]


def test_a_run_that_is_alive_is_not_deleted(history: History) -> None:
    run, folder = history.start(PROJECT, {})
    with pytest.raises(FileProblem, match="training right now"):
        History(history.place).delete(run.id)
    assert folder.complete and history.get(run.id) == run


def test_a_crashed_run_is_offered_resumed_and_dismissed(history: History) -> None:
    run, folder = history.start(PROJECT, {}, name="a")
    assert history.crashed() == []
    folder.lock.release()  # as the system does after kill -9
    again = History(history.place)
    assert again.crashed() == [run]
    resumed, folder = again.resume(run.id)
    assert folder.alive and resumed.how == "running" and again.crashed() == []
    with pytest.raises(FileProblem, match="training right now"):
        history.resume(run.id)
    folder.lock.release()
    again.update(run.id, how="crashed")
    assert again.crashed() == [] and names(again.find(how=["crashed"])) == ["a"]


def test_resuming_an_ended_run(history: History) -> None:
    run = ended(history, "a", how="stopped", steps=50)
    resumed, folder = history.resume(run.id)
    assert folder.alive and (resumed.how, resumed.ended, resumed.steps) == ("running", None, 50)


# The database


def _zero(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4096] + bytes(path.stat().st_size - 4096))


def _foreign(path: Path) -> None:
    path.unlink()
    _change(path, "CREATE TABLE bookmarks (url)")


def _change(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


DAMAGE: dict[str, Callable[[Path], object]] = {
    "noise": lambda path: path.write_bytes(os.urandom(8192)),
    "text": lambda path: path.write_bytes(b"no database"),
    "torn": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "zeros inside": _zero,
    "another program's": _foreign,
    "a table is gone": lambda path: _change(path, "DROP TABLE runs"),
    "a column is gone": lambda path: _change(path, "ALTER TABLE runs DROP COLUMN notes"),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_database_is_set_aside_and_made_anew(place: Path, what: str) -> None:
    history = History(place)
    runs = [ended(history, name, notes=f"note {name}", tags=("t",)) for name in "abc"]
    history.close()
    path = place / "history.sqlite"
    DAMAGE[what](path)
    damaged = path.read_bytes()
    history = History(place)
    assert history.find(descending=False) == runs
    assert history.set_aside is not None and history.set_aside.read_bytes() == damaged
    history.update(runs[0].id, notes="again")
    assert names(history.find("again")) == ["a"]
    history.close()


def test_damage_while_it_is_used(place: Path) -> None:
    """The pages are spoilt under a connection that is open."""
    history = History(place)
    runs = [ended(history, f"run {number}", notes="n" * 2000) for number in range(20)]
    history.close()
    history = History(place)
    assert history.get(runs[0].id) == runs[0]
    path = place / "history.sqlite"
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(path.stat().st_size - 4096))
    _change_counter(path)
    assert history.find(descending=False) == runs
    assert history.set_aside is not None and history.set_aside.exists()


def _change_counter(path: Path) -> None:
    """So that SQLite reads its pages anew."""
    with path.open("r+b") as file:
        file.seek(24)
        counter = int.from_bytes(file.read(4), "big") + 1
        file.seek(24)
        file.write(counter.to_bytes(4, "big"))


def test_the_database_is_gone(history: History, place: Path) -> None:
    run = ended(history, "a")
    history.close()
    for path in place.glob("history.sqlite*"):
        path.unlink()
    assert History(place).find() == [run]


def test_damage_of_a_record_too_leaves_what_can_be_used(history: History, place: Path) -> None:
    run = ended(history, "a")
    history.close()
    history.folder(run.id).record.write_bytes(b"{")
    (place / "history.sqlite").write_bytes(b"noise")
    [found] = History(place).find()
    assert found.id == run.id and found.how == "crashed" and abs(found.started - run.started) < 1


def test_a_folder_that_was_copied_here_is_taken_up(history: History, place: Path) -> None:
    run = ended(history, "a")
    copy = place / (run.id[:-6] + "abcdef")
    shutil.copytree(place / run.id, copy)
    history.collect()
    assert sorted(found.id for found in history.find()) == sorted([run.id, copy.name])


def test_what_a_killed_process_had_not_come_to(history: History, place: Path) -> None:
    """It wrote the record, but not the row; it hid the folder, but did not delete it."""
    run, folder = history.start(PROJECT, {})
    folder.write_run(run.model_copy(update={"how": "finished", "steps": 9}))
    folder.lock.release()
    hidden = ended(history)
    os.rename(place / hidden.id, place / f".deleted-{hidden.id}")
    assert history.crashed() == []
    [found] = history.find()
    assert (found.id, found.how, found.steps) == (run.id, "finished", 9)


def test_versions(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(place)
    run = ended(history, "a")
    history.close()
    monkeypatch.setattr(
        database, "MIGRATIONS", (*database.MIGRATIONS, "ALTER TABLE runs ADD COLUMN colour TEXT")
    )
    newer = History(place)
    assert newer.get(run.id) == run
    ended(newer, "b")
    newer.close()
    monkeypatch.undo()
    with pytest.raises(FileProblem) as caught:
        History(place).find()
    assert caught.value.code == "newer_history" and caught.value.file == place / "history.sqlite"
    assert not list(place.glob("*damaged*"))


def test_a_migration_that_fails_changes_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    history = History(place)
    run = ended(history, "a")
    history.close()
    bad = "ALTER TABLE runs ADD COLUMN colour TEXT; SELECT nonsense()"
    monkeypatch.setattr(database, "MIGRATIONS", (*database.MIGRATIONS, bad))
    with pytest.raises(FileProblem, match="nonsense"):
        History(place).find()
    monkeypatch.undo()
    assert History(place).get(run.id) == run


def test_a_full_disk_is_told_and_the_run_goes_on(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, folder = history.start(PROJECT, {}, name="a")

    def full(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr("engine.runs.history._put", full)
        with pytest.raises(FileProblem) as caught:
            history.update(run.id, steps=5)
        assert caught.value.code == "history_failed" and "disk is full" in str(caught.value)
        unknown, other = history.start(PROJECT, {}, name="b")
        assert other.alive and history.get(unknown.id) is None
    history.collect()
    assert names(history.find()) == ["b", "a"] and folder.alive


def test_a_full_disk_keeps_nobody_from_renaming(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ended(history, "a")

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", full)
        assert history.update(run.id, name="b").name == "b"
    assert names(history.find()) == ["b"]


def test_the_place_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    history = History(tmp_path / "file" / "runs")
    for task in (history.find, lambda: history.start(PROJECT, {}), history.crashed):
        with pytest.raises(FileProblem) as caught:
            task()
        assert caught.value.code == "folder_gone" or "cannot" in str(caught.value)


def test_from_several_threads(history: History) -> None:
    run = ended(history, "a")
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(10):
                history.update(run.id, **{f"thread_{number}": step})
                assert history.find()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = history.get(run.id)
    assert not failed and after is not None
    assert after.model_extra == {f"thread_{number}": 9 for number in range(4)}


WORKER = """
import sys
from pathlib import Path
from engine.project.project import Project
from engine.runs.history import History
sys.stdin.readline()
history = History(Path(sys.argv[1]))
for number in range(5):
    run, folder = history.start(Project(), {}, name=f"{sys.argv[2]} {number}")
    history.update(sys.argv[3], **{sys.argv[2]: number})
    history.end(folder, "finished", steps=number)
print(len(history.find()))
"""


@pytest.mark.parametrize("first", ["sound", "damaged"])
def test_several_processes_at_once(place: Path, first: str) -> None:
    """They begin together, with a database or with one that each of them finds damaged."""
    history = History(place)
    shared = ended(history, "shared")
    history.close()
    if first == "damaged":
        (place / "history.sqlite").write_bytes(os.urandom(9000))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(place), name, shared.id],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("p", "q", "r")
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    results = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], results
    history = History(place)
    assert {run.name for run in history.find()} == {
        "shared",
        *(f"{name} {number}" for name in "pqr" for number in range(5)),
    }
    after = history.get(shared.id)
    assert after is not None and after.model_extra == {"p": 4, "q": 4, "r": 4}
    assert len(list(place.glob("*damaged*.sqlite"))) == (first == "damaged")
    history.close()


CHILD = """
from engine.project.project import Project
from engine.runs.history import History

def work(place, say):
    history = History(place)
    while True:
        run, folder = history.start(Project(), {})
        history.update(run.id, steps=1)
        history.end(folder, "finished", steps=2)
        say(run.id)
        runs = history.find(how=["finished"])
        if len(runs) > 20:
            history.delete(runs[-1].id)
"""


@needs_fork
def test_killed_at_any_moment_no_run_is_lost_and_none_is_half(place: Path) -> None:
    for number, said in enumerate(killed_again_and_again(CHILD, place, times=12), 1):
        history = History(place)
        crashed = history.crashed()
        assert len(crashed) <= number and said and said[-1] in {run.id for run in history.find()}
        for run in history.find():
            folder = history.folder(run.id)
            record = folder.read_run()
            assert (record.how, record.steps) in {("finished", 2), ("running", 0), ("running", 1)}
            assert folder.read_project().weights == {}
        assert {run.id for run in history.find(how=["running"])} == {run.id for run in crashed}
        assert {run.id for run in history.find()} == {one.id for one in folders(place)}
        assert history.set_aside is None
        history.close()
