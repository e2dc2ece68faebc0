"""Where runs lie on disk, each in a folder of its own.

A folder is a run once it has its record: that is written last, so a half-made one is known by lacking
it. A run is alive while its process holds the lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from engine.network.model import Network
from engine.project import atomic, container, limits, strict_json
from engine.project.data_folder import data_folder
from engine.project.errors import FileProblem, cannot_read, cannot_write
from engine.project.project import Project, Weights
from engine.project.schema import to_document
from engine.runs.lock import Lock
from engine.runs.run import Run

if TYPE_CHECKING:  # numpy comes in after the window
    from engine.project.project_file import Opened

RECORD = "run.json"
VERSION = 1
_ID = re.compile(r"\d{8}-\d{6}-\d{6}-[0-9a-f]{6}")
_DELETED = ".deleted-"
#: A half-made folder this old is left over; a younger one may be in the making.
_LEFTOVER_AGE = 3600  # s


def runs_folder() -> Path:
    """Where the runs of this user lie."""
    return data_folder() / "runs"


def new_id(now: float | None = None) -> str:
    """A name for a run that sorts by time; the last part keeps two of one moment apart."""
    moment = datetime.fromtimestamp(time.time() if now is None else now, UTC)
    return f"{moment:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(3)}"


def started(run_id: str) -> float:
    """When a run of this id was started, in seconds since 1970."""
    moment = datetime.strptime(run_id[:22] + "+0000", "%Y%m%d-%H%M%S-%f%z")
    return moment.timestamp()


@dataclass(frozen=True)
class RunFolder:
    """One run on disk. `lock` is held by the process that trains it."""

    path: Path
    lock: Lock = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "lock", Lock(self.path / "lock"))

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def project(self) -> Path:
        """The project as it was trained, with the weights it started from."""
        return self.path / "project.backlit"

    @property
    def scalars(self) -> Path:
        return self.path / "scalars"

    @property
    def states(self) -> Path:
        return self.path / "states"

    @property
    def record(self) -> Path:
        return self.path / RECORD

    @property
    def alive(self) -> bool:
        """Whether some process trains it now."""
        return self.lock.held

    @property
    def complete(self) -> bool:
        return self.record.is_file()

    def read_project(self) -> Opened:
        """Raises FileProblem."""
        from engine.project.project_file import read

        return read(self.project)

    def read_run(self) -> Run:
        """The record. Raises FileProblem."""
        try:
            with container.regular_file(self.record, limits.RUN_BYTES) as (file, size):
                return _run_in(file.read(size), self.id)
        except FileProblem as problem:
            raise problem.of(self.record) from problem.__cause__
        except OSError as error:
            raise cannot_read(error).of(self.record) from error

    def write_run(self, run: Run) -> None:
        """Raises FileProblem; the record that was there before is then untouched."""
        try:
            data = encode(run)
        except FileProblem as problem:
            raise problem.of(self.record) from problem.__cause__
        atomic.save(self.record, data)


def encode(run: Run) -> bytes:
    """The record of a run. Raises FileProblem for what could not be read again."""
    document = {"format": "backlit-run", "format_version": VERSION, **run.model_dump(mode="json")}
    data = strict_json.dump(document, RECORD)
    _run_in(data, run.id)
    return data


def create(place: Path, project: Project, weights: Weights, /, **about: Any) -> tuple[Run, RunFolder]:
    """A new run in `place`, its lock held by this process, with `about` for its Run. Raises
    FileProblem, and then there is no new folder."""
    from engine.project.project_file import write

    folder = _reserved(place)
    try:
        folder.lock.acquire()
        run = Run(
            id=folder.id,
            started=started(folder.id),
            recipe=project.recipe.model_dump(mode="json"),
            data=project.data.model_dump(mode="json"),
            network=network_digest(project.network),
            **about,
        )
        write(folder.project, project, weights)
        for path in (folder.scalars, folder.states):
            path.mkdir()
        folder.write_run(run)
    except BaseException as error:
        folder.lock.release()
        shutil.rmtree(folder.path, ignore_errors=True)
        if isinstance(error, OSError):
            raise cannot_write(error).of(folder.path) from error
        raise
    return run, folder


def folders(place: Path) -> list[RunFolder]:
    """The runs in `place`, oldest first; half-made ones are none."""
    try:
        names = sorted(name for name in os.listdir(place) if _ID.fullmatch(name))
    except OSError:  # there is none yet, or it cannot be read: then it holds nothing for us
        return []
    return [folder for folder in (RunFolder(place / name) for name in names) if folder.complete]


def crashed(place: Path) -> list[RunFolder]:
    """The runs that ended without saying so, newest first."""
    found = []
    for folder in reversed(folders(place)):
        if folder.alive:
            continue
        # Read after the lock was looked at: a run that ends says so before it lets go.
        with contextlib.suppress(FileProblem):
            if folder.read_run().how == "running":
                found.append(folder)
    return found


def delete(folder: RunFolder) -> None:
    """Take a run off the disk: hidden at once, as a whole, then deleted. Raises FileProblem; a run
    that is alive stays."""
    if not folder.path.is_dir():
        return
    if not folder.lock.acquire():
        holder = f" ({folder.lock.holder})" if folder.lock.holder else ""
        raise FileProblem("run_alive", holder=holder).of(folder.path)
    hidden = folder.path.with_name(_DELETED + folder.id)
    try:
        if os.name == "nt":  # a folder with an open file in it cannot be renamed there
            folder.lock.release()
        os.rename(folder.path, hidden)
    except OSError as error:
        raise FileProblem("cannot_delete", reason=error.strerror).of(folder.path) from error
    finally:
        folder.lock.release()
    shutil.rmtree(hidden, ignore_errors=True)


def sweep(place: Path) -> list[str]:
    """Remove what was left over when a process was killed while it made or deleted a run, and return
    the runs whose deletion is now done."""
    deleted = []
    with contextlib.suppress(OSError), os.scandir(place) as entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                continue
            folder = RunFolder(Path(entry.path))
            half_made = _ID.fullmatch(entry.name) and not folder.complete and not folder.alive
            old = time.time() - entry.stat().st_mtime > _LEFTOVER_AGE
            if entry.name.startswith(_DELETED) or (half_made and old):
                shutil.rmtree(entry.path, ignore_errors=True)
                deleted.append(entry.name.removeprefix(_DELETED))
    return deleted


def network_digest(network: Network) -> str:
    """Equal for networks that compute the same from the same ids, wherever their nodes stand."""
    document = to_document(Project(network))["network"]
    for node in document["nodes"]:
        node.pop("position")
        node.pop("open", None)
    text = json.dumps(document, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _reserved(place: Path) -> RunFolder:
    """A folder that nobody else has."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        while True:
            folder = RunFolder(place / new_id())
            try:
                folder.path.mkdir()
                return folder
            except FileExistsError:
                continue
    except (OSError, ValueError) as error:
        raise cannot_write(error).of(place) from error


def _run_in(data: bytes, run_id: str) -> Run:
    document = strict_json.parse(data, RECORD)
    if not isinstance(document, dict) or document.pop("format", None) != "backlit-run":
        raise FileProblem("damaged_run", RECORD, reason="it is none")
    version = document.pop("format_version", None)
    if type(version) is not int or version < 1:
        raise FileProblem("no_version", f"{RECORD}/format_version", found=strict_json.brief(version))
    if version > VERSION:
        raise FileProblem("newer_version", RECORD, found=version, known=VERSION)
    try:
        # The folder's name decides: a copied folder is another run.
        return Run.model_validate({**document, "id": run_id})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = "/".join([RECORD, *map(str, first["loc"])])
        raise FileProblem("damaged_run", place, reason=first["msg"]) from error
