"""The SQLite file behind the history: connections, versions of its tables, and what happens when it is
damaged.

It can be made anew from the folders of the runs, so a damaged file is set aside, never repaired.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from engine.project.errors import FileProblem, cannot_write
from engine.runs.lock import Lock

T = TypeVar("T")

#: "Bklt": whose database it is.
APPLICATION = 0x426B6C74
#: How long one process waits for another to finish its edit.
BUSY = 5.0  # s
#: Each brings the tables from the version of its place to the next.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE runs (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        started REAL NOT NULL,
        ended REAL,
        how TEXT NOT NULL,
        project TEXT NOT NULL,
        path TEXT NOT NULL,
        recipe TEXT NOT NULL,
        data TEXT NOT NULL,
        network TEXT NOT NULL,
        results TEXT NOT NULL,
        steps INTEGER NOT NULL,
        notes TEXT NOT NULL,
        tags TEXT NOT NULL,
        parent TEXT NOT NULL,
        parent_step INTEGER NOT NULL,
        extra TEXT NOT NULL
    ) STRICT;
    CREATE INDEX runs_started ON runs (started);
    CREATE INDEX runs_network ON runs (network)
    """,
)


class Database:
    """One file, one connection a thread. probe: a query that a sound file answers; refill: fills the
    tables of a new one."""

    def __init__(self, path: Path, probe: str, refill: Callable[[sqlite3.Connection], None]) -> None:
        self.path = path
        self._probe = probe
        self._refill = refill
        self._own = threading.local()
        self._lock = threading.Lock()
        self._connections: list[sqlite3.Connection] = []
        #: Raised when the file was replaced: connections of an older one are closed by their threads.
        self._generation = 0
        self.set_aside: Path | None = None

    def read(self, task: Callable[[sqlite3.Connection], T]) -> T:
        """What `task` returns; it waits for nobody who writes. Raises FileProblem."""
        return self._guarded(task, "DEFERRED")

    def write(self, task: Callable[[sqlite3.Connection], T]) -> T:
        """What `task` returns, in a transaction of its own. Raises FileProblem, and what `task`
        raises; then nothing was changed."""
        # IMMEDIATE: who reads and then writes must not lose the right to between the two.
        return self._guarded(task, "IMMEDIATE")

    def _guarded(self, task: Callable[[sqlite3.Connection], T], kind: str) -> T:
        try:
            try:
                return self._attempt(task, kind)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._replace()
                return self._attempt(task, kind)
        except (sqlite3.Error, OSError) as error:
            raise FileProblem("history_failed", reason=str(error)[:200]).of(self.path) from error
        except FileProblem as problem:
            if problem.file is None:
                problem.of(self.path)
            raise

    def close(self) -> None:
        """Close the connections of all threads; none of them may be at work."""
        with self._lock:
            connections, self._connections = self._connections, []
            self._generation += 1
        for connection in connections:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _attempt(self, task: Callable[[sqlite3.Connection], T], kind: str) -> T:
        connection = self._connection()
        with _transaction(connection, kind):
            return task(connection)

    def _connection(self) -> sqlite3.Connection:
        generation, connection = getattr(self._own, "connection", (-1, None))
        if connection is not None and generation == self._generation:
            return connection
        if connection is not None:
            self._drop(connection)
        made = self._open()
        with self._lock:
            self._connections.append(made)
            self._own.connection = (self._generation, made)
        return made

    def _drop(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if connection in self._connections:
                self._connections.remove(connection)
        self._own.connection = (-1, None)
        with contextlib.suppress(sqlite3.Error):
            connection.close()

    def _open(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(error).of(self.path) from error
        connection = sqlite3.connect(
            self.path, timeout=BUSY, isolation_level=None, check_same_thread=False
        )
        try:
            _check_owner(connection)  # before anything is written into what may be another's
            connection.row_factory = sqlite3.Row
            connection.create_function("folded", 1, _folded, deterministic=True)
            connection.create_function("contains", 2, _contains, deterministic=True)
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA trusted_schema = OFF")
            self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        if _version(connection) == len(MIGRATIONS) and _is_ours(connection):
            return
        with _transaction(connection, "IMMEDIATE"):  # another process may be at it: look again
            version = _version(connection)
            if version > len(MIGRATIONS):
                raise FileProblem("newer_history", found=version, known=len(MIGRATIONS)).of(self.path)
            _check_owner(connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION}")
            for statements in MIGRATIONS[version:]:
                for statement in statements.split(";"):  # executescript would commit
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
            if version == 0:
                self._refill(connection)

    def _replace(self) -> None:
        """Set the damaged file aside, where it can be looked at, unless another process just did."""
        connection = getattr(self._own, "connection", (-1, None))[1]
        if connection is not None:
            self._drop(connection)
        guard = Lock(self.path.with_suffix(".lock"))
        if not guard.acquire(BUSY):
            return
        try:
            if self._is_sound():
                return
            stamp = time.strftime("%Y%m%d-%H%M%S")
            aside = self.path.with_name(f"{self.path.stem}-damaged-{stamp}-{os.getpid()}.sqlite")
            for ending in ("-wal", "-shm", ""):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(f"{self.path}{ending}", f"{aside}{ending}")
            with self._lock:
                self._generation += 1
            self.set_aside = aside
        finally:
            guard.release()

    def _is_sound(self) -> bool:
        try:
            connection = self._open()
        except sqlite3.DatabaseError as error:
            if _is_damage(error):
                return False
            raise
        try:
            connection.execute(self._probe).fetchone()
            return [row[0] for row in connection.execute("PRAGMA quick_check(1)")] == ["ok"]
        except sqlite3.DatabaseError:
            return False
        finally:
            connection.close()


class _Foreign(sqlite3.DatabaseError):
    """A sound database, but not a history."""


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def _is_damage(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None) or 0
    if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return True
    missing = str(error).startswith(("no such table", "no such column"))
    return missing or isinstance(error, _Foreign)


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_owner(connection: sqlite3.Connection) -> None:
    if not _is_ours(connection):
        made = connection.execute("SELECT 1 FROM sqlite_master").fetchone()
        if made or _version(connection):
            raise _Foreign("the file holds something else")


def _is_ours(connection: sqlite3.Connection) -> bool:
    return bool(connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION)


def _folded(text: str) -> str:
    return text.casefold()


def _contains(text: str, wanted: str) -> bool:
    """Whether every word of `wanted` stands in `text`. SQLite's LIKE folds letters of ASCII only."""
    folded = text.casefold()
    return all(word in folded for word in wanted.casefold().split())
