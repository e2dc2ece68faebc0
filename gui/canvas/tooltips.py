"""What the canvas says about the thing under the cursor, as plain text."""

from __future__ import annotations

import html
import textwrap

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import Qt

from engine.build.report import Shape, ShapeReport, shape_text
from engine.messages import shown
from engine.network.layers import LAYERS, Layer
from engine.network.model import Link, Node
from gui.words import sentence

_COLUMNS = 64


def plain(text: str) -> str:
    """`text` wrapped, and safe for QToolTip, which takes what looks like HTML for HTML."""
    lines = [textwrap.fill(line, _COLUMNS) for line in text.splitlines()]
    wrapped = "\n".join(lines)
    if Qt.mightBeRichText(wrapped):
        return "<span>" + html.escape(wrapped).replace("\n", "<br>") + "</span>"
    return wrapped


def layer_text(layer: Layer) -> str:
    """Kind, what it does, and its formula."""
    translate = QCoreApplication.translate
    return f"{layer.kind}\n{translate('engine', layer.help)}\n{layer.formula}"


def node_text(node: Node, report: ShapeReport, faulty: bool, note: str = "") -> str:
    """Problems first, then what the node is and what it makes of its input, and what a lens says."""
    translate = QCoreApplication.translate
    lines = [sentence(problem) for problem in report.problems_of(node.id)]
    if faulty:
        lines.append(translate("Canvas", "Training stopped here."))
    if any(problem.cause == node.id for problem in report.problems):
        lines.append(translate("Canvas", "A problem further down begins here."))
    lines.append(shown(node.name))
    layer = LAYERS.get(node.kind)
    lines.append(shown(node.kind) if layer is None else layer_text(layer))
    found = report.nodes.get(node.id)
    if found is not None and found.output is not None:
        lines.append(translate("Canvas", "Output: {shape}").format(shape=shape_text(found.output)))
    if found is not None and found.parameters:
        count = f"{found.parameters:,}"
        lines.append(translate("Canvas", "Parameters: {count}").format(count=count))
    return "\n".join([*lines, note] if note else lines)


def link_text(link: Link, report: ShapeReport, note: str = "") -> str:
    """The tensor on a link, axis by axis, and what a lens says of it."""
    translate = QCoreApplication.translate
    shape = report.shape_on(link)
    if shape is None:
        lines = [translate("Canvas", "The shape of this tensor is not known yet.")]
    else:
        lines = [shape_text(shape), *axis_lines(shape, report.axes_on(link))]
    return "\n".join([*lines, note] if note else lines)


def axis_lines(shape: Shape, axes: tuple[str, ...]) -> list[str]:
    """One line an axis: its size and what it counts, in PyTorch's order."""
    translate = QCoreApplication.translate
    words = {
        "channel": translate("Canvas", "channels"),
        "height": translate("Canvas", "height"),
        "width": translate("Canvas", "width"),
        "time": translate("Canvas", "time steps or tokens"),
        "feature": translate("Canvas", "features"),
        "position": translate("Canvas", "places in the image"),
    }
    lines = ["N  {0}".format(translate("Canvas", "samples in a batch"))]
    for number, size in enumerate(shape, start=1):
        name = axes[number - 1] if number <= len(axes) else ""
        word = words.get(name) or translate("Canvas", "axis {number}").format(number=number)
        lines.append(f"{size}  {word}")
    return lines
