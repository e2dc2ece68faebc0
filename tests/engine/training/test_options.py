"""Runs with every optimizer and every loss, as a trainer runs them."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine.project.project import Project
from engine.recipe.losses import LOSSES
from engine.recipe.metrics import METRICS
from engine.recipe.optimizers import OPTIMIZERS
from engine.recipe.recipe import DataChoice, Recipe
from engine.runs.state import State
from engine.training.trainer import Trainer
from tests.networks import chain


def project(outputs: int = 2, **recipe: Any) -> Project:
    network = chain(
        ("Input", {"shape": (2,)}),
        ("Linear", {"out_features": 6}),
        ("Tanh", {}),
        ("Linear", {"out_features": outputs}),
    )
    values = {"batch_size": 40, "epochs": 2, "learning_rate": 1e-2, **recipe}
    data = DataChoice(source="two-moons", settings={"samples": 200})
    return Project(network, Recipe.model_validate(values), data)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """No time is spent on finding out how many are best."""
    monkeypatch.setattr("engine.training.trainer.choose_thread_count", lambda work, most: 1)


def run(trainer: Trainer, units: int = 10**6) -> None:
    for _ in range(units):
        try:
            trainer.advance()
        except StopIteration:
            return


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_a_run_with_any_optimizer_goes_on_to_the_last_bit(kind: str) -> None:
    given = project(optimizer=kind, schedule="CosineAnnealingLR")
    whole = Trainer(given, {})
    run(whole, 3)
    kept = whole.state()
    kept = State(kept.tensors, json.loads(json.dumps(kept.values, allow_nan=False)))
    run(whole)
    other = Trainer(given, {})
    run(other, 1)
    other.restore(kept)
    run(other)
    assert all(np.array_equal(other.weights()[n], held) for n, held in whole.weights().items())
    losses = [v.validation["loss"] for v in whole.recorder.validations]
    assert losses == [v.validation["loss"] for v in other.recorder.validations][-2:]


#: Not sequences, which no data here has; nor points as distributions: they have negative values.
CASES = [
    (kind, target)
    for kind, loss in LOSSES.items()
    for target in loss.targets
    if target != "sequence" and (kind, target) != ("kl_div", "input")
]


@pytest.mark.parametrize(("kind", "target"), CASES)
def test_a_run_with_any_loss_and_all_metrics(kind: str, target: str) -> None:
    """Metrics that mean nothing with a loss are left out."""
    expected = LOSSES[kind].expects(target, 2, (2,)) or (4,)
    metrics = [{"kind": metric} for metric in METRICS]
    trainer = Trainer(
        project(expected[0], loss={"kind": kind, "target": target}, metrics=metrics, epochs=1), {}
    )
    run(trainer)
    found = trainer.recorder.validations[-1].validation
    assert all(math.isfinite(value) for value in found.values())
    assert "loss" in found
    classifies = target == "one_hot" or (
        target == "label" and (LOSSES[kind].output == "classes" or LOSSES[kind].ending == "Sigmoid")
    )
    assert ("accuracy" in found) == ("auroc" in found) == classifies
    assert (
        ("mae" in found)
        == ("r2" in found)
        == (target in ("one_hot", "input") or LOSSES[kind].output == "value")
    )


def test_only_what_is_live_of_an_optimizer_changes_while_it_runs() -> None:
    sgd = {"kind": "SGD", "parameters": {"momentum": 0.9, "nesterov": True}}
    given = project(optimizer=sgd)
    trainer = Trainer(given, {})
    run(trainer, 2)

    def wanting(**parameters: Any) -> Project:
        wanted = {**given.recipe.model_dump(), "optimizer": {"kind": "SGD", "parameters": parameters}}
        return replace(given, recipe=Recipe.model_validate(wanted))

    marks = trainer.adjust(wanting(momentum=0.5, dampening=0.2, weight_decay=0.1))
    assert {mark.values["name"] for mark in marks} == {"momentum", "weight_decay"}
    group = trainer.updates.optimizer.param_groups[0]
    assert (group["momentum"], group["weight_decay"], group["dampening"]) == (0.5, 0.1, 0)
    assert trainer.project.recipe.optimizer.complete["nesterov"] is True
    assert trainer.adjust(wanting(momentum=0.0, weight_decay=0.1)) == ()  # Nesterov needs a momentum
    assert group["momentum"] == 0.5
    run(trainer)
