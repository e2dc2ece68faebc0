"""The one sample that a network is looked at with, and for inputs in the plane a grid around it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

#: Points a side of the grid that boundaries are drawn from.
SIDE = 24
#: The plane reaches beyond the outermost samples by this share of their extent.
_MARGIN = 0.1


@dataclass(frozen=True)
class Plane:
    """A rectangle of the plane that holds all samples."""

    left: float
    bottom: float
    right: float
    top: float

    @staticmethod
    def around(points: Tensor) -> Plane:
        """points: (n, 2)."""
        (left, bottom), (right, top) = points.amin(0).tolist(), points.amax(0).tolist()
        dx, dy = _MARGIN * (right - left) or 1.0, _MARGIN * (top - bottom) or 1.0
        return Plane(left - dx, bottom - dy, right + dx, top + dy)

    def grid(self) -> Tensor:
        """The middles of SIDE × SIDE equal cells (SIDE², 2), row by row from the upper left."""
        across = self.left + (torch.arange(SIDE) + 0.5) * ((self.right - self.left) / SIDE)
        down = self.top - (torch.arange(SIDE) + 0.5) * ((self.top - self.bottom) / SIDE)
        x, y = across.repeat(SIDE), down.repeat_interleave(SIDE)
        return torch.stack([x, y], dim=1)

    def place(self, point: Tensor) -> tuple[float, float]:
        """A point (2,) as shares of the sides, from the upper left corner."""
        x, y = point.tolist()
        return (x - self.left) / (self.right - self.left), (self.top - y) / (self.top - self.bottom)


@dataclass(frozen=True)
class Sample:
    """x: (1, *shape), or (1 + SIDE², 2) for inputs in the plane: the sample, then the grid.
    point: where it lies there, None for all other inputs."""

    number: int
    x: Tensor
    label: int
    classes: tuple[str, ...] = ()
    point: tuple[float, float] | None = None


class Samples:
    """x (n, *shape) and labels (n,), on one device."""

    def __init__(self, x: Tensor, labels: Tensor, classes: tuple[str, ...] = ()) -> None:
        self._x = x
        self._labels = labels
        self._classes = classes
        self._plane = Plane.around(x) if x.dim() == 2 and x.shape[1] == 2 and len(x) else None
        self._grid = None if self._plane is None else self._plane.grid().to(x)

    def __len__(self) -> int:
        return len(self._x)

    def take(self, number: int) -> Sample:
        """The sample of this number, or the nearest there is."""
        number = min(max(number, 0), len(self._x) - 1)
        x, label = self._x[number : number + 1], int(self._labels[number])
        if self._plane is None or self._grid is None:
            return Sample(number, x, label, self._classes)
        point = self._plane.place(x[0])
        return Sample(number, torch.cat([x, self._grid]), label, self._classes, point)
