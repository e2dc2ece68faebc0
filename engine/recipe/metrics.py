"""What is measured beside the loss."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.network.layers.parameter import Parameter
from engine.recipe.losses import LOSSES, target_kind
from engine.recipe.option import Option

if TYPE_CHECKING:
    from engine.recipe.recipe import LossChoice, MetricChoice


@dataclass(frozen=True)
class Metric(Option):
    """targets: what the output is compared with: "label" (class numbers, whatever the loss takes) or
    "value" (what the loss compares with). unit: "share" is 0 … 1, shown in percent. every_step: it
    means something, and is cheap, on one batch; the others are measured at validations only."""

    better: Literal["higher", "lower"] = "higher"
    targets: tuple[str, ...] = ("label",)
    unit: Literal["share", ""] = ""
    every_step: bool = False


def fits(metric: MetricChoice, loss: LossChoice) -> bool:
    """Whether the metric means something of an output with this loss."""
    target, declared = target_kind(loss), LOSSES[loss.kind]
    if declared.output == "any":
        return False
    if METRICS[metric.kind].targets == ("value",):
        return target in ("one_hot", "input") or declared.output == "value"
    says_class = declared.output == "classes" or declared.ending == "Sigmoid"
    return target == "one_hot" or (target in ("label", "sequence") and says_class)


def names(choices: Iterable[MetricChoice]) -> tuple[str, ...]:
    """A name for each, such as "accuracy", "top_5" or "f1_micro"; no two are equal."""
    found: list[str] = []
    for choice in choices:
        name = base = _name(choice)
        count = 1
        while name in found:
            count += 1
            name = f"{base}_{count}"
        found.append(name)
    return tuple(found)


def _name(choice: MetricChoice) -> str:
    values = choice.complete
    if choice.kind == "top_k":
        return f"top_{values['k']}"
    average = values.get("average", "macro")
    return choice.kind if average == "macro" else f"{choice.kind}_{average}"


_AVERAGE = Parameter(
    "average",
    "choice",
    "macro",
    "Over classes alike, over all samples, or over classes by their size.",
    choices=("macro", "micro", "weighted"),
)

_CLASSES = (
    Metric(
        "accuracy",
        "Accuracy",
        "Share of the samples whose class scores highest.",
        unit="share",
        every_step=True,
    ),
    Metric(
        "top_k",
        "Top-k accuracy",
        "Share of the samples whose class is among the k highest scores.",
        (Parameter("k", "int", 5, "How many of the highest count.", 1, 1_000_000),),
        unit="share",
        every_step=True,
    ),
    Metric(
        "precision",
        "Precision",
        "Of the samples taken for a class, the share that is of it.",
        (_AVERAGE,),
        formula="TP / (TP + FP)",
        unit="share",
    ),
    Metric(
        "recall",
        "Recall",
        "Of the samples of a class, the share that is taken for it.",
        (_AVERAGE,),
        formula="TP / (TP + FN)",
        unit="share",
    ),
    Metric(
        "f1",
        "F1",
        "The harmonic mean of precision and recall.",
        (_AVERAGE,),
        formula="2 · TP / (2 · TP + FP + FN)",
        unit="share",
    ),
    Metric(
        "auroc",
        "AUROC",
        "How surely a sample of a class scores higher than one of another; the mean over classes.",
        formula="P(x₊ > x₋) + P(x₊ = x₋) / 2",
        unit="share",
    ),
    Metric(
        "perplexity",
        "Perplexity",
        "Among how many classes the network hesitates.",
        formula="exp(cross-entropy)",
        better="lower",
        every_step=True,
    ),
)

_VALUES = (
    Metric(
        "mae",
        "Mean absolute error",
        "How far off the output is on average.",
        formula="Σ |x − y| / n",
        better="lower",
        targets=("value",),
        every_step=True,
    ),
    Metric(
        "mse",
        "Mean squared error",
        "The square of the difference, on average.",
        formula="Σ (x − y)² / n",
        better="lower",
        targets=("value",),
        every_step=True,
    ),
    Metric(
        "rmse",
        "Root mean squared error",
        "The square root of the mean squared error: in the unit of the values.",
        formula="√(Σ (x − y)² / n)",
        better="lower",
        targets=("value",),
        every_step=True,
    ),
    Metric(
        "r2",
        "R²",
        "The share of the spread that the output explains; the mean over outputs.",
        formula="1 − Σ (x − y)² / Σ (y − ȳ)²",
        targets=("value",),
    ),
)

METRICS = {option.kind: option for option in (*_CLASSES, *_VALUES)}


def metric_named(name: str) -> Metric | None:
    """The metric that has such a name in `names`; None for what is none, such as a loss."""
    if name.startswith("top_"):
        return METRICS["top_k"]
    kinds = (kind for kind in METRICS if name == kind or name.startswith(f"{kind}_"))
    longest = max(kinds, key=len, default=None)
    return METRICS[longest] if longest is not None else None


def title_of(name: str) -> str:
    """A name of `names` in words, such as "Top-5 accuracy" or "F1 micro"."""
    metric = metric_named(name)
    if metric is None:
        words = name.replace("_", " ")
        return words[:1].upper() + words[1:]
    if metric.kind == "top_k":
        count, _, more = name.removeprefix("top_").partition("_")
        return " ".join(filter(None, (metric.title.replace("-k", f"-{count}"), more)))
    return metric.title + name[len(metric.kind) :].replace("_", " ")
