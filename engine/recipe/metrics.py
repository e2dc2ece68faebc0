"""What is measured beside the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.recipe.option import Option


@dataclass(frozen=True)
class Metric(Option):
    """targets: as in `engine.recipe.losses`. unit: "share" is 0 … 1, shown in percent."""

    better: Literal["higher", "lower"] = "higher"
    targets: tuple[str, ...] = ("label",)
    unit: Literal["share", ""] = ""


METRICS = {
    option.kind: option
    for option in (
        Metric(
            "accuracy",
            "Accuracy",
            "Share of the samples whose class scores highest.",
            unit="share",
        ),
    )
}
