"""What a network is trained to make small."""

from __future__ import annotations

from dataclasses import dataclass

from engine.recipe.option import Option


@dataclass(frozen=True)
class Loss(Option):
    """ending: kind of the activation that the loss contains; a network that ends in one is taken
    before it. targets: what the output can be compared with: "label" (a class number), "one_hot",
    "input" (the sample itself), "sequence" (class numbers in order)."""

    ending: str = ""
    targets: tuple[str, ...] = ("label",)

    def expects(self, target: str, classes: int, sample: tuple[int, ...]) -> tuple[int, ...] | None:
        """The shape of one sample's output; None: any."""
        return (classes,) if (target or self.targets[0]) in ("label", "one_hot") else sample


LOSSES = {
    option.kind: option
    for option in (
        Loss(
            "cross_entropy",
            "Cross-entropy",
            "−log of the probability that the network gives to the right class.",
            torch="torch.nn.functional.cross_entropy",
            ending="Softmax",
        ),
    )
}
