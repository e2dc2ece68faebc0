"""Updates: how far a step moves the weights of each layer."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.network.model import Link, Node
from engine.telemetry.frame import Watch
from gui.canvas.lenses.lens_kind import AT_REST, LensKind, Look, translated
from gui.canvas.lenses.scale import NOT_A_NUMBER, Scale
from gui.canvas.overlays.legend_rows import Bar, Row, Stroke, Swatch, Words

#: About 1e-3 of its weights a step suits most layers; the scale reaches two powers of ten to either
#: side of that.
SCALE = Scale(1e-5, 1e-1, diverging=True)


class Updates(LensKind):
    name = "updates"
    live = True

    def title(self) -> str:
        return translated("Updates")

    def want(self, watch: Watch) -> Watch:
        return replace(watch, gradients=True)

    def tint(self, node: Node) -> str | None:
        ratio = self.facts.ratios.get(node.id)
        return "line" if ratio is None else SCALE.token(ratio)

    def look(self, link: Link) -> Look:
        ratio = self.facts.ratios.get(link.source)
        return AT_REST if ratio is None else Look(SCALE.token(ratio), SCALE.width(ratio))

    def legend(self) -> tuple[Row, ...]:
        rows: list[Row] = [
            Words(translated("Update / weight: aim at 1e-3")),
            Bar(SCALE.tokens(), ("≤ 1e-5", "1e-3", "≥ 1e-1"), links=True, guide=True),
            Swatch("line", translated("learns nothing")),
        ]
        if not all(map(math.isfinite, self.facts.ratios.values())):
            rows.append(Stroke(NOT_A_NUMBER, translated("not a number")))
        return tuple(rows)

    def about_node(self, node: Node) -> str:
        return self._about(self.facts.ratios.get(node.id))

    def about_link(self, link: Link) -> str:
        return self._about(self.facts.ratios.get(link.source))

    def _about(self, ratio: float | None) -> str:
        if ratio is None:
            return ""
        return translated("A step moves the weights by {0} of their size").format(format(ratio, ".2g"))
