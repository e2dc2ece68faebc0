"""Standing where a state was taken, what follows is equal to the last bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from engine.project.project import Project
from engine.recipe.recipe import DataChoice, Recipe
from engine.runs.state import State
from engine.telemetry.frame import Watch
from engine.training.resident import Epoch
from engine.training.trainer import Trainer
from tests.networks import add, chain, points_project


def image_project(**recipe: Any) -> Project:
    """Everything that remembers something: batch normalisation, dropout, an optimizer."""
    network = chain(
        ("Input", {}),
        ("Conv2d", {"out_channels": 4, "kernel_size": 5, "stride": 3}),
        ("BatchNorm2d", {}),
        ("ReLU", {}),
        ("Dropout", {"p": 0.3}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
    )
    return Project(network, Recipe(**{"batch_size": 300, "epochs": 2, **recipe}), DataChoice())


def run(trainer: Trainer, units: int = 10**9, watch: Watch | None = None) -> int:
    for done in range(units):
        try:
            trainer.advance(watch)
        except StopIteration:
            return done
    return units


def same(first: State, second: State) -> bool:
    return first.tensors.keys() == second.tensors.keys() and all(
        np.array_equal(tensor.numpy(), second.tensors[name].numpy())
        for name, tensor in first.tensors.items()
    )


RECIPES: tuple[dict[str, Any], ...] = (
    {},
    {"accumulate": 3, "clip_norm": 1.0},
    {"ema_decay": 0.9, "validate_every": 7},
    {"optimizer": {"kind": "SGD", "parameters": {"momentum": 0.9}}, "warmup_steps": 20},
)


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("units", [0, 5, 13, 27, 29, 33, 40])
def test_another_trainer_goes_on_to_the_last_bit(recipe: dict[str, Any], units: int) -> None:
    project = image_project(**recipe)
    whole = Trainer(project, {})
    run(whole, units)
    kept = whole.state()
    run(whole)
    other = Trainer(project, {})
    run(other, 3)
    other.restore(kept)
    assert other.step == kept.step and same(other.state(), kept)
    run(other)
    assert other.step == whole.step == 54
    assert same(other.state(), whole.state())
    assert other.recorder.validations[-1].validation == whole.recorder.validations[-1].validation
    assert other.stopping == whole.stopping


def test_watching_and_taking_states_change_nothing() -> None:
    project = image_project(ema_decay=0.5)
    watched = Trainer(project, {})
    watch = Watch(histogram_node="linear-1", maps_node="conv2d-1", gradients=True, values=True)
    for _ in range(20):
        watched.advance(watch)
        watched.state()
        watched.look(watch)
    run(watched)
    alone = Trainer(project, {})
    run(alone)
    assert same(watched.state(), alone.state())


def test_a_state_is_a_copy() -> None:
    trainer = Trainer(points_project(), {})
    run(trainer, 4)
    kept = trainer.state()
    before = {name: tensor.clone() for name, tensor in kept.tensors.items()}
    run(trainer, 4)
    assert all(np.array_equal(before[name], tensor) for name, tensor in kept.tensors.items())
    assert not same(kept, trainer.state())


def test_accumulated_batches_are_one_large_one() -> None:
    """Two batches of 25 with half the learning each give the update of one batch of 50."""
    sgd = {"optimizer": "SGD", "learning_rate": 0.1, "epochs": 1}
    small = Trainer(points_project(batch_size=25, accumulate=2, **sgd), {})
    large = Trainer(points_project(batch_size=50, **sgd), {})
    run(small)
    run(large)
    assert small.updates.count == large.updates.count == 3
    for name, values in small.weights().items():
        np.testing.assert_allclose(values, large.weights()[name], rtol=1e-5, atol=1e-7)


def test_the_validation_of_an_average_leaves_the_weights() -> None:
    trainer = Trainer(points_project(ema_decay=0.99), {})
    run(trainer)
    live = trainer.weights()
    average = trainer.updates.ema
    assert average is not None
    assert not np.allclose(live["linear-1.weight"], average.averages()["layers.1.weight"].numpy())


def test_a_frozen_layer_keeps_its_numbers() -> None:
    project = image_project(frozen=("conv2d-1", "batchnorm2d-1"), epochs=1)
    trainer = Trainer(project, {})
    before = trainer.weights()
    run(trainer, 10, Watch(gradients=True))
    run(trainer)
    after = trainer.weights()
    for name, values in before.items():
        frozen = name.startswith(("conv2d-1", "batchnorm2d-1"))
        assert np.array_equal(values, after[name]) == frozen, name


def test_what_changes_live_takes_effect_and_is_marked() -> None:
    project = image_project()
    trainer = Trainer(project, {})
    run(trainer, 5)
    recipe = project.recipe.model_copy(
        update={"learning_rate": 0.5, "batch_size": 100, "seed": 9, "frozen": ("linear-1",)}
    )
    network = project.network.with_nodes(
        [replace(project.network.nodes["dropout-1"], parameters={"p": 0.75})]
    )
    marks = trainer.adjust(replace(project, recipe=recipe, network=network))
    changes = {mark.values["name"]: (mark.values["before"], mark.values["after"]) for mark in marks}
    assert changes == {
        "batch_size": ("300", "100"),
        "frozen": ("()", "('linear-1',)"),
        "learning_rate": ("0.001", "0.5"),
        "p of Dropout 1": ("0.3", "0.75"),
    }
    assert {mark.step for mark in marks} == {5} and trainer.recorder.marks == marks
    held = trainer.weights()["linear-1.weight"]
    trainer.advance()
    assert trainer.updates.rate == 0.5 and len(trainer.batch[0]) == 100
    assert np.array_equal(held, trainer.weights()["linear-1.weight"])
    assert trainer.module.layer("dropout-1").p == 0.75
    assert trainer.total_steps == 5 + 65 + 80  # 6,500 samples of this epoch, 8,000 of the next
    run(trainer)
    assert trainer.step == 150


def test_the_run_can_be_measured_in_steps() -> None:
    trainer = Trainer(points_project(steps=23, validate_every=5), {})
    run(trainer)
    assert trainer.step == 23
    assert [result.step for result in trainer.recorder.validations] == [5, 10, 15, 20, 23]


def test_it_stops_when_it_gets_no_better() -> None:
    trainer = Trainer(points_project(learning_rate=0.0, patience=3, epochs=50), {})
    run(trainer)
    assert len(trainer.recorder.validations) == 4
    assert [mark.code for mark in trainer.recorder.marks] == ["early_stop"]


def test_several_outputs_each_with_a_loss_of_its_own() -> None:
    """A head for the class and one that gives the picture back; the total is their weighted sum."""
    network = chain(
        ("Input", {}),
        ("Flatten", {}),
        ("Linear", {"out_features": 12}),
        ("ReLU", {}),
        ("Linear", {"out_features": 10}),
    )
    network, wide = add(network, "Linear", "relu-1", out_features=12)
    network, guess = add(network, "Linear", wide, out_features=10)
    losses = {guess: {"kind": "mse_loss", "weight": 0.5, "target": "one_hot"}}
    recipe = Recipe(output_losses=losses, batch_size=500, epochs=1)
    project = Project(network, recipe, DataChoice())
    trainer = Trainer(project, {})
    batch = Epoch(trainer.data, 0, 1).take(500)
    with torch.no_grad():
        one, two = trainer.module.heads(batch[0])
        first = functional.cross_entropy(one, batch[1])
        second = 0.5 * ((two - functional.one_hot(batch[1], 10)) ** 2).mean()
    run(trainer)
    scalars = {name: series.view().mean for name, series in trainer.recorder.scalars.items()}
    assert scalars["loss Linear 2"][0] == pytest.approx(first.item(), rel=1e-5)
    assert scalars["loss Linear 4"][0] == pytest.approx(second.item(), rel=1e-5)
    np.testing.assert_allclose(
        scalars["loss"], scalars["loss Linear 2"] + scalars["loss Linear 4"], rtol=1e-5
    )
    assert set(trainer.recorder.validations[-1].validation) == {
        "loss",
        "loss Linear 2",
        "loss Linear 4",
        "accuracy",
    }


def test_half_precision_learns_about_the_same() -> None:
    whole, half = (Trainer(image_project(precision=p, epochs=1), {}) for p in ("float32", "bfloat16"))
    for trainer in (whole, half):
        torch.manual_seed(0)
        run(trainer)
    first, second = (t.recorder.validations[-1].validation["loss"] for t in (whole, half))
    assert second == pytest.approx(first, rel=0.15) and second != first
    assert all(values.dtype != np.float16 for values in half.weights().values())


def test_what_cannot_be_compiled_runs_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """No compiler is the usual reason."""

    def nothing(_: object) -> Any:
        def call(*_: object) -> None:
            raise RuntimeError("no C++ compiler was found")

        return call

    monkeypatch.setattr(torch, "compile", nothing)
    trainer = Trainer(points_project(compile=True), {})
    run(trainer)
    plain = Trainer(points_project(), {})
    run(plain)
    assert np.array_equal(trainer.weights()["linear-1.weight"], plain.weights()["linear-1.weight"])
    codes = [(mark.code, mark.values["reason"]) for mark in trainer.recorder.marks]
    assert codes == [("not_compiled", "no C++ compiler was found")]
