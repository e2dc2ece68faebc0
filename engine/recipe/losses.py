"""What a network is trained to make small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from engine.network.layers.parameter import LARGEST, Parameter
from engine.recipe.option import Option, Parameters

if TYPE_CHECKING:
    from engine.recipe.recipe import LossChoice


#: How an output is read: "softmax": scores, of which the softmax gives probabilities; "sigmoid": scores
#: each of which is a yes above 0; "values": as it is, probabilities among them.
Reading = Literal["softmax", "sigmoid", "values"]


@dataclass(frozen=True)
class Loss(Option):
    """ending: kind of the activation that the loss contains; a network that ends in one is taken
    before it. unfit: kinds of activation after which the loss means nothing. targets: what the output
    can be compared with: "label" (a class number), "one_hot", "input" (the sample itself), "sequence"
    (class numbers in order). output: what stands opposite a label: a score for each of the
    "classes", one "value", or "any" vector."""

    ending: str = ""
    unfit: tuple[str, ...] = ()
    targets: tuple[str, ...] = ("label",)
    output: Literal["classes", "value", "any"] = "classes"

    def expects(self, target: str, classes: int, sample: tuple[int, ...]) -> tuple[int, ...] | None:
        """The shape of the network's output for one sample; None: several fit. target: "" for the
        first that the loss takes."""
        target = target or self.targets[0]
        if target == "input":
            return sample
        if target == "sequence" or self.output == "any":
            return None
        return (classes,) if target == "one_hot" or self.output == "classes" else (1,)


def target_kind(choice: LossChoice) -> str:
    """What the output is compared with: the chosen one, or the first that the loss takes."""
    return choice.target or LOSSES[choice.kind].targets[0]


def reading(choice: LossChoice) -> Reading:
    """What outputs trained with this loss mean."""
    ending = LOSSES[choice.kind].ending
    if ending == "Sigmoid":
        return "sigmoid"
    return "values" if not ending and target_kind(choice) == "one_hot" else "softmax"


def _one_weighting(values: Parameters) -> str | None:
    if values["balanced"] and values["weight"] != "":
        return "weight and balanced exclude each other"
    return None


_CLASS_WEIGHTS = (
    Parameter(
        "weight",
        "floats",
        "",
        "How much each class counts; empty: all the same.",
        0.0,
        1e6,
        optional=True,
    ),
    Parameter("balanced", "bool", False, "Rare classes count as much as frequent ones."),
    Parameter("ignore_index", "int", -100, "A label that does not count.", -LARGEST, LARGEST),
)


def _margin(default: float, low: float, high: float) -> Parameter:
    return Parameter("margin", "float", default, "How far apart is far enough.", low, high)


_VALUES = ("one_hot", "input", "label")

_CLASSES = (
    Loss(
        "cross_entropy",
        "Cross-entropy",
        "−log of the probability that the network gives to the right class.",
        (
            Parameter(
                "label_smoothing", "float", 0.0, "Share of certainty given to all classes.", 0.0, 1.0
            ),
            *_CLASS_WEIGHTS,
        ),
        torch="torch.nn.functional.cross_entropy",
        formula="E = −log softmax(x)ᵧ",
        rule=_one_weighting,
        ending="Softmax",
        unfit=("Sigmoid",),
        targets=("label", "sequence"),
    ),
    Loss(
        "nll_loss",
        "Negative log-likelihood",
        "−log of the probability of the right class, for networks that put out its logarithm.",
        _CLASS_WEIGHTS,
        torch="torch.nn.functional.nll_loss",
        formula="E = −xᵧ",
        rule=_one_weighting,
        ending="Softmax",
        unfit=("Sigmoid",),
        targets=("label", "sequence"),
    ),
    Loss(
        "binary_cross_entropy",
        "Binary cross-entropy",
        "Each output is a yes or no of its own.",
        (
            Parameter(
                "pos_weight",
                "floats",
                "",
                "How much a yes counts, for all outputs or each; empty: as much as a no.",
                0.0,
                1e6,
                optional=True,
            ),
        ),
        torch="torch.nn.functional.binary_cross_entropy_with_logits",
        formula="E = −y · log σ(x) − (1 − y) · log(1 − σ(x))",
        ending="Sigmoid",
        unfit=("Softmax", "LogSoftmax"),
        targets=_VALUES,
        output="value",
    ),
    Loss(
        "multi_margin_loss",
        "Hinge",
        "The right class is to score higher than every other by a margin.",
        (Parameter("p", "int", 1, "Power of what is missing.", 1, 2), _margin(1.0, 0.0, 1e6)),
        torch="torch.nn.functional.multi_margin_loss",
        formula="E = Σⱼ max(0, m − xᵧ + xⱼ)ᵖ / n",
    ),
    Loss(
        "kl_div",
        "Kullback-Leibler",
        "How far the network's distribution is from the given one.",
        torch="torch.nn.functional.kl_div",
        formula="E = Σ y · (log y − log softmax(x))",
        ending="Softmax",
        unfit=("Sigmoid",),
        targets=("one_hot", "input"),
    ),
    Loss(
        "ctc_loss",
        "CTC",
        "A sequence is read from a longer one, wherever its parts are.",
        (
            Parameter("blank", "int", 0, "The class that stands for nothing.", 0, LARGEST),
            Parameter("zero_infinity", "bool", False, "Leave out sequences that cannot fit."),
        ),
        torch="torch.nn.functional.ctc_loss",
        formula="E = −log Σ p(path)  over all paths that read y",
        ending="Softmax",
        unfit=("Sigmoid",),
        targets=("sequence",),
        output="any",
    ),
)

_REGRESSION = (
    Loss(
        "mse_loss",
        "Mean squared error",
        "The square of the difference, on average.",
        torch="torch.nn.functional.mse_loss",
        formula="E = (x − y)²",
        targets=_VALUES,
        output="value",
    ),
    Loss(
        "l1_loss",
        "Mean absolute error",
        "The difference without its sign: far outliers count less.",
        torch="torch.nn.functional.l1_loss",
        formula="E = |x − y|",
        targets=_VALUES,
        output="value",
    ),
    Loss(
        "smooth_l1_loss",
        "Smooth L1",
        "Squared where it is small, straight where it is large.",
        (Parameter("beta", "float", 1.0, "Where the square ends.", 0.0, 1e6),),
        torch="torch.nn.functional.smooth_l1_loss",
        formula="E = (x − y)² / 2β  if |x − y| < β, else |x − y| − β / 2",
        targets=_VALUES,
        output="value",
    ),
    Loss(
        "huber_loss",
        "Huber",
        "Squared where it is small, straight with slope δ where it is large.",
        (Parameter("delta", "float", 1.0, "Where the square ends.", 1e-9, 1e6),),
        torch="torch.nn.functional.huber_loss",
        formula="E = (x − y)² / 2  if |x − y| < δ, else δ · (|x − y| − δ / 2)",
        targets=_VALUES,
        output="value",
    ),
    Loss(
        "poisson_nll_loss",
        "Poisson",
        "For counts: −log of the probability of the given number.",
        (
            Parameter("log_input", "bool", True, "The output is the logarithm of the mean."),
            Parameter("full", "bool", False, "Add Stirling's term."),
            Parameter("eps", "float", 1e-8, "Keeps the logarithm finite.", 0.0, 1.0),
        ),
        torch="torch.nn.functional.poisson_nll_loss",
        formula="E = eˣ − y · x",
        targets=("label", "input"),
        output="value",
    ),
)

#: Pairs and triplets are formed inside the batch, from its labels.
_EMBEDDINGS = (
    Loss(
        "cosine_embedding_loss",
        "Cosine of pairs",
        "Vectors of one class point the same way, others apart; over all pairs of the batch.",
        (_margin(0.0, -1.0, 1.0),),
        torch="torch.nn.functional.cosine_embedding_loss",
        formula="E = 1 − cos(a, b)  if alike, else max(0, cos(a, b) − m)",
        output="any",
    ),
    Loss(
        "triplet_margin_loss",
        "Triplets",
        "For each vector the farthest of its class is to be nearer than the nearest other, by a "
        "margin (Hermans et al., 2017).",
        (
            _margin(1.0, 1e-9, 1e6),
            Parameter("p", "float", 2.0, "The norm that measures distance.", 1.0, 100.0),
            Parameter("eps", "float", 1e-6, "Keeps the gradient finite.", 0.0, 1.0),
            Parameter("swap", "bool", False, "Take the smaller of both distances to the other."),
        ),
        torch="torch.nn.functional.triplet_margin_loss",
        formula="E = max(0, d(a, p) − d(a, n) + m)",
        output="any",
    ),
)

LOSSES = {option.kind: option for option in (*_CLASSES, *_REGRESSION, *_EMBEDDINGS)}
