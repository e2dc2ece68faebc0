"""A small picture of what one node makes of one sample, while it is trained or still drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from engine.network.layers import LAYERS

if TYPE_CHECKING:  # numpy comes in after the window
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[Any]"

#: What `values` of a Thumbnail hold, float32:
#: image: the sample itself (channels, height, width), grey or red, green, blue.
#: maps: the first few feature maps (k, height, width).
#: vector: one value a unit (units,). classes: one score a class (classes,).
#: histogram: the share of the output's values in equal bins from `low` to `high` (bins,).
#: sequence: (time, feature). attention: weights of the first few heads (heads, query, key).
#: boundary: of inputs in the plane, what the first few units answer at each point (k, side, side), x₁
#: to the right and x₂ upwards. regions: each class's probability there (classes, side, side).
Kind = Literal[
    "image",
    "maps",
    "vector",
    "classes",
    "histogram",
    "sequence",
    "attention",
    "boundary",
    "regions",
]

#: What these put out is what they were given, while nothing is trained.
_UNCHANGING = frozenset({"Flatten", "Dropout"})


@dataclass(frozen=True, eq=False)
class Thumbnail:
    """Arrays are copies and read-only.

    size: of the node's output without the batch axis, before it was reduced to `values`.
    low, high: the least and the largest number in the picture; of a histogram, of the output.
    trained: False when any of the weights that led here are initial ones.
    names: of the classes. label, predicted: where the sample's class is known. point: where the
    sample lies in the plane, from the upper left corner, as shares of its sides.
    """

    kind: Kind
    values: Array
    size: tuple[int, ...]
    low: float
    high: float
    sample: int
    trained: bool = True
    names: tuple[str, ...] = ()
    label: int | None = None
    predicted: int | None = None
    point: tuple[float, float] | None = None


@dataclass(frozen=True)
class Previews:
    """What the nodes of a network at rest make of validation sample number `sample` of `samples`.

    request: the number of the request that this answers."""

    request: int
    thumbnails: Mapping[str, Thumbnail] = field(default_factory=dict)
    sample: int = 0
    samples: int = 0


def has_thumbnail(kind: str) -> bool:
    """Whether nodes of this kind make something of their own that can be drawn."""
    layer = LAYERS.get(kind)
    return layer is not None and layer.computes and kind not in _UNCHANGING
