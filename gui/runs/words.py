"""Runs in words: when, how they ended, what came of them."""

from __future__ import annotations

import time
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from engine.runs.run import How, Run

translate = QCoreApplication.translate

#: Ink and icon of how a run ended: nobody depends on the colour alone.
SIGNS: dict[How, tuple[str, str]] = {
    "running": ("accent", "live"),
    "finished": ("good", "done"),
    "stopped": ("muted", "stop"),
    "failed": ("error", "error"),
    "crashed": ("warning", "warning"),
}


def how_text(how: How) -> str:
    return {
        "running": translate("runs", "running"),
        "finished": translate("runs", "finished"),
        "stopped": translate("runs", "stopped"),
        "failed": translate("runs", "failed"),
        "crashed": translate("runs", "crashed"),
    }[how]


def name_of(run: Run) -> str:
    """What a run is called: its own name, else that of its project."""
    return run.name or run.project or translate("runs", "Untitled")


def when(seconds: float, now: float | None = None) -> str:
    """ "2 minutes ago"; from yesterday on the date."""
    age = (time.time() if now is None else now) - seconds
    if age < 60:
        return translate("runs", "just now")
    if age < 3600:
        minutes = int(age // 60)
        one = translate("runs", "1 minute ago")
        return one if minutes == 1 else translate("runs", "{0} minutes ago").format(minutes)
    if age < 12 * 3600:
        hours = int(age // 3600)
        one = translate("runs", "1 hour ago")
        return one if hours == 1 else translate("runs", "{0} hours ago").format(hours)
    return moment(seconds)


def moment(seconds: float) -> str:
    """2026-11-24 15:30, in local time."""
    return f"{datetime.fromtimestamp(seconds):%Y-%m-%d %H:%M}"


def number(value: float | None) -> str:
    """A measure in a table; "" where there is none."""
    return "" if value is None else f"{value:.4g}".replace("-", "−")


def optimizer_of(run: Run) -> str:
    found = run.recipe.get("optimizer")
    kind = found.get("kind", "Adam") if isinstance(found, dict) else found
    return str(kind) if kind else ""


def rate_of(run: Run) -> float | None:
    rate = run.recipe.get("learning_rate")
    return float(rate) if isinstance(rate, int | float) else None


def tags_in(text: str) -> tuple[str, ...]:
    """Tags as they are typed: words between commas, each once."""
    return tuple(dict.fromkeys(tag for part in text.split(",") if (tag := part.strip())))
