"""Saving so that a file is always whole: the old one or the new one, never a mix.

Write beside it, sync, read back and compare, rename over it, sync the folder. Qt's QSaveFile is not
used: it was seen to report success after a failed sync.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path

from engine.project.errors import FileProblem


def save(path: Path, data: bytes) -> None:
    """Put `data` in the place of `path`, or raise FileProblem and leave it as it was.

    A link is followed and stays; the mode of an old file is kept."""
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".{path.name[:80]}.{secrets.token_hex(6)}.tmp")
    try:
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        if mode is not None and not os.access(path, os.W_OK):
            raise FileProblem("cannot_write", reason="it is read-only").of(path)
        _write(temporary, data, mode)
        if temporary.read_bytes() != data:
            raise FileProblem("disk_changed_data").of(path)
        os.replace(temporary, path)
    except OSError as error:
        raise FileProblem("cannot_write", reason=error.strerror or str(error)).of(path) from error
    finally:
        with contextlib.suppress(OSError):  # after a success it is gone already
            temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _write(path: Path, data: bytes, mode: int | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, 0o666), "wb") as file:
        if mode is not None:
            os.chmod(path, mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last. The new file is in place already, so failure is no loss; some
    systems cannot sync a folder at all."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
