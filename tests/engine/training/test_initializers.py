"""Initial weights: their statistics, and that they depend on seed and node alone."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from engine.build.module import NetworkModule
from engine.network.edits import SetParameter
from engine.network.model import Network
from engine.project.project import Project
from engine.recipe.initializers import INITIALIZERS
from engine.recipe.recipe import InitializerChoice
from engine.training.initializers import initialise
from engine.training.trainer import build_module
from tests.engine.recipe.options import choices
from tests.networks import chain

INS, OUTS = 784, 300


def network(hidden: int = OUTS) -> Network:
    return chain(
        ("Input", {"shape": (1, 28, 28)}),
        ("Flatten", {}),
        ("Linear", {"out_features": hidden}),
        ("LayerNorm", {}),
        ("Linear", {"out_features": 10}),
    )


def built(drawn: Network | None = None) -> NetworkModule:
    torch.manual_seed(0)
    return build_module(Project(drawn or network()))


def initial(choice: InitializerChoice, seed: int = 3, hidden: int = OUTS) -> dict[str, Tensor]:
    module = built(network(hidden))
    initialise(module, choice, seed)
    return module.weights()


def weight_of(kind: str, **parameters: Any) -> Tensor:
    return initial(InitializerChoice(kind=kind, parameters=parameters))["linear-1.weight"]


XAVIER, HE = math.sqrt(2 / (INS + OUTS)), math.sqrt(2 / INS)
SPREADS: list[tuple[str, dict[str, Any], float, float]] = [
    ("xavier_uniform", {}, XAVIER, XAVIER * math.sqrt(3)),
    ("xavier_uniform", {"nonlinearity": "tanh"}, XAVIER * 5 / 3, XAVIER * 5 / 3 * math.sqrt(3)),
    ("xavier_normal", {}, XAVIER, math.inf),
    ("kaiming_uniform", {}, HE, HE * math.sqrt(3)),
    ("kaiming_normal", {"nonlinearity": "relu"}, HE, math.inf),
    ("kaiming_normal", {"mode": "fan_out"}, math.sqrt(2 / OUTS), math.inf),
    ("kaiming_normal", {"a": 1.0}, math.sqrt(1 / INS), math.inf),
    ("normal", {"std": 0.05}, 0.05, math.inf),
    ("uniform", {"a": -0.3, "b": 0.3}, 0.3 / math.sqrt(3), 0.3),
    ("trunc_normal", {"std": 0.1}, 0.1, 2.0),
]


@pytest.mark.parametrize(("kind", "parameters", "std", "largest"), SPREADS)
def test_spread(kind: str, parameters: dict[str, Any], std: float, largest: float) -> None:
    weight = weight_of(kind, **parameters)
    assert weight.mean().item() == pytest.approx(0, abs=std / 50)
    assert weight.std().item() == pytest.approx(std, rel=0.02)
    assert weight.abs().max().item() <= largest * (1 + 1e-6)


def test_truncated_and_shifted() -> None:
    weight = weight_of("trunc_normal", a=-0.5, b=0.25)
    assert (weight.min() >= -0.5) and (weight.max() <= 0.25) and weight.std() > 0.1
    assert weight_of("normal", mean=3.0, std=0.1).mean().item() == pytest.approx(3, abs=0.01)


def test_orthogonal_rows() -> None:
    weight = weight_of("orthogonal", nonlinearity="relu")
    assert torch.allclose(weight @ weight.T, 2 * torch.eye(OUTS), atol=1e-4)


def test_biases_and_normalization() -> None:
    plain, kept = built().weights(), initial(InitializerChoice(kind="xavier_normal"))
    zeros = initial(InitializerChoice(kind="xavier_normal", parameters={"bias": "zeros"}))
    assert torch.equal(kept["linear-1.bias"], plain["linear-1.bias"])
    assert not zeros["linear-1.bias"].any() and not zeros["linear-2.bias"].any()
    assert torch.equal(zeros["layernorm-1.weight"], torch.ones(OUTS))
    assert torch.equal(zeros["linear-1.weight"], kept["linear-1.weight"])


def test_the_default_is_pytorchs() -> None:
    plain, kept = built().weights(), initial(InitializerChoice())
    assert all(torch.equal(plain[name], kept[name]) for name in plain)


def test_equal_seeds_give_equal_weights_whatever_stands_beside() -> None:
    choice = InitializerChoice(kind="kaiming_normal")
    module = built()
    torch.manual_seed(99)
    before = torch.random.get_rng_state()
    initialise(module, choice, 3)
    assert torch.equal(torch.random.get_rng_state(), before)
    first = initial(choice)
    assert torch.equal(first["linear-1.weight"], module.weights()["linear-1.weight"])
    other = initial(choice, seed=4)
    assert not torch.equal(first["linear-1.weight"], other["linear-1.weight"])
    drawn = SetParameter("linear-2", "bias", False).apply(network())
    module = built(drawn)
    initialise(module, choice, 3)
    assert torch.equal(module.weights()["linear-1.weight"], first["linear-1.weight"])


@given(choice=choices(INITIALIZERS))
@settings(max_examples=60, deadline=None)
def test_any_parameters_give_numbers(choice: dict[str, Any]) -> None:
    made = InitializerChoice.model_validate(choice)
    assert all(weight.isfinite().all() for weight in initial(made, hidden=8).values())


@pytest.mark.parametrize("kind", ["uniform", "trunc_normal"])
def test_an_empty_interval_is_refused(kind: str) -> None:
    with pytest.raises(ValueError, match=kind):
        InitializerChoice(kind=kind, parameters={"a": 2.0, "b": 2.0})
