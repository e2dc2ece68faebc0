"""The optimizers of torch.optim, with their own parameters and defaults.

The learning rate stands in the recipe: it is common to all and changes while a run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engine.network.layers.parameter import Parameter
from engine.network.model import ParameterValue
from engine.recipe.option import Option

_DECAY = Parameter("weight_decay", "float", 0.0, "Pulls the weights towards zero.", 0.0, 1e3)
_BETAS = Parameter("betas", "floats", (0.9, 0.999), "Memory of gradient and of its square.", 0.0, 1.0)
_EPS = Parameter("eps", "float", 1e-8, "Keeps the division finite.", 0.0, 1.0)
_AMSGRAD = Parameter("amsgrad", "bool", False, "Never forget the largest square.")
_MOMENTUM = Parameter("momentum", "float", 0.0, "How much of the last update goes on.", 0.0, 1.0)


Parameters = Mapping[str, ParameterValue]


def _moments(values: Parameters) -> int:
    return 3 if values["amsgrad"] else 2


def _velocity(values: Parameters) -> int:
    return int(bool(values["momentum"]))


def _none(_: Parameters) -> int:
    return 0


@dataclass(frozen=True)
class Optimizer(Option):
    """default_rate: PyTorch's own learning rate. remembers: how many numbers it keeps for each
    parameter, given its own parameters."""

    default_rate: float = 1e-3
    remembers: Callable[[Parameters], int] = _none


OPTIMIZERS = {
    option.kind: option
    for option in (
        Optimizer(
            "Adam",
            "Adam",
            "Each weight has a step of its own, from the mean and the size of its gradients.",
            (
                _BETAS,
                _EPS,
                _DECAY,
                _AMSGRAD,
            ),
            torch="torch.optim.Adam",
            remembers=_moments,
        ),
        Optimizer(
            "AdamW",
            "AdamW",
            "Adam with weight decay apart from the gradient.",
            (
                _BETAS,
                _EPS,
                Parameter("weight_decay", "float", 0.01, "Pulls the weights towards zero.", 0.0, 1e3),
                _AMSGRAD,
            ),
            torch="torch.optim.AdamW",
            remembers=_moments,
        ),
        Optimizer(
            "SGD",
            "SGD",
            "Straight down the gradient, with momentum.",
            (_MOMENTUM, _DECAY),
            torch="torch.optim.SGD",
            remembers=_velocity,
        ),
        Optimizer(
            "RMSprop",
            "RMSprop",
            "Divides the gradient by its recent size.",
            (_MOMENTUM, _DECAY),
            torch="torch.optim.RMSprop",
            default_rate=0.01,
            remembers=lambda values: 1 + _velocity(values),
        ),
    )
}
