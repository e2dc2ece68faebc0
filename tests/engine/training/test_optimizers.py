"""The declared optimizers against torch.optim itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from copy import deepcopy
from itertools import product
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import nn

from engine.recipe.optimizers import OPTIMIZERS, Optimizer
from engine.recipe.recipe import Recipe
from engine.training.optimizers import make_optimizer, set_hyper, set_rate
from tests.engine.recipe.options import choices, fitting

SWITCHES = {"params", "lr", "foreach", "fused", "capturable", "differentiable"}
#: What the declarations say for PyTorch's None.
NONE = {"eps": "", "max_eval": "", "line_search_fn": "none", "adjust_lr_fn": "original"}
each_kind = pytest.mark.parametrize("kind", OPTIMIZERS)


def recipe(kind: str, rate: float = 0.01, **parameters: Any) -> Recipe:
    return Recipe.model_validate(
        {"optimizer": {"kind": kind, "parameters": parameters}, "learning_rate": rate}
    )


def network() -> nn.Sequential:
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.Flatten(), nn.Linear(48, 40), nn.Tanh(), nn.Linear(40, 3)
    )


def loss_of(module: nn.Module) -> Callable[[], torch.Tensor]:
    x = torch.randn(20, 1, 6, 6, generator=torch.Generator().manual_seed(2))
    y = torch.arange(20) % 3

    def loss() -> torch.Tensor:
        module.zero_grad()
        value = nn.functional.cross_entropy(module(x), y)
        value.backward()
        return value

    return loss


def step(optimizer: torch.optim.Optimizer, module: nn.Module) -> float:
    loss = loss_of(module)
    if isinstance(optimizer, torch.optim.LBFGS):
        return optimizer.step(loss).item()
    value = loss().item()
    optimizer.step()
    return value


def test_every_optimizer_of_torch_is_there() -> None:
    classes = {name for name, kind in vars(torch.optim).items() if inspect.isclass(kind)}
    assert set(OPTIMIZERS) == classes - {"Optimizer", "SparseAdam"}


@each_kind
def test_parameters_and_defaults_are_those_of_torch(kind: str) -> None:
    declared = OPTIMIZERS[kind]
    signature = inspect.signature(getattr(torch.optim, kind)).parameters
    assert {p.name for p in declared.parameters} == signature.keys() - SWITCHES
    assert declared.default_rate == signature["lr"].default
    assert declared.torch == f"torch.optim.{kind}"
    for parameter in declared.parameters:
        default = signature[parameter.name].default
        nothing = default is None or (isinstance(default, tuple) and None in default)
        assert parameter.default == (NONE[parameter.name] if nothing else default), parameter.name


@each_kind
def test_each_is_made_as_declared_and_makes_the_loss_smaller(kind: str) -> None:
    module = network()
    optimizer = make_optimizer(recipe(kind, OPTIMIZERS[kind].default_rate), module.parameters())
    losses = [step(optimizer, module) for _ in range(30)]
    assert losses[-1] < losses[0]


@given(choice=choices(OPTIMIZERS))
@settings(max_examples=200, deadline=None)
def test_torch_takes_whatever_a_recipe_can_say(choice: dict[str, Any]) -> None:
    made = make_optimizer(
        Recipe.model_validate({"optimizer": choice}), [nn.Parameter(torch.ones(2, 2))]
    )
    for name, value in choice["parameters"].items():
        if value not in ("", "none"):
            assert made.param_groups[0][name] == value


def combinations(option: Optimizer) -> list[dict[str, Any]]:
    """Every combination of switches, with and without momentum."""
    switches: dict[str, tuple[Any, ...]] = {
        p.name: (False, True) for p in option.parameters if p.type == "bool"
    }
    if option.parameter("momentum"):
        switches["momentum"] = (0.0, 0.9)
    if option.parameter("history_size"):
        switches["history_size"] = (3, 5)
    given = [dict(zip(switches, values, strict=True)) for values in product(*switches.values())]
    return [fitting(option, values) for values in given]


@each_kind
def test_each_remembers_as_much_as_is_said(kind: str) -> None:
    option = OPTIMIZERS[kind]
    for given_values in combinations(option):
        weight = nn.Parameter(torch.randn(40, 30))
        optimizer = make_optimizer(recipe(kind, 1e-4, **given_values), [weight])
        target = torch.randn(40, 30)

        def loss(weight: nn.Parameter = weight, target: torch.Tensor = target) -> torch.Tensor:
            weight.grad = None
            value = ((weight - target) ** 4).sum()
            value.backward()
            return value

        for _ in range(3):
            loss()
            optimizer.step(loss if option.closure else None)  # type: ignore[call-overload]
        numbers = sum(map(_numbers, optimizer.state[weight].values())) / weight.numel()
        assert numbers == pytest.approx(option.remembers(option.complete(given_values)), abs=0.06)


def _numbers(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_numbers, value))
    return value.numel() if torch.is_tensor(value) and value.numel() > 1 else 0


def test_the_rate_of_the_next_update_is_set() -> None:
    module = network()
    optimizer = make_optimizer(recipe("SGD", 0.5), module.parameters())
    step(optimizer, module)
    before = module[0].weight.clone()
    set_rate(optimizer, 0.0)
    step(optimizer, module)
    assert torch.equal(module[0].weight, before)


@pytest.mark.parametrize("kind", ["SGD", "RMSprop"])
def test_momentum_that_begins_while_running_is_as_momentum_from_there_on(kind: str) -> None:
    module = network()
    optimizer = make_optimizer(recipe(kind), module.parameters())
    step(optimizer, module)
    set_hyper(optimizer, recipe(kind, momentum=0.9, weight_decay=0.1), 0.02)
    group = optimizer.param_groups[0]
    assert (group["lr"], group["momentum"], group["weight_decay"]) == (0.02, 0.9, 0.1)
    step(optimizer, module)
    before = module[2].weight.clone()
    set_hyper(optimizer, recipe(kind, momentum=0.9), 0.02)
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()  # no gradient, no decay: what still moves it is the momentum
    assert torch.linalg.norm(module[2].weight - before) > 1e-3


def test_what_is_not_live_or_of_another_kind_waits() -> None:
    module = network()
    optimizer = make_optimizer(recipe("Adam"), module.parameters())
    set_hyper(optimizer, recipe("AdamW", weight_decay=0.5, betas=(0.5, 0.5)), 0.3)
    assert optimizer.param_groups[0]["betas"] == (0.9, 0.999)
    assert optimizer.param_groups[0]["weight_decay"] == 0 and optimizer.param_groups[0]["lr"] == 0.3
    set_hyper(optimizer, recipe("Adam", betas=(0.5, 0.6), amsgrad=True), 0.3)
    assert optimizer.param_groups[0]["betas"] == (0.5, 0.6)
    assert optimizer.param_groups[0]["amsgrad"] is False
    step(optimizer, module)


def test_muon_takes_matrices_and_adamw_the_rest() -> None:
    module, twin = network(), network()
    optimizer = make_optimizer(recipe("Muon", 0.02, weight_decay=0.0), module.parameters())
    matrices = [p for p in twin.parameters() if p.dim() == 2]
    rest = [p for p in twin.parameters() if p.dim() != 2]
    apart = (
        torch.optim.Muon(matrices, lr=0.02, weight_decay=0.0),
        torch.optim.AdamW(rest, lr=0.02, weight_decay=0.0, fused=True),
    )
    for _ in range(5):
        step(optimizer, module)
        loss_of(twin)()
        for part in apart:
            part.step()
    for ours, theirs in zip(module.parameters(), twin.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@each_kind
def test_a_saved_optimizer_goes_on_as_if_nothing_had_been(kind: str) -> None:
    module = network()
    optimizer = make_optimizer(recipe(kind), module.parameters())
    for _ in range(3):
        step(optimizer, module)
    twin = network()
    twin.load_state_dict(module.state_dict())
    loaded = make_optimizer(recipe(kind), twin.parameters())
    loaded.load_state_dict(deepcopy(optimizer.state_dict()))
    for _ in range(3):
        assert step(optimizer, module) == step(loaded, twin)
    assert all(map(torch.equal, module.parameters(), twin.parameters()))


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("Adam", {"betas": (0.9,)}),
        ("Adam", {"betas": (0.9, 1.0)}),
        ("SGD", {"nesterov": True}),
        ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}),
        ("Rprop", {"etas": (1.1, 1.2)}),
        ("Rprop", {"step_sizes": (1.0, 0.5)}),
        ("Muon", {"ns_coefficients": (1.0, 2.0)}),
        ("Muon", {"ns_steps": 100}),
        ("Adafactor", {"eps": (1e-3,)}),
        ("Adafactor", {"d": 0.5}),
        ("LBFGS", {"max_iter": 0}),
        ("LBFGS", {"line_search_fn": "weak"}),
        ("Adam", {"lr": 0.1}),
        ("Adam", {"betas": (0.9,) * 20_000}),
    ],
)
def test_what_torch_would_refuse_is_refused_at_once(kind: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=kind):
        recipe(kind, **parameters)
