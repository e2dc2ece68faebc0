"""What can stand in the legend of the canvas. Colours are tokens of the theme or #RRGGBB."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """What the rows below are about."""

    text: str


@dataclass(frozen=True)
class Swatch:
    """The colour of a band."""

    token: str
    text: str


@dataclass(frozen=True)
class Stroke:
    """A link that looks like this."""

    token: str
    text: str


@dataclass(frozen=True)
class Bar:
    """A scale of colours, with words at its low end, in the middle and at its high end.

    links: links are drawn in it, too, the wider the higher. guide: the middle is where to be."""

    tokens: tuple[str, ...]
    marks: tuple[str, str, str]
    links: bool = False
    guide: bool = False


@dataclass(frozen=True)
class Wedge:
    """A scale of widths of a link alone."""

    marks: tuple[str, str, str]


Row = Words | Swatch | Stroke | Bar | Wedge
