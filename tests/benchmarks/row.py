"""One measured number beside its goal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Row:
    """`goal` is None for a number that is there to explain another, `value` for one that could not be
    measured; then `note` says why."""

    name: str
    value: float | None
    unit: str
    goal: float | None
    better: Literal["higher", "lower"]
    note: str = ""

    @property
    def met(self) -> bool:
        if self.goal is None:
            return True
        if self.value is None:
            return False
        return self.value >= self.goal if self.better == "higher" else self.value <= self.goal

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "value": None if self.value is None else round(self.value, 4)}

    def text(self) -> str:
        if self.value is None:
            return f"skip {self.name:58} {self.note}"
        goal = "" if self.goal is None else f"goal {self.goal:g}"
        mark = "    " if self.goal is None else ("ok  " if self.met else "MISS")
        return f"{mark} {self.name:58} {self.value:10.3f} {self.unit:8} {goal}"
