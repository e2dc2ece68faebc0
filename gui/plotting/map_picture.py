"""Feature maps as coloured pixels: one scale, one table, one atlas for all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from gui.colors import diverging_table, image, magnitude_table

Array = NDArray[Any]

#: A map shrinks by at most this factor to get whole pixels.
LEAST_WHOLE = 0.88


@dataclass(frozen=True)
class Scale:
    """Which value gets which colour. limits: (channels,), the magnitude of the full colour."""

    limits: Array
    signed: bool

    def table(self) -> NDArray[np.uint8]:
        return diverging_table() if self.signed else magnitude_table()

    def colors(self, values: Array, limits: Array | float) -> NDArray[np.uint8]:
        """RGB (…, 3) of values (…), as `gui.colors.colored` gives them for the whole layer."""
        if self.signed:
            index = values * (127.5 / np.asarray(limits)) + 127.5
        else:
            index = values * (255 / np.asarray(limits))
        np.clip(index, 0, 255, out=index)
        result: NDArray[np.uint8] = self.table()[index.astype(np.uint8)]
        return result


def scale_of(values: Array, per_map: bool) -> Scale:
    """values (channels, height, width), finite. A layer with any negative value is signed."""
    low, high = values.min(axis=(1, 2), initial=0.0), values.max(axis=(1, 2), initial=0.0)
    limits = np.maximum(-low, high)
    if not per_map:
        limits = np.full_like(limits, limits.max(initial=0.0))
    return Scale(np.where(limits > 0, limits, 1.0), bool((low < 0).any()))


def atlas(values: Array, scale: Scale, side: int) -> tuple[QImage, int]:
    """All maps in one picture, below each other, and the step in which their pixels were taken.

    No more pixels are coloured than `side` device pixels a map can show."""
    step = max(1, max(values.shape[1:]) // max(side, 1))
    small = values[:, ::step, ::step]
    rgb = scale.colors(small, scale.limits[:, None, None])
    channels, height, width, _ = rgb.shape
    return image(rgb.reshape(channels * height, width, 3)), step


def input_picture(values: Array) -> QImage | None:
    """The network's input (channels, height, width) as the eye knows it: grey, or red-green-blue;
    None when it is no image."""
    if values.ndim != 3 or not values.size:
        return None
    if values.shape[0] == 3:
        shown = np.moveaxis(values, 0, 2)
    else:
        shown = np.repeat(values[:1].transpose(1, 2, 0), 3, axis=2)
    shown = np.nan_to_num(shown)
    low, high = float(shown.min()), float(shown.max())
    return image(((shown - low) * (255 / ((high - low) or 1.0))).astype(np.uint8))


@dataclass(frozen=True)
class Cells:
    """Where the maps lie in the widget, in px. `width` and `height` of one map as drawn."""

    columns: int
    left: float
    top: float
    width: float
    height: float
    gap: float

    def origin(self, index: int) -> tuple[float, float]:
        row, column = divmod(index, self.columns)
        return (
            self.left + column * (self.width + self.gap),
            self.top + row * (self.height + self.gap),
        )

    def at(self, x: float, y: float, count: int) -> int | None:
        """The map under a point."""
        column = math.floor((x - self.left) / (self.width + self.gap))
        row = math.floor((y - self.top) / (self.height + self.gap))
        index = row * self.columns + column
        if not 0 <= column < self.columns or not 0 <= index < count:
            return None
        left, top = self.origin(index)
        return index if x < left + self.width and y < top + self.height else None


def arrange(count: int, map_size: tuple[int, int], room: tuple[float, float], ratio: float) -> Cells:
    """The columns that make `count` maps of (height, width) largest in a room of (width, height) px.

    A value takes a whole number of device pixels where that costs little, so that all look alike."""
    gap = 4.0 if count > 1 else 0.0
    best, columns = 0.0, 1
    for candidate in range(1, count + 1):
        rows = -(-count // candidate)
        across = (room[0] - gap * (candidate - 1)) / candidate / map_size[1]
        down = (room[1] - gap * (rows - 1)) / rows / map_size[0]
        if min(across, down) > best:
            best, columns = min(across, down), candidate
    whole = math.floor(best * ratio) / ratio
    if whole >= LEAST_WHOLE * best:
        best = whole
    width, height = max(best * map_size[1], 1.0), max(best * map_size[0], 1.0)
    rows = -(-count // columns)
    used = (
        columns * (width + gap) - gap,
        rows * (height + gap) - gap,
    )
    left = math.floor(max(room[0] - used[0], 0.0) / 2)
    return Cells(columns, left, 0.0, width, height, gap)
