"""The history of runs: what was trained, with what, and what came of it.

The database is for searching; each run's folder holds the same record, written in the same
transaction, so the database can be lost.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from engine.project.errors import FileProblem
from engine.project.project import Project, Weights
from engine.runs import folder as folders
from engine.runs.database import Database
from engine.runs.folder import RunFolder
from engine.runs.run import How, Run

#: The columns that hold JSON.
_TABLES = ("recipe", "data", "results", "tags")
_COLUMNS = tuple(Run.model_fields)
_SELECT = f"SELECT {', '.join(_COLUMNS)}, extra FROM runs"
#: What a list can be ordered by, beside a measure.
ORDERS = ("started", "ended", "name", "how", "project", "steps")
_FOLDED = ("name", "project")
_SEARCHED = ("name", "project", "notes", "tags")


class History:
    """All runs in one place, by default this user's. For several threads and several processes."""

    def __init__(self, place: Path | None = None) -> None:
        self.place = folders.runs_folder() if place is None else place
        self._database = Database(self.place / "history.sqlite", _SELECT, self._add_missing)

    @property
    def set_aside(self) -> Path | None:
        """Where a damaged database was put, if one was found."""
        return self._database.set_aside

    def start(
        self,
        project: Project,
        weights: Weights,
        *,
        name: str = "",
        project_name: str = "",
        path: Path | None = None,
        parent: str = "",
        parent_step: int = 0,
    ) -> tuple[Run, RunFolder]:
        """A new run, alive until `end`. Raises FileProblem when its folder cannot be made; when only
        the history fails, the run is found again by `collect`."""
        run, folder = folders.create(
            self.place,
            project,
            weights,
            name=name,
            project=project_name,
            path="" if path is None else _storable(str(path)),
            parent=parent,
            parent_step=parent_step,
        )
        with contextlib.suppress(FileProblem):
            self._database.write(lambda db: _put(db, run))
        return run, folder

    def resume(self, run_id: str) -> tuple[Run, RunFolder]:
        """An ended or crashed run, alive again. Raises FileProblem, also when it is alive elsewhere."""
        folder = self.folder(run_id)
        if not folder.complete:
            raise FileProblem("no_run", id=run_id).of(folder.path)
        if not folder.lock.acquire():
            raise FileProblem("run_alive", holder=f" ({folder.lock.holder})").of(folder.path)
        try:
            return self.update(run_id, how="running", ended=None), folder
        except BaseException:
            folder.lock.release()
            raise

    def end(self, folder: RunFolder, how: How, **changes: Any) -> Run:
        """Say how a run ended, with `changes` as in `update`, and let go of it."""
        try:
            return self.update(folder.id, how=how, ended=time.time(), **changes)
        finally:
            folder.lock.release()

    def update(self, run_id: str, **changes: Any) -> Run:
        """Change fields of a run: results and steps while it goes on, name, notes and tags at any
        time. Raises FileProblem."""

        def change(db: sqlite3.Connection) -> Run:
            run = _get(db, run_id)
            if run is None:
                with contextlib.suppress(FileProblem):
                    run = self.folder(run_id).read_run()
            if run is None:
                raise FileProblem("no_run", id=run_id)
            try:
                changed = Run.model_validate(dict(run) | changes)
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                place = "/".join(map(str, first["loc"]))
                raise FileProblem("cannot_store", place, reason=first["msg"]) from error
            folders.encode(changed)
            _put(db, changed)
            folder = self.folder(run_id)
            if folder.complete:
                # The row is what counts: a full disk does not keep anybody from renaming a run.
                with contextlib.suppress(FileProblem):
                    folder.write_run(changed)
            return changed

        return self._database.write(change)

    def get(self, run_id: str) -> Run | None:
        return self._database.read(lambda db: _get(db, run_id))

    def find(
        self,
        text: str = "",
        *,
        how: Iterable[How] = (),
        tags: Iterable[str] = (),
        project: str = "",
        network: str = "",
        order: str = "started",
        descending: bool = True,
        limit: int = -1,
    ) -> list[Run]:
        """The runs that have all words of `text` in name, project, notes or tags, and one of the ways
        to end in `how`, all of `tags`, this project and this network, where these are given.

        order: one of ORDERS, or a measure whose best value counts; runs without one come last."""
        where, values = ["1"], list[Any]()

        def only(condition: str, *given: Any) -> None:
            where.append(condition)
            values.extend(given)

        if text.strip():
            only(f"contains({' || char(10) || '.join(_SEARCHED)}, ?)", _storable(text))
        if wanted := tuple(how):
            only(f"how IN ({', '.join('?' * len(wanted))})", *wanted)
        for tag in tags:
            only("EXISTS (SELECT 1 FROM json_each(runs.tags) WHERE value = ?)", tag)
        if project:
            only("project = ?", project)
        if network:
            only("network = ?", network)
        key = f"folded({order})" if order in _FOLDED else order
        if order not in ORDERS:
            key = "(SELECT json_extract(value, '$.best') FROM json_each(runs.results) WHERE key = ?)"
            values += [order, order]
        direction = "DESC" if descending else "ASC"
        query = (
            f"{_SELECT} WHERE {' AND '.join(where)} "
            f"ORDER BY {key} IS NULL, {key} {direction}, started {direction}, id LIMIT ?"
        )
        return self._database.read(
            lambda db: [_run(row) for row in db.execute(query, (*values, limit))]
        )

    def tags(self) -> tuple[str, ...]:
        """All tags that any run has."""
        query = "SELECT DISTINCT value FROM runs, json_each(runs.tags) ORDER BY folded(value)"
        return self._database.read(lambda db: tuple(row[0] for row in db.execute(query)))

    def folder(self, run_id: str) -> RunFolder:
        """Where a run lies; its folder may be gone."""
        return RunFolder(self.place / Path(run_id).name)

    def crashed(self) -> list[Run]:
        """The runs that ended without saying so, newest first: to be offered at the next start.
        `update(id, how="crashed")` takes one off this list."""
        self.collect()
        found = (self.get(folder.id) for folder in folders.crashed(self.place))
        return [run for run in found if run is not None and run.how == "running"]

    def delete(self, run_id: str) -> None:
        """A run goes, with its folder. Raises FileProblem; a run that is alive stays."""
        folders.delete(self.folder(run_id))
        self._database.write(lambda db: db.execute("DELETE FROM runs WHERE id = ?", (run_id,)))

    def collect(self) -> None:
        """Take up what the history does not know: runs that were copied here by hand or started while
        the database could not be written, and what a process that was killed had not come to."""
        deleted = folders.sweep(self.place)

        def settle(db: sqlite3.Connection) -> None:
            db.executemany("DELETE FROM runs WHERE id = ?", [(run_id,) for run_id in deleted])
            self._add_missing(db)
            for row in db.execute("SELECT id FROM runs WHERE how = 'running'").fetchall():
                folder = self.folder(row[0])
                if not folder.alive:
                    with contextlib.suppress(FileProblem):
                        _put(db, folder.read_run())  # it is written before the row

        self._database.write(settle)

    def close(self) -> None:
        self._database.close()

    def _add_missing(self, db: sqlite3.Connection) -> None:
        known = {row[0] for row in db.execute("SELECT id FROM runs")}
        for folder in folders.folders(self.place):
            if folder.id not in known:
                try:
                    run = folder.read_run()
                except FileProblem:  # what is not damaged in the folder can still be used
                    run = Run(id=folder.id, started=folders.started(folder.id), how="crashed")
                _put(db, run)


