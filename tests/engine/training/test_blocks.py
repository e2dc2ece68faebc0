"""Training of repeated blocks against the same network written by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.build.module import NodeError
from engine.data import load
from engine.messages import sentence
from engine.network.block_edits import GroupNodes, UngroupBlock
from engine.network.edits import SetParameter
from engine.project.project import Project, Weights
from engine.recipe.recipe import DataChoice, Recipe
from engine.telemetry.frame import Watch
from engine.training.fault import TrainingError, fault_of
from engine.training.trainer import Trainer
from tests.networks import add, chain

COPIES = 3


def project(**recipe: float) -> Project:
    """Points, widened to 6, through three copies of ReLU(x + Linear(Tanh(Linear(x)))), to 2 scores."""
    network = chain(("Input", {"shape": (2,)}), ("Linear", {"out_features": 6}))
    network, first = add(network, "Linear", "linear-1", out_features=12)
    network, tanh = add(network, "Tanh", first)
    network, second = add(network, "Linear", tanh, out_features=6)
    network, joint = add(network, "Add", second, "linear-1")
    network, relu = add(network, "ReLU", joint)
    network, _ = add(network, "Linear", relu, out_features=2)
    inside = frozenset({first, tanh, second, joint, relu})
    network = GroupNodes(inside, "Residual").apply(network)
    network = SetParameter("block-1", "repeat", COPIES).apply(network)
    values = {"batch_size": 10, "epochs": 2, "learning_rate": 1e-2, **recipe}
    data = DataChoice(source="two-moons", settings={"samples": 200})
    return Project(network, Recipe(**values), data)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wide, self.narrow = nn.Linear(6, 12), nn.Linear(12, 6)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.narrow(torch.tanh(self.wide(x))))


class ByHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(2, 6), nn.Linear(6, 2)
        self.blocks = nn.ModuleList(Residual() for _ in range(COPIES))

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        scores: Tensor = self.last(x)
        return scores

    def take(self, weights: Weights) -> None:
        layers = {"linear-1": self.first, "linear-4": self.last}
        for number, block in enumerate(self.blocks, 1):
            copy = "" if number == 1 else f"@{number}"
            layers |= {f"linear-2{copy}": block.wide, f"linear-3{copy}": block.narrow}
        with torch.no_grad():
            for key, values in weights.items():
                node, _, name = key.rpartition(".")
                getattr(layers[node], name).copy_(torch.from_numpy(values))


def test_every_loss_is_that_of_the_network_written_by_hand() -> None:
    given = project()
    trainer = Trainer(given, {})
    model = ByHand()
    assert sum(p.numel() for p in model.parameters()) == sum(w.size for w in trainer.weights().values())
    model.take(trainer.weights())
    optimizer = torch.optim.Adam(model.parameters(), lr=given.recipe.learning_rate)
    data = load(given.data)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    losses = []
    for epoch in (1, 2):
        generator = torch.Generator().manual_seed(given.recipe.seed * 1_000_003 + epoch)
        for index in torch.randperm(len(x), generator=generator).split(given.recipe.batch_size):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x[index]), y[index])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    while True:
        try:
            trainer.advance()
        except StopIteration:
            break
    recorded = trainer.recorder.scalars["loss"].view().mean
    np.testing.assert_allclose(recorded, losses, rtol=1e-4, atol=1e-6)
    by_hand = ByHand()
    by_hand.take(trainer.weights())
    for mine, theirs in zip(model.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-3, atol=1e-5)


def test_every_copy_learns_for_itself() -> None:
    trainer = Trainer(project(), {})
    before = trainer.weights()
    names = [f"linear-2{copy}.weight" for copy in ("", "@2", "@3")]
    assert len({before[name].tobytes() for name in names}) == COPIES
    for _ in range(3):
        trainer.advance()
    after = trainer.weights()
    assert all(not np.array_equal(before[name], after[name]) for name in names)


def test_a_frame_names_the_copies() -> None:
    """Whoever shows the diagram finds the first copy under the node's own id."""
    frame = Trainer(project(), {}).advance(Watch(gradients=True))
    assert frame is not None
    assert {"linear-2", "linear-2@2", "linear-2@3"} <= frame.gradients.keys()


def test_grouped_or_not_a_network_computes_the_same() -> None:
    once = project()
    network = SetParameter("block-1", "repeat", 1).apply(once.network)
    grouped = Trainer(replace(once, network=network), {})
    flat = replace(once, network=UngroupBlock("block-1").apply(network))
    ungrouped = Trainer(flat, grouped.weights())
    x = torch.from_numpy(load(once.data).val_x)
    torch.testing.assert_close(grouped.module(x), ungrouped.module(x), rtol=0, atol=0)


def test_a_fault_in_a_copy_is_shown_at_the_node_that_was_drawn() -> None:
    given = project()
    trainer = Trainer(given, {})
    trainer.advance()
    trainer.module.layer("linear-3@2").weight.data = torch.zeros(5, 5)  # type: ignore[union-attr]
    with pytest.raises(NodeError) as caught:
        trainer.advance()
    fault = fault_of(caught.value, given, trainer.step)
    assert (fault.problem.code, fault.problem.node) == ("node_failed", "linear-3")
    assert "Linear 3 · 2/3 failed at step 1" in sentence(fault.problem)


def test_numbers_that_are_none_are_traced_to_the_copy() -> None:
    given = project()
    weights = dict(Trainer(given, {}).weights())
    weights["linear-2@3.bias"] = np.full(12, np.nan, np.float32)
    trainer = Trainer(given, weights)
    with pytest.raises(TrainingError) as caught:
        trainer.advance(Watch(gradients=True))
    problem = caught.value.problem
    assert (problem.code, problem.node) == ("output_not_finite", "linear-2")
    assert "Linear 2 · 3/3" in sentence(problem)


@pytest.mark.parametrize(
    ("node", "parameter", "value", "code", "place"),
    [
        ("block-1", "repeat", 0, "parameter_out_of_range", "block-1"),
        ("block-1", "repeat", 10**12, "too_many_copies", "block-1"),
        ("linear-3", "out_features", 5, "branches_do_not_add", "add-1"),
    ],
)
def test_what_cannot_be_trained_says_why(
    node: str, parameter: str, value: int, code: str, place: str
) -> None:
    given = project()
    network = SetParameter(node, parameter, value).apply(given.network)
    with pytest.raises(TrainingError) as caught:
        Trainer(replace(given, network=network), {})
    assert (caught.value.problem.code, caught.value.problem.node) == (code, place)
    assert sentence(caught.value.problem)
