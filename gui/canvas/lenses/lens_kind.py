"""What every lens answers: how cards and links look through it, and what its legend says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from PySide6.QtCore import QCoreApplication

from engine.network.model import Link, Node
from engine.telemetry.frame import Watch
from gui.canvas.health import THINNEST
from gui.canvas.lenses.facts import Facts
from gui.canvas.overlays.legend_rows import Row

#: Kinds of nodes that keep the colours they were given.
NOTES = ("Comment", "Frame")


@dataclass(frozen=True)
class Look:
    """A link's colour, a token of the theme or #RRGGBB, None at rest; and its width in px."""

    token: str | None = None
    width: float = THINNEST


AT_REST = Look()


class LensKind:
    """The base of all lenses: everything as it is at rest."""

    #: For preferences and commands.
    name: ClassVar[str]
    #: Shows a training run, not the network as it is drawn.
    live: ClassVar[bool] = False
    #: Shows what the network costs.
    costs: ClassVar[bool] = False

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def title(self) -> str:
        """In one word, for a menu."""
        raise NotImplementedError

    def prepare(self) -> None:
        """What there is to be seen has changed; called before the questions below."""

    def tint(self, node: Node) -> str | None:
        """The colour of a card's band; None for that of its family."""
        return None

    def look(self, link: Link) -> Look:
        return AT_REST

    def want(self, watch: Watch) -> Watch:
        """`watch` with what this lens needs besides."""
        return watch

    def legend(self) -> tuple[Row, ...]:
        raise NotImplementedError

    def about_node(self, node: Node) -> str:
        """A line for the tooltip of a card; "" for none."""
        return ""

    def about_link(self, link: Link) -> str:
        return ""


def translated(text: str) -> str:
    return QCoreApplication.translate("lenses", text)
