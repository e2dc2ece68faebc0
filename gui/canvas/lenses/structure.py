"""Structure: each card in the colour of its family."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.network.layers import FAMILIES, LAYERS
from engine.network.model import Network
from gui.canvas.lenses.lens_kind import LensKind, translated
from gui.canvas.overlays.legend_rows import Row, Swatch
from gui.theme import FAMILY_COLORS


class Structure(LensKind):
    name = "structure"

    def title(self) -> str:
        return translated("Structure")

    def legend(self) -> tuple[Row, ...]:
        return families(self.facts.network)


def families(network: Network) -> tuple[Swatch, ...]:
    """Those that occur, in the order of the palette."""
    kinds = {node.kind for node in network.nodes.values()}
    found = {LAYERS[kind].family for kind in kinds if kind in LAYERS}
    rows = [
        Swatch(FAMILY_COLORS[family], QCoreApplication.translate("engine", title))
        for family, title in FAMILIES.items()
        if family in found
    ]
    if kinds - LAYERS.keys():
        rows.append(Swatch(FAMILY_COLORS["unknown"], translated("Unknown")))
    return tuple(rows)
