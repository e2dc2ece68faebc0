"""Saving so that a file is always whole: the old one or the new one, never a mix.

Write beside it, sync, read back and compare, rename over it, sync the folder. Qt's QSaveFile is not
used: it was seen to report success after a failed sync.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engine.project.errors import FileProblem, cannot_write

_LEFTOVER = re.compile(r"\.backlit-[0-9a-f]{16}\.tmp")
_LEFTOVER_AGE = 3600  # s


def save(path: Path, data: bytes | memoryview) -> str:
    """Put `data` in the place of `path` and return its SHA-256, or raise FileProblem and leave the
    file as it was. A link is followed and stays; the mode of an old file is kept."""
    return save_pieces(path, [data])[0]


def save_pieces(path: Path, pieces: Iterable[bytes | memoryview]) -> tuple[str, int]:
    """As `save`, for what is too large to be put together in memory; also returns the size."""
    with _replacing(path) as (temporary, mode):
        digest, size = _write(temporary, pieces, mode)
        with temporary.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise FileProblem("disk_changed_data")
    return digest, size


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to write piece by piece, which takes the place of `path` at the end; with an exception
    there is none. For what can be made again: it is not read back. Raises FileProblem."""
    with _replacing(path) as (temporary, mode), _new_file(temporary, mode) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _replacing(path: Path) -> Iterator[tuple[Path, int | None]]:
    """A name beside `path` for what is to replace it, and the mode of the old file."""
    try:
        target = Path(os.path.realpath(path))
        mode = _mode_of(target)
        temporary = target.with_name(f".backlit-{secrets.token_hex(8)}.tmp")
        try:
            yield temporary, mode
            os.replace(temporary, target)
        except BaseException:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise
    except FileProblem as problem:
        raise problem.of(path) from problem.__cause__
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise cannot_write(error).of(path) from error
    _sync_folder(target.parent, path)
    _remove_leftovers(target.parent)


def _mode_of(target: Path) -> int | None:
    """The permissions of the file to replace, None where there is none yet."""
    try:
        status = target.lstat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise FileProblem("not_a_file")
    if not os.access(target, os.W_OK):
        raise FileProblem("read_only")
    return stat.S_IMODE(status.st_mode)


def _write(path: Path, pieces: Iterable[bytes | memoryview], mode: int | None) -> tuple[str, int]:
    """SHA-256 and size of what was written."""
    digest, size = hashlib.sha256(), 0
    with _new_file(path, mode) as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest(), size


def _new_file(path: Path, mode: int | None) -> BinaryIO:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    file = open(os.open(path, flags, 0o666), "wb")  # noqa: SIM115
    try:
        if mode is not None:
            os.chmod(path, mode)
    except BaseException:
        file.close()
        raise
    return file


def _sync_folder(folder: Path, path: Path) -> None:
    """Make the rename itself last. Some systems cannot sync a folder; a disk that fails to is told:
    the new file is in place by then."""
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        if error.errno in (errno.EIO, errno.ENOSPC, errno.EDQUOT):
            raise FileProblem("saved_in_doubt", reason=error.strerror).of(path) from error


def _remove_leftovers(folder: Path) -> None:
    """A process that was killed while saving leaves its temporary file behind."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if _LEFTOVER.fullmatch(entry.name):
                age = time.time() - entry.stat(follow_symlinks=False).st_mtime
                if age > _LEFTOVER_AGE:
                    os.unlink(entry)
