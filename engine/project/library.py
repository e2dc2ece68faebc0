"""Blocks to use again, one file each: those that travel with the program and those that the user saved.

A file holds one block and all that lies in it as the text of `engine.project.fragment`. It may come
from anybody, so it passes the checks of a project file, and damage is told, never raised.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import resources
from engine.network.copies import cut_out, moved, roots
from engine.network.model import Network
from engine.network.problem import Problem
from engine.project import atomic, container, limits
from engine.project.data_folder import data_folder
from engine.project.errors import FileProblem, cannot_write
from engine.project.fragment import from_text, to_text

SUFFIX = ".backlit-block"
BUNDLED = resources.path("blocks")

#: What a name may say in a file name on every system.
_NOT_IN_FILE_NAMES = re.compile(r"[^\w\- ]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
_LONGEST = 50
#: More files than anybody saves are not opened one by one to list them.
_MOST = 1000


@dataclass(frozen=True)
class Entry:
    """A block in the library. `help`: what its first comment says, or its name; `problem`: why it
    cannot be used, if so."""

    path: Path
    name: str
    help: str
    bundled: bool
    problem: Problem | None = None


def folder() -> Path:
    """Where the user's blocks lie."""
    return data_folder() / "blocks"


def entries() -> tuple[Entry, ...]:
    """All blocks there are, the bundled ones first, each part by name; damaged ones among them."""
    found = [_entry(path, path.parent == BUNDLED) for path in (*_files(BUNDLED), *_files(folder()))]
    return tuple(
        sorted(found, key=lambda entry: (not entry.bundled, entry.name.casefold(), entry.path))
    )


def load(path: Path) -> Network | Problem:
    """The block in a file and all that lies in it, at the origin and in no other; or why there is
    none. `engine.network.copies.renewed` makes it ready for a network."""
    try:
        with container.regular_file(path, limits.PROJECT_BYTES) as (file, size):
            text = file.read(size).decode("utf-8")
    except FileProblem as problem:
        return Problem("unreadable_block_file", None, values=_values(path, problem.found))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        return Problem("unreadable_block_file", None, values=_values(path, f"{reason}."))
    found = from_text(text)
    if isinstance(found, Problem):
        if found.code == "no_fragment":
            return Problem("not_a_block_file", None, values=_values(path))
        values = {**_values(path), **found.values}
        values["place"] = str(values["place"]).replace("clipboard", "text")
        return Problem("bad_block_file", None, values=values)
    top = roots(found)
    if len(top) != 1 or top[0].kind != "Block":
        return Problem("not_a_block_file", None, values=_values(path))
    return moved(found, {top[0].id: (0.0, 0.0)}, "")


def save(network: Network, block: str) -> Path:
    """Put a block and all that lies in it into the user's library and return its file. A name that is
    taken gets a number. Raises FileProblem."""
    node = network.nodes[block]
    fragment = moved(cut_out(network, [block]), {block: (0.0, 0.0)}, "")
    data = to_text(fragment).encode("utf-8")
    if len(data) > limits.PROJECT_BYTES:
        raise FileProblem("project_too_large", size=len(data))
    path = _reserved(_stem(node.name))
    try:
        atomic.save(path, data)
    except FileProblem:
        with contextlib.suppress(OSError):
            if not path.stat().st_size:  # still the one that kept the name
                path.unlink()
        raise
    return path


def delete(entry: Entry) -> None:
    """Take a block out of the user's library. Raises FileProblem; one that is gone is no problem."""
    if entry.bundled:
        raise FileProblem("bundled").of(entry.path)
    try:
        entry.path.unlink(missing_ok=True)
    except OSError as error:
        raise FileProblem("cannot_delete", reason=error.strerror).of(entry.path) from error


def _files(place: Path) -> Iterator[Path]:
    try:
        names = sorted(name for name in os.listdir(place) if name.endswith(SUFFIX))
    except OSError:  # there is none yet, or it cannot be read: then it holds nothing for us
        return
    yield from (place / name for name in names[:_MOST])


def _entry(path: Path, bundled: bool) -> Entry:
    found = load(path)
    stem = path.name.removesuffix(SUFFIX)
    if isinstance(found, Problem):
        return Entry(path, stem, stem, bundled, found)
    [block] = roots(found)
    inside = (found.nodes[child] for child in found.children.get(block.id, ()))
    texts = (node.parameters.get("text") for node in inside if node.kind == "Comment")
    name = block.name.strip() or stem
    said = next((text for text in texts if isinstance(text, str) and text.strip()), name)
    return Entry(path, name, said, bundled)


def _stem(name: str) -> str:
    stem = " ".join(_NOT_IN_FILE_NAMES.sub(" ", name).split())[:_LONGEST].strip() or "Block"
    return f"{stem} block" if _RESERVED.fullmatch(stem) else stem


def _reserved(stem: str) -> Path:
    """A file of this name, new and empty: another program cannot take the name meanwhile."""
    place, number = folder(), 1
    try:
        place.mkdir(parents=True, exist_ok=True)
        while True:
            path = place / f"{stem if number == 1 else f'{stem} {number}'}{SUFFIX}"
            try:
                path.touch(exist_ok=False)
                return path
            except FileExistsError:
                number += 1
    except (OSError, ValueError) as error:
        raise cannot_write(error).of(place) from error


def _values(path: Path, reason: str = "") -> dict[str, str]:
    return {"file": path.name, "reason": reason}
