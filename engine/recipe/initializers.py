"""Where weights begin."""

from __future__ import annotations

from engine.network.layers.parameter import Parameter
from engine.recipe.option import Option, Parameters, number

#: Activations for which torch.nn.init.calculate_gain knows how much they shrink.
_NONLINEARITIES = ("linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu")

_BIAS = Parameter(
    "bias",
    "choice",
    "default",
    "Where biases begin: as PyTorch has them, or at 0.",
    choices=("default", "zeros"),
)
_MODE = Parameter(
    "mode",
    "choice",
    "fan_in",
    "What keeps its size: the signal forward, or the gradient backward.",
    choices=("fan_in", "fan_out"),
)
_SLOPE = Parameter("a", "float", 0.0, "The slope below 0 of leaky_relu.", -1e3, 1e3)


def _nonlinearity(default: str) -> Parameter:
    return Parameter(
        "nonlinearity",
        "choice",
        default,
        "The activation that follows; it sets the gain.",
        choices=_NONLINEARITIES,
    )


def _interval(values: Parameters) -> str | None:
    return "a is to be below b" if number(values, "a") >= number(values, "b") else None


def _truncation(values: Parameters) -> str | None:
    low, high = number(values, "a"), number(values, "b")
    inside = low <= number(values, "mean") <= high
    return _interval(values) or (None if inside else "mean is to be between a and b")


def _bound(name: str, default: float, words: str) -> Parameter:
    return Parameter(name, "float", default, words, -1e6, 1e6)


_MEAN = _bound("mean", 0.0, "The mean.")
_STD = Parameter("std", "float", 1.0, "The standard deviation.", 1e-9, 1e6)

INITIALIZERS = {
    option.kind: option
    for option in (
        Option("default", "PyTorch's own", "What each layer chooses."),
        Option(
            "xavier_uniform",
            "Xavier, uniform",
            "Signal and gradient keep their size; made for tanh and sigmoid (Glorot).",
            (_nonlinearity("linear"), _BIAS),
            torch="torch.nn.init.xavier_uniform_",
            formula="w ~ U(−a, a),  a = gain · √(6 / (fan_in + fan_out))",
        ),
        Option(
            "xavier_normal",
            "Xavier, normal",
            "Signal and gradient keep their size; made for tanh and sigmoid (Glorot).",
            (_nonlinearity("linear"), _BIAS),
            torch="torch.nn.init.xavier_normal_",
            formula="w ~ N(0, σ²),  σ = gain · √(2 / (fan_in + fan_out))",
        ),
        Option(
            "kaiming_uniform",
            "Kaiming, uniform",
            "The signal keeps its size through ReLU (He).",
            (_SLOPE, _MODE, _nonlinearity("leaky_relu"), _BIAS),
            torch="torch.nn.init.kaiming_uniform_",
            formula="w ~ U(−b, b),  b = gain · √(3 / fan)",
        ),
        Option(
            "kaiming_normal",
            "Kaiming, normal",
            "The signal keeps its size through ReLU (He).",
            (_SLOPE, _MODE, _nonlinearity("leaky_relu"), _BIAS),
            torch="torch.nn.init.kaiming_normal_",
            formula="w ~ N(0, σ²),  σ = gain / √fan",
        ),
        Option(
            "orthogonal",
            "Orthogonal",
            "A rotation: no direction of the signal grows or shrinks.",
            (_nonlinearity("linear"), _BIAS),
            torch="torch.nn.init.orthogonal_",
            formula="W · Wᵀ = gain² · I",
        ),
        Option(
            "normal",
            "Normal",
            "From a normal distribution.",
            (_MEAN, _STD, _BIAS),
            torch="torch.nn.init.normal_",
            formula="w ~ N(μ, σ²)",
        ),
        Option(
            "uniform",
            "Uniform",
            "Anything between two bounds, equally likely.",
            (_bound("a", 0.0, "The lower bound."), _bound("b", 1.0, "The upper bound."), _BIAS),
            torch="torch.nn.init.uniform_",
            formula="w ~ U(a, b)",
            rule=_interval,
        ),
        Option(
            "trunc_normal",
            "Truncated normal",
            "From a normal distribution, without what lies outside two bounds.",
            (
                _MEAN,
                _STD,
                _bound("a", -2.0, "The lower bound."),
                _bound("b", 2.0, "The upper bound."),
                _BIAS,
            ),
            torch="torch.nn.init.trunc_normal_",
            formula="w ~ N(μ, σ²),  a ≤ w ≤ b",
            rule=_truncation,
        ),
    )
}
