"""A lock that goes with its process: after kill -9 or a power cut nobody holds it any more.

The system's own locks are used. A number of a process in a file would outlive it, and after a while
the number belongs to another.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from engine.project.errors import cannot_write

#: Somebody who only asks whether it is held holds it for that moment.
_ATTEMPTS, _PAUSE = 20, 0.01  # s
_FLAGS = os.O_RDWR | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

if sys.platform == "win32":
    import msvcrt

    #: Windows locks bytes, and nobody else may read them: this one lies behind the text.
    _BYTE = 2**30

    def _lock(handle: int, shared: bool) -> None:
        os.lseek(handle, _BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)

else:
    import fcntl

    def _lock(handle: int, shared: bool) -> None:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


class Lock:
    """The lock at `path`, held or not. The file stays; what is in it is for people."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def acquire(self, patience: float = _ATTEMPTS * _PAUSE) -> bool:
        """Hold it from now on; False when another does for `patience` seconds. Raises FileProblem."""
        if self._handle is not None:
            return True
        try:
            handle = os.open(self.path, _FLAGS | os.O_CREAT, 0o666)
        except (OSError, ValueError) as error:
            raise cannot_write(error).of(self.path) from error
        end = time.monotonic() + patience
        while not _locked(handle):
            if time.monotonic() > end:
                os.close(handle)
                return False
            time.sleep(_PAUSE)
        self._handle = handle
        with contextlib.suppress(OSError):  # the text is of no consequence
            since = datetime.now().astimezone().isoformat(timespec="seconds")
            text = json.dumps({"process": os.getpid(), "since": since})
            os.ftruncate(handle, 0)
            os.write(handle, text.encode())
        return True

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    @property
    def held(self) -> bool:
        """Whether anybody holds it, this process or another."""
        if self._handle is not None:
            return True
        try:
            handle = os.open(self.path, _FLAGS)
        except (OSError, ValueError):
            return False
        try:
            return not _locked(handle, shared=True)
        finally:
            os.close(handle)

    @property
    def holder(self) -> str:
        """Who holds it, or did last, in words; "" when that is not known."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            with self.path.open("rb") as file:
                found: Any = json.loads(file.read(1000))
            return f"process {int(found['process'])} since {found['since']!s:.40}"
        return ""


def _locked(handle: int, shared: bool = False) -> bool:
    try:
        _lock(handle, shared)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a file system without locks: whoever asks may have it
        return True
    return True
