"""Gradients: how much of the error comes back along each link."""

from __future__ import annotations

from dataclasses import replace

from engine.network.model import Link
from engine.telemetry.frame import Watch
from gui.canvas import health
from gui.canvas.health import Health
from gui.canvas.lenses.lens_kind import AT_REST, LensKind, Look, translated
from gui.canvas.lenses.structure import families
from gui.canvas.overlays.legend_rows import Row, Stroke, Wedge, Words


class Gradients(LensKind):
    """Cards keep the colours of their families."""

    name = "gradients"
    live = True

    def title(self) -> str:
        return translated("Gradients")

    def want(self, watch: Watch) -> Watch:
        return replace(watch, gradients=True)

    def look(self, link: Link) -> Look:
        flow = self.facts.flow.get(self.facts.maker(link))
        if flow is None:
            return AT_REST
        state = health.health(flow, self.facts.flow_reference)
        return Look(health.TOKENS[state], health.width(flow))

    def legend(self) -> tuple[Row, ...]:
        rules = {
            Health.GOOD: translated("healthy"),
            Health.VANISHING: translated("vanishing: below 1/1000"),
            Health.EXPLODING: translated("exploding: above 1000 ×"),
            Health.NOT_FINITE: translated("not a number"),
        }
        return (
            Words(translated("Gradient against the output's")),
            *(Stroke(health.TOKENS[state], text) for state, text in rules.items()),
            Words(translated("Width: the gradient's norm")),
            Wedge(("≤ 1e-6", "1e-2", "≥ 1e2")),
            *families(self.facts.network),
        )

    def about_link(self, link: Link) -> str:
        flow = self.facts.flow.get(self.facts.maker(link))
        if flow is None:
            return ""
        words = {
            Health.GOOD: translated("healthy"),
            Health.VANISHING: translated("vanishing"),
            Health.EXPLODING: translated("exploding"),
            Health.NOT_FINITE: translated("not a number"),
        }
        state = words[health.health(flow, self.facts.flow_reference)]
        return translated("Gradient ‖dE/da‖ = {0}, {1}").format(format(flow, ".3g"), state)
