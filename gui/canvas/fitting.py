"""Where in the view a diagram is shown as large as may be, beside what lies in the corners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QPointF, QRect, QRectF

from gui.theme import GRID

LARGEST = 1.0


def fit(area: QRectF, viewport: QRect, corners: Iterable[QRect]) -> tuple[float, QPointF]:
    """The scale for an `area` of the scene, at most LARGEST, and the point of the viewport for its
    middle. Where two places give the same scale, the one nearer to the middle."""
    taken = [QRectF(corner) for corner in corners if not corner.isEmpty()]
    middle = QRectF(viewport).center()
    best: tuple[float, float, QPointF] | None = None
    for room in _rooms(QRectF(viewport), taken):
        scale = min(LARGEST, room.width() / area.width(), room.height() / area.height())
        center = room.center()
        shown = QRectF(center - QPointF(*_half(area, scale)), area.size() * scale)
        if any(shown.intersects(corner) for corner in taken):
            continue
        away = (center - middle).manhattanLength()
        if best is None or (scale, -away) > (best[0], -best[1]):
            best = (scale, away, center)
    if best is None:  # a view so small that all of it is needed
        scale = min(LARGEST, viewport.width() / area.width(), viewport.height() / area.height())
        return scale, middle
    return best[0], best[2]


def _half(area: QRectF, scale: float) -> tuple[float, float]:
    return area.width() * scale / 2, area.height() * scale / 2


def _rooms(whole: QRectF, taken: list[QRectF]) -> Iterator[QRectF]:
    """All of the view, and what is left of it beside, below and above the corners."""
    left = max((corner.right() + GRID for corner in taken), default=0.0)
    upper = [corner for corner in taken if corner.center().y() < whole.center().y()]
    lower = [corner for corner in taken if corner not in upper]
    top = max((corner.bottom() + GRID for corner in upper), default=0.0)
    bottom = min((corner.top() - GRID for corner in lower), default=whole.bottom())
    for first in (0.0, left):
        for start in (0.0, top):
            for end in (whole.bottom(), bottom):
                room = QRectF(QPointF(first, start), QPointF(whole.right(), end))
                if room.width() > 0 and room.height() > 0:
                    yield room
