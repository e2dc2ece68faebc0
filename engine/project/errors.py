"""What is wrong with a file: which file, where in it, what was found, and what to do."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from engine.messages import FILE_MESSAGES, fill, shown

#: Why writing failed, where there is more to say than the system's own words.
_WRITE_CODES = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EFBIG: "disk_full",
    errno.EACCES: "not_allowed",
    errno.EPERM: "not_allowed",
    errno.EROFS: "not_allowed",
    errno.ENOENT: "folder_gone",
    errno.ENOTDIR: "folder_gone",
}


class FileProblem(Exception):
    """A file that cannot be read or written as asked; unless the text says otherwise nothing was
    changed. `str()` is the whole message: file, place, what was found, remedy.

    code: a key of FILE_MESSAGES, whose templates take `values`.
    place: the member, line, tensor or field it is about; "" for the file as a whole.
    file: None until `of` names it.
    """

    def __init__(self, code: str, place: str = "", **values: Any) -> None:
        super().__init__(code)
        self.code = code
        self.place = place
        self.values = values
        self.file: Path | None = None

    def of(self, file: Path) -> FileProblem:
        """The same problem, with the file it was met in."""
        self.file = file
        return self

    @property
    def found(self) -> str:
        """What was found and what is allowed, in English; a sentence without its subject."""
        return fill(FILE_MESSAGES[self.code][0], self.values)

    @property
    def remedy(self) -> str:
        """What the user can do, in English."""
        return fill(FILE_MESSAGES[self.code][1], self.values)

    def __str__(self) -> str:
        where = [_printable(str(self.file))] if self.file is not None else []
        if self.place:
            where.append(shown(self.place))
        return f"{', '.join(where)}: {self.found} {self.remedy}".removeprefix(": ")


def cannot_read(error: OSError | ValueError) -> FileProblem:
    """ValueError: a path with a NUL, or with characters that the system cannot name."""
    return FileProblem("cannot_read", reason=_reason(error))


def cannot_write(error: OSError | ValueError) -> FileProblem:
    number = error.errno if isinstance(error, OSError) else None
    code = _WRITE_CODES.get(number or 0, "cannot_write")
    return FileProblem(code, reason=_reason(error))


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _printable(text: str) -> str:
    """A path, whole, without characters that could disguise it."""
    return "".join(shown(character) for character in text)
