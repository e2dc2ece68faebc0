"""How large the outputs of the nodes are, against a forward pass made by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from engine.probes.activations import output_rms
from engine.telemetry.frame import Watch
from engine.training.trainer import Trainer
from tests.networks import points_project

ALL = Watch(values=True)


def rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))


def by_hand(trainer: Trainer, x: NDArray[np.float64]) -> dict[str, float]:
    """The points network in numpy: Linear, Tanh, Linear; its Softmax belongs to the loss."""
    weights = {name: value.astype(float) for name, value in trainer.weights().items()}
    first = x @ weights["linear-1.weight"].T + weights["linear-1.bias"]
    hidden = np.tanh(first)
    second = hidden @ weights["linear-2.weight"].T + weights["linear-2.bias"]
    outputs = {"input-1": x, "linear-1": first, "tanh-1": hidden, "linear-2": second}
    return {node: rms(values) for node, values in outputs.items()}


def test_values_of_a_step_are_those_of_its_forward_pass() -> None:
    """A learning rate of zero leaves the weights as they were in the step."""
    trainer = Trainer(points_project(learning_rate=0.0), {})
    frame = trainer.advance(ALL)
    assert frame is not None
    expected = by_hand(trainer, trainer.batch[0].numpy().astype(float))
    assert frame.values == pytest.approx(expected, rel=1e-5)


def test_values_between_two_steps_are_those_of_the_latest_batch() -> None:
    trainer = Trainer(points_project(), {})
    for _ in range(5):
        trainer.advance()
    before = trainer.weights()
    frame = trainer.look(ALL)
    expected = by_hand(trainer, trainer.batch[0].numpy().astype(float))
    assert {node: frame.values[node] for node in expected} == pytest.approx(expected)
    after = trainer.weights()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert trainer.module.training


def test_nobody_looks_at_values_that_nobody_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def looked(*_: object) -> dict[str, float]:
        raise AssertionError("the outputs were looked at")

    monkeypatch.setattr("engine.probes.observer.output_rms", looked)
    trainer = Trainer(points_project(), {})
    frame = trainer.advance(replace(ALL, values=False, gradients=True))
    assert frame is not None and not frame.values and frame.flow
    assert not trainer.look(replace(ALL, values=False)).values


def test_a_watched_run_learns_the_same() -> None:
    seen, alone = Trainer(points_project(), {}), Trainer(points_project(), {})
    for _ in range(8):
        seen.advance(ALL)
        seen.look(ALL)
        alone.advance()
    for name, values in seen.weights().items():
        assert np.array_equal(values, alone.weights()[name]), name


def test_outputs_of_any_kind() -> None:
    kept = {
        "whole": torch.tensor([[3, 4]]),
        "image": torch.randn(2, 3, 5, 5).to(memory_format=torch.channels_last),
        "broken": torch.tensor([1.0, float("nan")]),
        "far": torch.full((4,), 1e15),
        "nothing": torch.empty(0, 3),
        "learned": nn.Parameter(torch.full((2, 2), -2.0)),
    }
    found = output_rms(kept)
    assert found["whole"] == pytest.approx(12.5**0.5)
    assert found["image"] == pytest.approx(rms(kept["image"].numpy().astype(float)), rel=1e-5)
    assert np.isnan(found["broken"])
    assert found["far"] == pytest.approx(1e15)
    assert found["learned"] == pytest.approx(2.0)
    assert "nothing" not in found
    assert output_rms({}) == {}
