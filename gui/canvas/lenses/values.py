"""Values: how large the numbers are that run through the network."""

from __future__ import annotations

import math
from dataclasses import replace

from engine.network.model import Link, Node
from engine.telemetry.frame import Watch
from gui.canvas.lenses.lens_kind import AT_REST, NOTES, LensKind, Look, translated
from gui.canvas.lenses.scale import NOT_A_NUMBER, Scale
from gui.canvas.overlays.legend_rows import Bar, Row, Stroke, Swatch, Words

#: Around 1, where initial weights and normalization aim at (Glorot & Bengio 2010; He et al. 2015).
#: The same in every network, so that colours can be compared, and stay as they are while it learns.
SCALE = Scale(1e-2, 1e2)


class Values(LensKind):
    name = "values"
    live = True

    def title(self) -> str:
        return translated("Values")

    def want(self, watch: Watch) -> Watch:
        return replace(watch, values=True)

    def tint(self, node: Node) -> str | None:
        value = self.facts.value_of(node)
        return "line" if value is None else SCALE.token(value)

    def look(self, link: Link) -> Look:
        value = self.facts.values.get(self.facts.maker(link))
        return AT_REST if value is None else Look(SCALE.token(value), SCALE.width(value))

    def legend(self) -> tuple[Row, ...]:
        marks = ("≤ 0.01", "1", "≥ 100")
        rows: list[Row] = [Words(translated("RMS of an output, over a batch"))]
        rows.append(Bar(SCALE.tokens(), marks, links=True))
        if any(
            node.kind not in NOTES and self.facts.value_of(node) is None
            for node in self.facts.network.nodes.values()
        ):
            rows.append(Swatch("line", translated("not measured")))
        if not all(map(math.isfinite, self.facts.values.values())):
            rows.append(Stroke(NOT_A_NUMBER, translated("not a number")))
        return tuple(rows)

    def about_node(self, node: Node) -> str:
        return self._about(self.facts.value_of(node))

    def about_link(self, link: Link) -> str:
        return self._about(self.facts.values.get(self.facts.maker(link)))

    def _about(self, value: float | None) -> str:
        if value is None:
            return ""
        return translated("Root mean square of its values = {0}").format(format(value, ".3g"))
