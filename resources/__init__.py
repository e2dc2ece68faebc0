"""Files that travel with the program."""

from pathlib import Path


def path(*parts: str) -> Path:
    """The place of a bundled file, such as path("icons", "train.svg")."""
    return Path(__file__).parent.joinpath(*parts)
