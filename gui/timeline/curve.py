"""The loss of a run as a faint line behind the timeline."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPolygonF

from engine.telemetry.recorder import Points
from gui.timeline.scale import Scale

#: So much of the values lies within the height; single peaks are cut off.
SHARE = 0.98


def loss_line(points: Points, scale: Scale, place: QRectF) -> QPolygonF:
    """The mean of what falls on each pixel, from the lowest to the highest within `place`."""
    values = np.asarray(points.mean, np.float64)
    finite = np.isfinite(values)
    values, steps = values[finite], points.steps[finite]
    if not len(values):
        return QPolygonF()
    columns = np.rint(scale.xs(steps) - place.left()).astype(np.int64).clip(0, int(place.width()))
    counts = np.bincount(columns)
    filled = np.flatnonzero(counts)
    means = np.bincount(columns, values)[filled] / counts[filled]
    low, high = float(means.min()), float(np.quantile(means, SHARE))
    heights = ((means - low) / ((high - low) or 1.0)).clip(0, 1)
    x, y = place.left() + filled, place.bottom() - heights * place.height()
    return QPolygonF([QPointF(*point) for point in zip(x.tolist(), y.tolist(), strict=True)])
