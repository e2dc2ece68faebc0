"""Numbers to colours, the same way in every panel.

Magnitudes use viridis; signed values use blue - neutral - orange, centred on zero."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QImage

from gui.theme import appearance

#: Nine evenly spaced samples of matplotlib's viridis (CC0), enough to interpolate between.
_VIRIDIS = ("#440154 #472D7B #3B528B #2C728E #21918C #28AE80 #5EC962 #ADDC30 #FDE725",)[0].split()
#: Zero takes the ground colour of the theme, so that nothing looks like something.
_NEGATIVE, _POSITIVE = "#2166AC", "#E08214"
_ZERO = {"light": "#F7F7F4", "dark": "#2A2E33"}


def _table(stops: list[str]) -> NDArray[np.uint8]:
    rgb = np.array([[int(stop[at : at + 2], 16) for at in (1, 3, 5)] for stop in stops], float)
    places = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(places, np.arange(len(stops)), rgb[:, c]) for c in range(3)]
    return np.stack(channels, axis=1).round().astype(np.uint8)


@cache
def magnitude_table() -> NDArray[np.uint8]:
    """Viridis, (256, 3)."""
    return _table(list(_VIRIDIS))


@cache
def _diverging_table(theme: str) -> NDArray[np.uint8]:
    return _table([_NEGATIVE, _ZERO[theme], _POSITIVE])


def diverging_table() -> NDArray[np.uint8]:
    """Blue - neutral - orange for the theme in use, (256, 3)."""
    return _diverging_table(appearance.theme.name)


#: The part of viridis that lines are drawn in: of a contrast of 3 or more on the canvas, and the
#: larger a value is the further its colour from the canvas.
_LINE_SPAN = {"light": (0.55, 0.0), "dark": (0.34, 1.0)}


def magnitude_color(share: float) -> str:
    """The colour of a line or a band, `share` 0 … 1 of the way up a scale, as #RRGGBB."""
    first, last = _LINE_SPAN[appearance.theme.name]
    return _hex(magnitude_table()[round(255 * (first + share * (last - first)))])


def deviation_color(share: float) -> str:
    """Of a value that should lie in the middle of a scale, at 0.5: blue below, orange above it."""
    theme = appearance.theme
    table = _table([theme.vanishing, theme.muted, theme.exploding])
    return _hex(table[round(255 * share)])


def _hex(rgb: NDArray[np.uint8]) -> str:
    return "#{0:02X}{1:02X}{2:02X}".format(*rgb.tolist())


def colored(values: NDArray[Any], limit: float | None = None) -> NDArray[np.uint8]:
    """`values` (height, width) as RGB (height, width, 3). Signed values are centred on zero.

    limit: the magnitude that gets the full colour; the largest one by default. NaN shows as zero."""
    finite = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
    reach = float(limit if limit is not None else np.abs(finite).max(initial=0.0)) or 1.0
    if finite.min(initial=0.0) < 0:
        index = (finite / reach + 1) * 127.5
        table = diverging_table()
    else:
        index = finite / reach * 255
        table = magnitude_table()
    return table[np.clip(index, 0, 255).astype(np.uint8)]


def image(rgb: NDArray[np.uint8]) -> QImage:
    """A QImage with memory of its own from RGB (height, width, 3)."""
    height, width, _ = rgb.shape
    data = np.ascontiguousarray(rgb)
    return QImage(data.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()