def _get(db: sqlite3.Connection, run_id: str) -> Run | None:
    row = db.execute(f"{_SELECT} WHERE id = ?", (run_id,)).fetchone()
    return None if row is None else _run(row)


def _run(row: sqlite3.Row) -> Run:
    """A row that somebody else has spoilt is shown as far as it can be."""
    try:
        values = {name: row[name] for name in _COLUMNS}
        for name in _TABLES:
            values[name] = json.loads(values[name])
        return Run.model_validate({**values, **json.loads(row["extra"])})
    except (ValueError, RecursionError):  # ValidationError is a ValueError
        return Run(id=row["id"], started=row["started"], how="crashed")


def _put(db: sqlite3.Connection, run: Run) -> None:
    values = run.model_dump(mode="json")
    row = {name: values.pop(name) for name in _COLUMNS}
    for name in _TABLES:
        row[name] = json.dumps(row[name], ensure_ascii=False, allow_nan=False)
    row["extra"] = json.dumps(values, ensure_ascii=False)
    names = ", ".join(row)
    places = ", ".join(f":{name}" for name in row)
    db.execute(f"INSERT OR REPLACE INTO runs ({names}) VALUES ({places})", row)


def _storable(text: str) -> str:
    """A path whose bytes are no UTF-8 is kept for reading."""
    return text.encode("utf-8", "replace").decode()
