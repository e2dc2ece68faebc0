"""Numbers to colours and widths of links, by their logarithm."""

from __future__ import annotations

import math
from dataclasses import dataclass

from gui.canvas.health import THICKEST, THINNEST

#: So many steps of colour: a card is repainted only when it looks different, and an overview can
#: draw all links of one colour at once.
_STEPS = 32
#: The colour of what is no number.
NOT_A_NUMBER = "error"


@dataclass(frozen=True)
class Scale:
    """From `low` to `high`, both > 0; what lies outside looks like the end that it lies beyond.

    diverging: a value is as it should be in the middle of the scale."""

    low: float
    high: float
    diverging: bool = False

    def share(self, value: float) -> float:
        """0 at the low end, 1 at the high one."""
        if not value > 0:
            return 0.0
        if self.high <= self.low:
            return 1.0
        way = math.log(value / self.low) / math.log(self.high / self.low)
        return round(_STEPS * min(max(way, 0.0), 1.0)) / _STEPS

    def token(self, value: float) -> str:
        """For `gui.theme.color`."""
        return self._color(self.share(value)) if math.isfinite(value) else NOT_A_NUMBER

    def width(self, value: float) -> float:
        """px, in steps of a quarter."""
        share = self.share(value) if math.isfinite(value) else 1.0
        return round(4 * (THINNEST + share * (THICKEST - THINNEST))) / 4

    def tokens(self) -> tuple[str, ...]:
        """Its colours from one end to the other."""
        return tuple(self._color(step / _STEPS) for step in range(_STEPS + 1))

    def _color(self, share: float) -> str:
        # Numpy makes them, which is imported when there are numbers to colour.
        from gui.colors import deviation_color, magnitude_color

        return deviation_color(share) if self.diverging else magnitude_color(share)
