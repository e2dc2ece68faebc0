"""Parameters, FLOPs, Memory: each card in the colour of what it costs."""

from __future__ import annotations

from engine.amounts import bytes_text, count_text, flops_text
from engine.build.report import NodeCost
from engine.network.model import Node
from gui.canvas.lenses.lens_kind import LensKind, translated
from gui.canvas.lenses.scale import Scale
from gui.canvas.overlays.legend_rows import Bar, Row, Swatch, Words

#: Bands of cards that cost nothing, and of those of which nobody knows.
FREE, UNKNOWN = "line", "muted"


class CostLens(LensKind):
    """The scale goes from the cheapest to the dearest node that costs anything."""

    costs = True

    def prepare(self) -> None:
        amounts = [self.amount(cost) for cost in self.facts.costs.values()]
        paid = [amount for amount in amounts if amount]
        self.scale = Scale(min(paid), max(paid)) if paid else None

    def amount(self, cost: NodeCost) -> int | None:
        """What this lens shows of a cost; None while it is not known."""
        raise NotImplementedError

    def written(self, amount: int) -> str:
        raise NotImplementedError

    def heading(self) -> str:
        """What is counted, and of how many samples."""
        raise NotImplementedError

    def tint(self, node: Node) -> str | None:
        cost = self.facts.costs.get(node.id)
        if cost is None:  # it does not compute, or was not looked at yet
            return FREE
        amount = self.amount(cost)
        if amount is None:
            return UNKNOWN
        return self.scale.token(amount) if amount and self.scale else FREE

    def legend(self) -> tuple[Row, ...]:
        rows: list[Row] = [Words(self.heading())]
        if self.scale is not None:
            low, high = self.written(int(self.scale.low)), self.written(int(self.scale.high))
            middle = translated("log scale")
            tokens = self.scale.tokens()
            alike = self.scale.low == self.scale.high
            rows.append(Bar(tokens[-1:], ("", high, "")) if alike else Bar(tokens, (low, middle, high)))
        amounts = [self.amount(cost) for cost in self.facts.costs.values()]
        if 0 in amounts or self.scale is None:
            rows.append(Swatch(FREE, translated("none")))
        if None in amounts:
            rows.append(Swatch(UNKNOWN, translated("not known")))
        return tuple(rows)

    def about_node(self, node: Node) -> str:
        cost = self.facts.costs.get(node.id)
        amount = None if cost is None else self.amount(cost)
        return "" if not amount else "{0}: {1}".format(self.heading(), self.written(amount))


class Parameters(CostLens):
    name = "parameters"

    def title(self) -> str:
        return translated("Parameters")

    def heading(self) -> str:
        return translated("Numbers that are learned")

    def amount(self, cost: NodeCost) -> int | None:
        return cost.known_parameters

    def written(self, amount: int) -> str:
        return count_text(amount)

    def about_node(self, node: Node) -> str:
        return ""  # every tooltip says it


class Flops(CostLens):
    name = "flops"

    def title(self) -> str:
        return translated("FLOPs")

    def heading(self) -> str:
        return translated("Forward, one sample")

    def amount(self, cost: NodeCost) -> int | None:
        return cost.flops

    def written(self, amount: int) -> str:
        return flops_text(amount)


class Memory(CostLens):
    name = "memory"

    def title(self) -> str:
        return translated("Memory")

    def heading(self) -> str:
        size = format(self.facts.batch_size, ",")
        return translated("Activations, batch of {0}").format(size)

    def amount(self, cost: NodeCost) -> int | None:
        kept = cost.activation_bytes
        return None if kept is None else kept * self.facts.batch_size

    def written(self, amount: int) -> str:
        return bytes_text(amount)
