"""What the tooltip of a card says about the picture on it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.messages import shown
from engine.telemetry.thumbnail import Thumbnail


def thumbnail_lines(thumbnail: Thumbnail) -> list[str]:
    """What is drawn, of which sample, its scale, and whether anything was learned yet."""
    translate = QCoreApplication.translate
    scale = translate("Canvas", "{what}, {low} … {high}")
    lines = [
        translate("Canvas", "Picture: validation sample {number}").format(number=thumbnail.sample),
        scale.format(what=_what(thumbnail), low=_number(thumbnail.low), high=_number(thumbnail.high)),
    ]
    if thumbnail.predicted is not None:
        lines.append(", ".join(verdict(thumbnail)))
    if not thumbnail.trained:
        lines.append(translate("Canvas", "Untrained: it is what the initial weights make of it."))
    return lines


def _what(thumbnail: Thumbnail) -> str:
    translate = QCoreApplication.translate
    size, shown = thumbnail.size, len(thumbnail.values)
    first = size[0] if size else 1
    match thumbnail.kind:
        case "image":
            return translate("Canvas", "its pixels")
        case "maps":
            text = translate("Canvas", "{shown} of {all} feature maps, {height} × {width}")
            return text.format(shown=shown, all=first, height=size[1], width=size[2])
        case "vector":
            return translate("Canvas", "{all} values").format(all=first)
        case "classes":
            return translate("Canvas", "the scores of {all} classes").format(all=first)
        case "histogram":
            count = 1
            for length in size:
                count *= length
            return translate("Canvas", "how {all} values are distributed").format(all=f"{count:,}")
        case "sequence":
            text = translate("Canvas", "{time} steps to the right, {features} features downwards")
            return text.format(time=size[0], features=size[1])
        case "attention":
            text = translate("Canvas", "{shown} heads: which token (down) looks at which (right)")
            return text.format(shown=shown)
        case "boundary":
            text = translate("Canvas", "what {shown} of {all} units answer over the plane")
            return text.format(shown=shown, all=first)
        case "regions":
            return translate("Canvas", "which class is likely where in the plane")


def _number(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")


def verdict(thumbnail: Thumbnail) -> tuple[str, str]:
    """What is predicted and what is true."""
    translate = QCoreApplication.translate

    def name(number: int | None) -> str:
        if number is None:
            return "?"
        return shown(thumbnail.names[number]) if number < len(thumbnail.names) else str(number)

    right = thumbnail.label == thumbnail.predicted
    sign = "✓" if right else "✗"
    return (
        "{0} {1}".format(name(thumbnail.predicted), sign),
        translate("Canvas", "label {0}").format(name(thumbnail.label)),
    )
