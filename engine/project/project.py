"""The value that a window edits, a file stores and a training starts from."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.network.model import Network
from engine.recipe.recipe import DataChoice, Recipe

if TYPE_CHECKING:  # numpy comes in after the window
    from numpy.typing import NDArray

#: Trained numbers by "<node id>.<PyTorch name>", such as "conv2d-1.weight". Never changed in place.
Weights: TypeAlias = "Mapping[str, NDArray[Any]]"


@dataclass(frozen=True)
class Project:
    """What the user made: everything that undo covers. Trained weights travel beside it."""

    network: Network = field(default_factory=Network)
    recipe: Recipe = field(default_factory=Recipe)
    data: DataChoice = field(default_factory=DataChoice)
    extra: Mapping[str, Any] = field(default_factory=dict)


def owner(key: str, ids: Container[str]) -> tuple[str, str] | None:
    """The node of a key of Weights and PyTorch's name in it, or None when none of `ids` is its node.
    Both may hold dots."""
    place = key.find(".")
    while place >= 0:
        if key[:place] in ids:
            return key[:place], key[place + 1 :]
        place = key.find(".", place + 1)
    return None


def copied(weights: Weights) -> dict[str, NDArray[Any]]:
    """The same numbers in memory of their own."""
    import numpy as np

    return {name: np.array(values, copy=True) for name, values in weights.items()}
