"""What is said about a node besides its picture: by a screen reader, and to a search."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QCoreApplication

from engine.build.report import NodeShape, shape_text
from engine.messages import shown
from engine.network.layers import FAMILIES, LAYERS
from engine.network.model import Node


def spoken(node: Node, found: NodeShape, problems: int) -> str:
    """All in one line: `Conv2d 1, Conv2d, output N × 32 × 26 × 26, 320 parameters, 1 problem`."""
    translate = QCoreApplication.translate
    parts = [shown(node.name), shown(node.kind)]
    if found.output is not None:
        parts.append(translate("Nodes", "output {0}").format(shape_text(found.output)))
    if found.parameters:
        parts.append(translate("Nodes", "{0} parameters").format(f"{found.parameters:,}"))
    if problems == 1:
        parts.append(translate("Nodes", "1 problem"))
    elif problems:
        parts.append(translate("Nodes", "{0} problems").format(problems))
    return ", ".join(parts)


def search_text(node: Node, wrong: bool, cause: bool) -> str:
    """Every word that finds a node, in lower case. wrong: it has a problem; cause: it makes one."""
    lines = [node.name.lower(), _kind_text(node.kind)]
    if wrong:
        lines += ("problem", QCoreApplication.translate("Nodes", "problem").lower())
    if cause:
        lines += ("cause", QCoreApplication.translate("Nodes", "cause").lower())
    return "\n".join(lines)


@lru_cache(maxsize=256)
def _kind_text(kind: str) -> str:
    layer = LAYERS.get(kind)
    if layer is None:
        return kind.lower()
    family = QCoreApplication.translate("engine", FAMILIES[layer.family])
    return "\n".join((kind, layer.family, family, *layer.keywords)).lower()
