"""Long series made short: smoothing and decimation, both in numpy and without a Python loop."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.telemetry.series import Points

Floats = NDArray[np.float64]

#: Length of the blocks in which `_recur` works; any other number gives the same result.
_BLOCK = 64


def decimate(y: NDArray[Any], buckets: int) -> tuple[NDArray[np.intp], NDArray[Any]]:
    """The smallest and the largest of each bucket of neighbours, in their order.

    y: (n,). Returns indices into `y` and the values there, at most 2 * `buckets` of each; no extreme
    is lost. Values that are not finite are left out. Buckets begin at 0, so a growing series keeps
    its picture."""
    finite = np.isfinite(y)
    if not finite.all():
        places = np.flatnonzero(finite)
        index, kept = decimate(y[places], buckets)
        return places[index], kept
    if len(y) <= 2 * max(buckets, 1):
        return np.arange(len(y)), y
    size = -(-len(y) // max(buckets, 1))
    whole = len(y) // size * size
    blocks = y[:whole].reshape(-1, size)
    pairs = np.stack([blocks.argmin(axis=1), blocks.argmax(axis=1)], axis=1)
    pairs.sort(axis=1)
    index = (pairs + np.arange(0, whole, size)[:, None]).ravel()
    if whole < len(y):
        rest = y[whole:]
        index = np.append(index, whole + np.sort([rest.argmin(), rest.argmax()]))
    return index, y[index]


def zigzag(points: Points) -> tuple[NDArray[Any], NDArray[Any]]:
    """Steps and values of a line that goes through the lowest and the highest value of each bucket;
    through every value where buckets are single ones."""
    if points.exact:
        return points.steps, points.mean
    return np.repeat(points.steps, 2), np.stack([points.low, points.high], axis=1).ravel()


def extent(y: NDArray[Any], positive: bool = False) -> tuple[float, float]:
    """The smallest and largest finite (and, if so wished, positive) value of y (n,); (inf, -inf)
    when there is none."""
    if not len(y):
        return math.inf, -math.inf
    low, high = float(y.min()), float(y.max())
    if math.isfinite(low) and math.isfinite(high) and (low > 0 or not positive):
        return low, high
    kept = y[np.isfinite(y) & ((y > 0) | (not positive))]
    return float(kept.min(initial=math.inf)), float(kept.max(initial=-math.inf))


class Smoothed:
    """Exponential average of a growing series, with bias correction.

    s[t] = Σ w^(t-k) x[k] / Σ w^(t-k), so the first values are not pulled towards zero (Kingma & Ba,
    Adam, section 3). Values that are not finite are skipped. `update` works in proportion to what is
    new.

    A bucket of c values that all are its mean adds (1 + w + … + w^(c-1)) times the mean and fades what
    was before by w^c. Where all buckets are as wide, that factor stands above and below the line and is
    left out: it is the same average with w^c for w, and c times what it weighs."""

    def __init__(self, weight: float) -> None:
        """weight: w in 0 … 1 (exclusive); 0 returns the values themselves."""
        self.weight = weight
        self._buffer: Floats = np.empty(1024)
        self._restart()

    def _restart(self) -> None:
        self._done = 0
        self._width = 1
        #: Sums of values and of weights at the end of what is done.
        self._sums = np.zeros(2)

    def update(self, values: NDArray[Any], width: int = 1, newest: int = 1) -> Floats:
        """values: (n,), as before and longer. width: how many values each of them stands for, newest:
        how many the last does. Returns the average at the end of each, (n,), read-only by custom."""
        total = len(values)
        if newest < width and total:
            averages = self.update(values[:-1], width, width)
            return np.append(averages, self._with_part(float(values[-1]), newest))
        if total < self._done or width != self._width:
            self._restart()  # another run, or buckets have merged
            self._width = width
        if total > len(self._buffer):
            grown = np.empty(max(total, 2 * len(self._buffer)))
            grown[: self._done] = self._buffer[: self._done]
            self._buffer = grown
        if total > self._done:
            self._buffer[self._done : total] = self._average(values[self._done :])
            self._done = total
        return self._buffer[:total]

    def _average(self, values: NDArray[Any]) -> Floats:
        new = np.asarray(values, np.float64)
        finite = np.isfinite(new)
        rows = np.stack([np.where(finite, new, 0.0), finite.astype(np.float64)])
        weight = self.weight**self._width
        sums = _recur(rows, weight)
        fade = weight ** np.arange(1.0, len(new) + 1)
        sums += self._sums[:, None] * fade
        self._sums = sums[:, -1].copy()
        with np.errstate(invalid="ignore"):
            result: Floats = sums[0] / sums[1]
        return result

    def _with_part(self, value: float, size: int) -> float:
        """The average after a last bucket that is not full yet."""
        finite = math.isfinite(value)
        new = np.array([value if finite else 0.0, float(finite)]) * self._reach(size)
        total, count = self._sums * self._reach(self._width) * self.weight**size + new
        return float(total / count) if count > 0 else math.nan

    def _reach(self, size: int) -> float:
        """1 + w + … + w^(size - 1): what a bucket of this size weighs."""
        return (1 - self.weight**size) / (1 - self.weight)


def exponential_average(values: NDArray[Any], weight: float) -> Floats:
    """`Smoothed` of a whole series (n,) at once."""
    return Smoothed(weight).update(values)


def _recur(rows: Floats, weight: float) -> Floats:
    """s[t] = w s[t-1] + x[t] along the last axis of (r, n).

    In blocks: within one it is a product with a triangular matrix, and the ends of the blocks follow
    the same recurrence with w^block, so it calls itself about log(n) deep. No power of 1/w appears,
    so nothing overflows."""
    count, length = rows.shape
    block = min(_BLOCK, length)
    steps = np.arange(block)
    lag = steps[:, None] - steps[None, :]
    triangle = np.where(lag >= 0, float(weight) ** np.maximum(lag, 0), 0.0)
    blocks = -(-length // block)
    padded = np.zeros((count, blocks * block))
    padded[:, :length] = rows
    inside = padded.reshape(count, blocks, block) @ triangle.T
    if blocks > 1:
        carry = _recur(inside[:, :-1, -1], weight**block)
        inside[:, 1:] += carry[:, :, None] * weight ** np.arange(1.0, block + 1)
    return inside.reshape(count, -1)[:, :length]
