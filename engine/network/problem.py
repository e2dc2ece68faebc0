"""What is wrong with a network, said as a code and values; `engine.messages` makes the sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Problem:
    """`node` is where it shows (None: the network as a whole), `cause` the earlier node that is
    responsible for it."""

    code: str
    node: str | None
    cause: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str | None]:
        """Tells it from every other problem of a report."""
        return self.code, self.node
