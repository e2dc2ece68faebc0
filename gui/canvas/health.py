"""How the gradient along a link is judged and drawn.

The gradient of the loss E with respect to an activation a, ‖dE/da‖, is compared with that at the
network's output: through healthy layers it stays within three orders of magnitude. A smaller one
vanishes (Hochreiter 1991: layers in front barely learn), a larger one explodes (Pascanu, Mikolov,
Bengio 2013: a step throws the weights far away).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum

VANISHING_BELOW = 1e-3
EXPLODING_ABOVE = 1e3

#: Link widths in px, and the powers of ten of ‖dE/da‖ that get them.
THINNEST, THICKEST = 1.5, 5.0
WEAKEST, STRONGEST = -6.0, 2.0


class Health(Enum):
    GOOD = "good"
    VANISHING = "vanishing"
    EXPLODING = "exploding"
    NOT_FINITE = "not finite"


#: Theme token by health.
TOKENS: Mapping[Health, str] = {
    Health.GOOD: "good",
    Health.VANISHING: "vanishing",
    Health.EXPLODING: "exploding",
    Health.NOT_FINITE: "error",
}


def health(flow: float, reference: float) -> Health:
    """Judge the gradient norm `flow` against the one at the output, `reference`."""
    if not (math.isfinite(flow) and math.isfinite(reference)):
        return Health.NOT_FINITE
    if flow < VANISHING_BELOW * reference or flow == 0:
        return Health.VANISHING
    if reference > 0 and flow > EXPLODING_ABOVE * reference:
        return Health.EXPLODING
    return Health.GOOD


def width(flow: float) -> float:
    """Width of a link in px, by the logarithm of its gradient norm, in steps of a quarter pixel so
    that a link is repainted only when it looks different."""
    if not math.isfinite(flow):
        return THICKEST
    power = math.log10(flow) if flow > 0 else WEAKEST
    share = (min(max(power, WEAKEST), STRONGEST) - WEAKEST) / (STRONGEST - WEAKEST)
    return round(4 * (THINNEST + share * (THICKEST - THINNEST))) / 4
