"""Saving: the file is the old one or the new one, whatever happens on the way."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.project import atomic
from engine.project.errors import FileProblem
from engine.project.project import Project
from engine.project.project_file import read, write

OLD, NEW = b"old" * 1000, b"new" * 100_000


def failing(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, name, fail)


def refused(path: Path, data: bytes = NEW) -> FileProblem:
    with pytest.raises(FileProblem) as caught:
        atomic.save(path, data)
    problem = caught.value
    assert problem.file == path and str(problem).startswith(str(path))
    assert str(problem).endswith(problem.remedy)
    return problem


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.backlit"
    path.write_bytes(OLD)
    return path


def unharmed(path: Path) -> bool:
    """The old file is there, and nothing else."""
    return path.read_bytes() == OLD and list(path.parent.iterdir()) == [path]


def test_it_replaces_and_leaves_nothing_behind(path: Path) -> None:
    atomic.save(path, NEW)
    assert path.read_bytes() == NEW and list(path.parent.iterdir()) == [path]


def test_a_new_file_has_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    atomic.save(tmp_path / "new", NEW)
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_the_mode_is_kept(path: Path, mode: int) -> None:
    path.chmod(mode)
    atomic.save(path, NEW)
    assert path.stat().st_mode & 0o777 == mode


def test_a_link_stays_and_its_target_is_replaced(path: Path) -> None:
    folder = path.parent / "elsewhere"
    folder.mkdir()
    link = folder / "link.backlit"
    link.symlink_to(path)
    atomic.save(link, NEW)
    assert link.is_symlink() and path.read_bytes() == NEW
    assert list(folder.iterdir()) == [link]
    link.unlink()
    link.symlink_to(folder / "not there yet")
    atomic.save(link, NEW)
    assert link.is_symlink() and (folder / "not there yet").read_bytes() == NEW


def test_pipes_folders_and_link_loops_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "loop", "pipe"):
        assert refused(tmp_path / name).code == "not_a_file"
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("step", ["open", "chmod", "fsync", "replace"])
def test_case_25_any_step_fails(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    failing(monkeypatch, step, number)
    problem = refused(path)
    assert os.strerror(number) in str(problem) and "untouched" in problem.remedy
    monkeypatch.undo()
    assert unharmed(path)


def test_case_25_disk_full_in_the_middle(path: Path) -> None:
    """A real limit on the size of files: some bytes are written, then no more."""
    resource = pytest.importorskip("resource")

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        problem = refused(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert problem.code == "disk_full" and "space" in problem.remedy
    assert unharmed(path)


def test_a_disk_that_changes_bytes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def write_badly(temporary: Path, pieces: list[bytes], mode: int | None) -> tuple[str, int]:
        [data] = pieces
        temporary.write_bytes(data[:-1] + b"?")
        return hashlib.sha256(data).hexdigest(), len(data)

    monkeypatch.setattr(atomic, "_write", write_badly)
    assert refused(path).code == "disk_changed_data"
    assert unharmed(path)


def test_an_interrupt_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        atomic.save(path, NEW)
    assert unharmed(path)


def test_a_folder_that_cannot_be_synced_after_the_rename(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new file is in place; a disk error is told, a system that has no such call is not."""
    sync = os.fsync

    def fail_with(number: int) -> Callable[[int], None]:
        def fsync(handle: int) -> None:
            if os.path.isdir(f"/proc/self/fd/{handle}"):
                raise OSError(number, os.strerror(number))
            sync(handle)

        return fsync

    monkeypatch.setattr(os, "fsync", fail_with(errno.EINVAL))
    atomic.save(path, NEW)
    monkeypatch.setattr(os, "fsync", fail_with(errno.EIO))
    problem = refused(path, OLD)
    assert problem.code == "saved_in_doubt" and "copy" in problem.remedy
    assert path.read_bytes() == OLD


def test_case_22_read_only_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write anything
    problem = refused(path)
    assert problem.code == "read_only" and "another name" in problem.remedy
    assert unharmed(path) and path.stat().st_mode & 0o777 == 0o444


def test_case_22_read_only_folder(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        failing(monkeypatch, "open", errno.EACCES)  # root may write anywhere
    else:
        path.parent.chmod(0o555)
    problem = refused(path)
    monkeypatch.undo()
    path.parent.chmod(0o755)
    assert problem.code == "not_allowed" and "folder" in problem.remedy
    assert unharmed(path)


def test_case_27_the_folder_is_gone(tmp_path: Path) -> None:
    assert refused(tmp_path / "gone" / "a.backlit").code == "folder_gone"
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file" / "a.backlit").code == "folder_gone"
    assert refused(tmp_path / ("x" * 300)).code == "cannot_write"


def test_a_path_with_a_nul(tmp_path: Path) -> None:
    with pytest.raises(FileProblem) as caught:
        atomic.save(tmp_path / "a\0b", NEW)
    assert caught.value.code == "cannot_write" and "\0" not in str(caught.value)


def test_leftovers_of_killed_processes_are_removed(path: Path) -> None:
    old, young = (path.with_name(f".backlit-{digit * 16}.tmp") for digit in "ab")
    other = path.with_name(".backlit-notes.tmp")
    for file in (old, young, other):
        file.touch()
    two_hours_ago = time.time() - 7200
    for file in (old, other):
        os.utime(file, (two_hours_ago, two_hours_ago))
    atomic.save(path, NEW)
    assert not old.exists() and young.exists() and other.exists()


SAVER = """
import sys
from pathlib import Path
from engine.network.model import Network, Node
from engine.project.project import Project
from engine.project.project_file import write
import numpy as np
path = Path(sys.argv[1])
turn = 0
while True:
    nodes = {f"n{i}": Node(f"n{i}", "ReLU", str(turn)) for i in range(20)}
    write(path, Project(Network(nodes)), {"n0.weight": np.full(50_000, turn, np.float32)})
    if turn == 0:
        print("ready", flush=True)
    turn += 1
"""


@pytest.mark.slow
def test_case_26_kill_at_any_moment(tmp_path: Path) -> None:
    """Twenty processes that save again and again are killed, each at another moment."""
    path = tmp_path / "a.backlit"
    moments = random.Random(0)
    for _ in range(20):
        command = [sys.executable, "-c", SAVER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(moments.uniform(0, 0.03))
            process.kill()
        opened = read(path)
        names = {node.name for node in opened.project.network.nodes.values()}
        numbers = set(opened.weights["n0.weight"].tolist())
        assert len(names) == len(numbers) == 1  # of one moment, not a mix
        assert float(names.pop()) == numbers.pop()


def test_writing_takes_the_path_from_the_caller(tmp_path: Path) -> None:
    with pytest.raises(FileProblem) as caught:
        write(tmp_path / "gone" / "a.backlit", Project(), {})
    assert caught.value.file == tmp_path / "gone" / "a.backlit"


def test_writing_piece_by_piece(path: Path) -> None:
    with atomic.writing(path) as file:
        file.write(b"one")
        file.write(b"two")
        assert path.read_bytes() == OLD
    assert path.read_bytes() == b"onetwo" and list(path.parent.iterdir()) == [path]


def test_an_exception_between_two_pieces(path: Path) -> None:
    with contextlib.suppress(RuntimeError), atomic.writing(path) as file:
        file.write(b"one")
        raise RuntimeError
    assert unharmed(path)
