"""The optimizers of torch.optim, with their own parameters and defaults.

The learning rate stands in the recipe: it is common to all and changes while a run goes on.
SparseAdam is left out: it takes sparse gradients only, and no layer here has them. So are switches
that change how an update is computed but not what it is (foreach, fused, capturable, differentiable).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.network.layers.parameter import Parameter
from engine.recipe.option import Option, Parameters, number, numbers

#: Parameters that may change while a run goes on, in every optimizer that has them.
LIVE = ("momentum", "betas", "weight_decay")


def _decay(default: float = 0.0) -> Parameter:
    return Parameter("weight_decay", "float", default, "Pulls the weights towards zero.", 0.0, 1e3)


def _eps(default: float = 1e-8) -> Parameter:
    return Parameter("eps", "float", default, "Keeps the division finite.", 0.0, 1.0)


def _bool(name: str, words: str, default: bool = False) -> Parameter:
    return Parameter(name, "bool", default, words)


def _momentum(default: float = 0.0) -> Parameter:
    return Parameter("momentum", "float", default, "How much of the last update goes on.", 0.0, 1.0)


_BETAS = Parameter("betas", "floats", (0.9, 0.999), "Memory of gradient and of its square.", 0.0, 1.0)
_AMSGRAD = _bool("amsgrad", "Never forget the largest square.")
_MAXIMIZE = _bool("maximize", "Go up instead of down.")
_DECOUPLED = _bool("decoupled_weight_decay", "Decay apart from the gradient, as AdamW does.")


def _betas_fit(values: Parameters) -> str | None:
    betas = numbers(values, "betas")
    if len(betas) != 2 or max(betas) >= 1:
        return "betas are two numbers from 0 to below 1"
    return None


def _nesterov_fits(values: Parameters) -> str | None:
    if values["nesterov"] and (not values["momentum"] or values["dampening"]):
        return "nesterov needs a momentum above 0 and a dampening of 0"
    return None


def _rprop_fits(values: Parameters) -> str | None:
    etas, sizes = numbers(values, "etas"), numbers(values, "step_sizes")
    if len(etas) != 2 or not 0 < etas[0] < 1 < etas[1]:
        return "etas are a number below 1 and one above 1"
    if len(sizes) != 2 or not 0 < sizes[0] <= sizes[1]:
        return "step_sizes are the smallest and the largest step"
    return None


def _adafactor_fits(values: Parameters) -> str | None:
    return "eps are two numbers" if len(numbers(values, "eps")) not in (0, 2) else None


def _muon_fits(values: Parameters) -> str | None:
    if len(numbers(values, "ns_coefficients")) != 3:
        return "ns_coefficients are three numbers"
    return None


def _remembers(count: int) -> Callable[[Parameters], int]:
    return lambda _: count


def _nothing(_: Parameters) -> int:
    return 0


def _moments(values: Parameters) -> int:
    return 3 if values["amsgrad"] else 2


def _velocity(values: Parameters) -> int:
    return int(bool(values["momentum"]))


@dataclass(frozen=True)
class Optimizer(Option):
    """default_rate: PyTorch's own learning rate. remembers: how many numbers it keeps for each
    parameter, given its own parameters. closure: one update computes the loss several times, so
    `step` is given a function that does so. matrices_only: takes weights of two axes; AdamW takes
    the rest (`engine.training.optimizers`)."""

    default_rate: float = 1e-3
    remembers: Callable[[Parameters], int] = _nothing
    closure: bool = False
    matrices_only: bool = False


_ADAPTIVE = (
    Optimizer(
        "Adam",
        "Adam",
        "Each weight has a step of its own, from the mean and the size of its gradients.",
        (_BETAS, _eps(), _decay(), _AMSGRAD, _DECOUPLED, _MAXIMIZE),
        torch="torch.optim.Adam",
        formula="w ← w − η · m̂ / (√v̂ + ε)",
        rule=_betas_fit,
        remembers=_moments,
    ),
    Optimizer(
        "AdamW",
        "AdamW",
        "Adam with weight decay apart from the gradient.",
        (_BETAS, _eps(), _decay(0.01), _AMSGRAD, _MAXIMIZE),
        torch="torch.optim.AdamW",
        formula="w ← w − η · (m̂ / (√v̂ + ε) + λ · w)",
        rule=_betas_fit,
        remembers=_moments,
    ),
    Optimizer(
        "NAdam",
        "NAdam",
        "Adam with Nesterov's momentum: looks ahead along the mean gradient.",
        (
            _BETAS,
            _eps(),
            _decay(),
            Parameter("momentum_decay", "float", 0.004, "How soon the momentum is full.", 0.0, 1.0),
            _DECOUPLED,
            _MAXIMIZE,
        ),
        torch="torch.optim.NAdam",
        formula="w ← w − η · (μ′ · m̂ + (1 − μ) · g) / (√v̂ + ε)",
        rule=_betas_fit,
        default_rate=2e-3,
        remembers=_remembers(2),
    ),
    Optimizer(
        "RAdam",
        "RAdam",
        "Adam that trusts the size of gradients only once it has seen enough of them.",
        (_BETAS, _eps(), _decay(), _DECOUPLED, _MAXIMIZE),
        torch="torch.optim.RAdam",
        formula="w ← w − η · r · m̂ / (√v̂ + ε)",
        rule=_betas_fit,
        remembers=_remembers(2),
    ),
    Optimizer(
        "Adamax",
        "Adamax",
        "Adam that divides by the largest recent gradient.",
        (_BETAS, _eps(), _decay(), _MAXIMIZE),
        torch="torch.optim.Adamax",
        formula="u = max(β₂ · u, |g|),  w ← w − η · m̂ / u",
        rule=_betas_fit,
        default_rate=2e-3,
        remembers=_remembers(2),
    ),
    Optimizer(
        "Adagrad",
        "Adagrad",
        "Divides the gradient by the size of all gradients before it.",
        (
            Parameter("lr_decay", "float", 0.0, "How fast the rate falls.", 0.0, 1e3),
            _decay(),
            Parameter(
                "initial_accumulator_value", "float", 0.0, "The sum of squares to begin with.", 0.0, 1e3
            ),
            _eps(1e-10),
            _MAXIMIZE,
        ),
        torch="torch.optim.Adagrad",
        formula="w ← w − η · g / (√Σg² + ε)",
        default_rate=0.01,
        remembers=_remembers(1),
    ),
    Optimizer(
        "Adadelta",
        "Adadelta",
        "Steps as long as the recent steps, divided by the recent gradients.",
        (
            Parameter("rho", "float", 0.9, "Memory of squares.", 0.0, 1.0),
            _eps(1e-6),
            _decay(),
            _MAXIMIZE,
        ),
        torch="torch.optim.Adadelta",
        formula="w ← w − η · √(u + ε) / √(v + ε) · g",
        default_rate=1.0,
        remembers=_remembers(2),
    ),
    Optimizer(
        "Adafactor",
        "Adafactor",
        "Adam without the memory: of a matrix it keeps one number for each row and column.",
        (
            Parameter("beta2_decay", "float", -0.8, "How the memory of squares grows.", -100.0, 0.0),
            Parameter(
                "eps",
                "floats",
                "",
                "For the squares, and for the size of the weights; empty: PyTorch's own.",
                0.0,
                1.0,
                optional=True,
            ),
            Parameter("d", "float", 1.0, "Largest RMS of an update.", 1.0, 1e6),
            _decay(),
            _MAXIMIZE,
        ),
        torch="torch.optim.Adafactor",
        formula="w ← w − η · RMS(w) · g / √(r · cᵀ)",
        rule=_adafactor_fits,
        default_rate=0.01,
        # Rows and columns are few beside the weights; only vectors have a number for each.
        remembers=_nothing,
    ),
    Optimizer(
        "RMSprop",
        "RMSprop",
        "Divides the gradient by its recent size.",
        (
            Parameter("alpha", "float", 0.99, "Memory of squares.", 0.0, 1.0),
            _eps(),
            _decay(),
            _momentum(),
            _bool("centered", "Divide by the spread instead of the size."),
            _MAXIMIZE,
        ),
        torch="torch.optim.RMSprop",
        formula="v = α · v + (1 − α) · g²,  w ← w − η · g / (√v + ε)",
        default_rate=0.01,
        remembers=lambda values: 1 + _velocity(values) + int(bool(values["centered"])),
    ),
)

_PLAIN = (
    Optimizer(
        "SGD",
        "SGD",
        "Straight down the gradient, with momentum.",
        (
            _momentum(),
            Parameter("dampening", "float", 0.0, "Share of the gradient kept out.", 0.0, 1.0),
            _decay(),
            _bool("nesterov", "Look ahead along the momentum."),
            _MAXIMIZE,
        ),
        torch="torch.optim.SGD",
        formula="b = μ · b + g,  w ← w − η · b",
        rule=_nesterov_fits,
        remembers=_velocity,
    ),
    Optimizer(
        "ASGD",
        "ASGD",
        "SGD that also keeps the average of where it has been.",
        (
            Parameter("lambd", "float", 1e-4, "How fast the rate falls.", 0.0, 1e3),
            Parameter("alpha", "float", 0.75, "Power with which the rate falls.", 0.0, 10.0),
            Parameter("t0", "float", 1e6, "Update at which averaging begins.", 0.0, 1e12),
            _decay(),
            _MAXIMIZE,
        ),
        torch="torch.optim.ASGD",
        formula="w ← (1 − λ · ηₜ) · w − ηₜ · g",
        default_rate=0.01,
        remembers=_remembers(1),
    ),
    Optimizer(
        "Rprop",
        "Rprop",
        "Only the sign of the gradient counts; for whole data sets in one batch. The learning rate "
        "is that of the first step.",
        (
            Parameter("etas", "floats", (0.5, 1.2), "Shrinks and grows the step.", 0.0, 100.0),
            Parameter("step_sizes", "floats", (1e-6, 50.0), "Smallest and largest step.", 0.0, 1e6),
            _MAXIMIZE,
        ),
        torch="torch.optim.Rprop",
        formula="w ← w − s · sign(g)",
        rule=_rprop_fits,
        default_rate=0.01,
        remembers=_remembers(2),
    ),
    Optimizer(
        "Muon",
        "Muon",
        "Momentum whose matrices are made orthogonal; AdamW takes what is no matrix.",
        (
            _decay(0.1),
            _momentum(0.95),
            _bool("nesterov", "Look ahead along the momentum.", default=True),
            Parameter(
                "ns_coefficients",
                "floats",
                (3.4445, -4.775, 2.0315),
                "Of the Newton-Schulz iteration.",
                -100.0,
                100.0,
            ),
            _eps(1e-7),
            Parameter("ns_steps", "int", 5, "Newton-Schulz iterations.", 1, 99),
            Parameter(
                "adjust_lr_fn",
                "choice",
                "original",
                "How the rate follows from a matrix's size.",
                choices=("original", "match_rms_adamw"),
            ),
        ),
        torch="torch.optim.Muon",
        formula="B = μ · B + G,  W ← W − η · U · Vᵀ  with  B = U · Σ · Vᵀ",
        rule=_muon_fits,
        remembers=_remembers(1),
        matrices_only=True,
    ),
    Optimizer(
        "LBFGS",
        "L-BFGS",
        "Estimates the curvature from the last steps; for small networks and whole data sets.",
        (
            Parameter("max_iter", "int", 20, "Iterations in one update.", 1, 10_000),
            Parameter(
                "max_eval",
                "int",
                "",
                "Losses computed in one update; empty: 5/4 of max_iter.",
                1,
                100_000,
                optional=True,
            ),
            Parameter("tolerance_grad", "float", 1e-7, "Ends at gradients below.", 0.0, 1e3),
            Parameter("tolerance_change", "float", 1e-9, "Ends at steps below.", 0.0, 1e3),
            Parameter("history_size", "int", 100, "Steps that are remembered.", 1, 10_000),
            Parameter(
                "line_search_fn",
                "choice",
                "none",
                "How long a step is.",
                choices=("none", "strong_wolfe"),
            ),
        ),
        torch="torch.optim.LBFGS",
        formula="w ← w − η · H⁻¹ · g",
        default_rate=1.0,
        # Two vectors for each step of the history, the gradient and the direction.
        remembers=lambda values: 2 * int(number(values, "history_size")) + 2,
        closure=True,
    ),
)

OPTIMIZERS = {option.kind: option for option in (*_ADAPTIVE, *_PLAIN)}
