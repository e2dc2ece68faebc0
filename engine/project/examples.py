"""The saved networks that travel with the program, by name."""

from __future__ import annotations

from pathlib import Path

import resources

EXAMPLE_FOLDER = resources.path("examples")
#: Those to look at: no data set here fits them, so they cannot be trained.
STRUCTURES = ("gpt2-small", "resnet-18")


def example_names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in EXAMPLE_FOLDER.glob("*.backlit")))


def find(name: str) -> Path:
    """The file that `name` means on the command line: a path, or an example's name."""
    path = Path(name)
    if not path.exists() and name in example_names():
        return EXAMPLE_FOLDER / f"{name}.backlit"
    return path
