"""Schedules as functions against the schedulers of torch.optim, update by update."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from engine.recipe.recipe import Recipe
from engine.recipe.schedules import SCHEDULES, Plateau, curve, rate
from tests.engine.recipe.options import choices

TOTAL = 300
BASE = 0.3


def recipe(kind: str, ramp: int = 0, base: float = BASE, **parameters: Any) -> Recipe:
    schedule = {"kind": kind, "parameters": parameters}
    return Recipe.model_validate({"schedule": schedule, "learning_rate": base, "warmup_steps": ramp})


def optimizer() -> torch.optim.SGD:
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=BASE)


def torchs(make: Callable[[torch.optim.Optimizer], Any], updates: int = TOTAL) -> list[float]:
    """The rates that a scheduler of torch sets before each update."""
    ours = optimizer()
    scheduler = make(ours)
    rates = []
    for _ in range(updates):
        rates.append(ours.param_groups[0]["lr"])
        ours.step()
        scheduler.step()
    return rates


def ours(made: Recipe, updates: int = TOTAL) -> list[float]:
    return [rate(made, update, TOTAL) for update in range(updates)]


SETTINGS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("StepLR", {"step_size": 7, "gamma": 0.5}, {}),
    ("StepLR", {}, {"step_size": 100, "gamma": 0.1}),
    ("MultiStepLR", {"milestones": (10.0, 30.0, 30.0, 200.0), "gamma": 0.3}, {}),
    ("MultiStepLR", {}, {"milestones": (150, 225)}),
    ("ExponentialLR", {"gamma": 0.97}, {}),
    ("ExponentialLR", {}, {"gamma": 0.999}),
    ("LinearLR", {"start_factor": 0.2, "end_factor": 0.9, "total_iters": 40}, {}),
    ("LinearLR", {"start_factor": 0.3, "end_factor": 1.0}, {"total_iters": TOTAL}),
    ("PolynomialLR", {"total_iters": 60, "power": 2.0}, {}),
    ("PolynomialLR", {"power": 0.5}, {"total_iters": TOTAL}),
    ("CosineAnnealingLR", {"T_max": 50, "eta_min": 0.01}, {}),
    ("CosineAnnealingLR", {}, {"T_max": TOTAL}),
    ("CosineAnnealingWarmRestarts", {"T_0": 13, "eta_min": 0.02}, {}),
    ("CosineAnnealingWarmRestarts", {"T_0": 10, "T_mult": 3}, {}),
    ("CosineAnnealingWarmRestarts", {}, {"T_0": 75}),
    ("CyclicLR", {"step_size_up": 20, "base_lr": 0.1}, {}),
    ("CyclicLR", {"step_size_up": 20, "step_size_down": 7, "mode": "triangular2"}, {"base_lr": 0.0}),
    ("CyclicLR", {"step_size_up": 9, "mode": "exp_range", "gamma": 0.99, "base_lr": 0.05}, {}),
    ("OneCycleLR", {}, {"total_steps": TOTAL}),
    ("OneCycleLR", {"pct_start": 0.5, "anneal_strategy": "linear"}, {"total_steps": TOTAL}),
    ("OneCycleLR", {"three_phase": True, "div_factor": 10.0}, {"total_steps": TOTAL}),
    ("OneCycleLR", {"pct_start": 0.9, "final_div_factor": 7.0}, {"total_steps": TOTAL}),
]


@pytest.mark.parametrize(("kind", "given_values", "implied"), SETTINGS)
def test_each_is_torchs_over_a_whole_run(
    kind: str, given_values: dict[str, Any], implied: dict[str, Any]
) -> None:
    arguments = {**given_values, **implied}
    if kind in ("OneCycleLR", "CyclicLR"):
        arguments |= {"max_lr": BASE, "cycle_momentum": False}
    expected = torchs(lambda held: getattr(lr_scheduler, kind)(held, **arguments))
    assert ours(recipe(kind, **given_values)) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_constant_and_noam() -> None:
    assert set(ours(recipe("constant"))) == {BASE}
    # Vaswani et al. (2017): min(t^-0.5, t · w^-1.5), here with its peak at the learning rate.
    w = 40
    paper = torchs(
        lambda held: lr_scheduler.LambdaLR(
            held, lambda t: min((t + 1) ** -0.5, (t + 1) * w**-1.5) * w**0.5
        )
    )
    assert ours(recipe("Noam", warmup=w)) == pytest.approx(paper)


def test_warm_up_is_a_ramp_on_top_of_any_schedule() -> None:
    plain = ours(recipe("CosineAnnealingLR"))
    warm = ours(recipe("CosineAnnealingLR", 10))
    assert warm[0] == pytest.approx(plain[0] / 10) and warm[4] == pytest.approx(plain[4] / 2)
    assert warm[9:] == plain[9:]


@pytest.mark.parametrize(
    "parameters",
    [
        {"patience": 2},
        {"patience": 0, "factor": 0.5, "cooldown": 3},
        {"patience": 1, "threshold": 0.05, "threshold_mode": "abs", "min_lr": 0.01},
        {"patience": 1, "factor": 0.9, "threshold": 0.2, "eps": 0.01},
    ],
)
def test_plateau_is_torchs_over_hundreds_of_validations(parameters: dict[str, Any]) -> None:
    made = recipe("ReduceLROnPlateau", **parameters)
    theirs = optimizer()
    scheduler = lr_scheduler.ReduceLROnPlateau(theirs, **parameters)
    noise = random.Random(3)
    state = Plateau()
    for validation in range(400):
        loss = math.exp(-validation / 50) + noise.random() * 0.2
        scheduler.step(loss)
        state = Plateau(**json.loads(json.dumps(state.after(made, loss).as_json)))
        rate_now = rate(made, validation, TOTAL, state.factor)
        assert rate_now == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-9)
    assert state.factor < 1


def test_a_plateau_matters_to_its_own_schedule_only() -> None:
    state = Plateau()
    for _ in range(50):
        state = state.after(recipe("StepLR"), 1.0)
    assert state == Plateau()
    assert rate(recipe("constant"), 5, TOTAL, plateau_factor=0.1) == BASE


def test_a_loss_that_is_no_number_is_never_the_best() -> None:
    made = recipe("ReduceLROnPlateau", patience=1)
    state = Plateau()
    for loss in (math.nan, 2.0, math.nan, math.nan):
        state = state.after(made, loss)
    assert state.best == 2.0 and state.factor == pytest.approx(0.1)
    assert state.after(recipe("ReduceLROnPlateau", base=0.0, patience=0), 3.0).factor > 0


@given(
    choice=choices(SCHEDULES),
    base=st.floats(0, 1e6),
    warmup=st.integers(0, 10_000_000),
    total=st.integers(0, 2**40),
    data=st.data(),
)
@settings(max_examples=400, deadline=None)
def test_any_rate_is_a_rate(
    choice: dict[str, Any], base: float, warmup: int, total: int, data: st.DataObject
) -> None:
    made = Recipe.model_validate({"schedule": choice, "learning_rate": base, "warmup_steps": warmup})
    update = data.draw(st.integers(0, total + 5))
    assert 0 <= rate(made, update, total) <= 1e6


def test_a_curve_spans_the_run() -> None:
    made = recipe("OneCycleLR", 5)
    updates, rates = curve(made, 100_000, 300)
    assert (len(updates), updates[0], updates[-1]) == (300, 0, 99_999)
    assert rates == [rate(made, update, 100_000) for update in updates]
    assert curve(made, 3)[0] == [0, 1, 2]
    assert curve(made, 0)[0] == [0] and curve(made, 1)[0] == [0]
