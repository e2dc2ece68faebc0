"""What is wrong with a file: which file, where in it, what was found, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.messages import FILE_MESSAGES, fill, shown


class FileProblem(Exception):
    """A file that cannot be read or written as asked. Nothing was changed.

    code: a key of FILE_MESSAGES. place: the member, line, tensor or field it is about.
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

    def __str__(self) -> str:
        template, remedy = FILE_MESSAGES[self.code]
        where = [str(self.file)] if self.file is not None else []
        if self.place:
            where.append(shown(self.place))
        return "{0}: {1} {2}".format(", ".join(where), fill(template, self.values), remedy).strip()
