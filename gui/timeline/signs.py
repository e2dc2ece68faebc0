"""Small signs on the timeline: what happened at a step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF
from PySide6.QtGui import QPainter, QPen, QPolygonF

from engine.telemetry.recorder import Mark
from gui.plotting.marks import mark_text
from gui.theme import color

#: px from the middle of a sign to its tips.
SIZE = 4.0
#: More would be a wall; the newest are drawn.
MOST = 100
#: Every state is a tick already.
_UNDRAWN = frozenset({"checkpoint"})
_BEST, _RESUMED = "best", "resumed"
_GRAVE = frozenset({"early_stop", "not_recorded", "bad_number"})

_TIPS: Mapping[str, tuple[tuple[float, float], ...]] = {
    "resumed": ((-0.8, -1), (1, 0), (-0.8, 1)),
    "grave": ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
    "change": ((0, -1), (1, 0), (0, 1), (-1, 0)),
}


@dataclass(frozen=True)
class Sign:
    """What is drawn at a step, and what it says."""

    step: int
    kind: str
    text: str


def signs_of(marks: Sequence[Mark]) -> tuple[Sign, ...]:
    """The signs for the marks of a run. Of the best steps only the last is still the best."""
    best = max((mark.step for mark in marks if mark.code == _BEST), default=None)
    drawn = [
        mark
        for mark in marks
        if mark.code not in _UNDRAWN and (mark.code != _BEST or mark.step == best)
    ]
    line = QCoreApplication.translate("timeline", "step {0}: {1}")
    return tuple(
        Sign(mark.step, _kind(mark.code), line.format(format(mark.step, ","), mark_text(mark)))
        for mark in drawn[-MOST:]
    )


def draw_sign(painter: QPainter, kind: str, middle: QPointF) -> None:
    """Each kind has its own outline, so that nobody depends on the colour."""
    token = {"best": "good", "resumed": "muted", "grave": "warning"}.get(kind, "accent")
    painter.setPen(QPen(color("surface"), 1))
    painter.setBrush(color(token))
    if kind == "best":
        painter.drawEllipse(middle, SIZE - 0.5, SIZE - 0.5)
        return
    tips = _TIPS.get(kind, _TIPS["change"])
    painter.drawPolygon(QPolygonF([middle + QPointF(x * SIZE, y * SIZE) for x, y in tips]))


def _kind(code: str) -> str:
    if code in (_BEST, _RESUMED):
        return code
    return "grave" if code in _GRAVE else "change"
