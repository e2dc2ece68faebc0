"""The loop against a plain PyTorch script, and how it fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from engine.build.module import NodeError
from engine.data import load
from engine.messages import sentence
from engine.network.edits import SetParameter
from engine.project.project import Project
from engine.recipe.recipe import DataChoice, Recipe
from engine.telemetry.frame import Watch
from engine.training.fault import TrainingError, fault_of
from engine.training.resident import Epoch
from engine.training.trainer import Trainer
from tests.networks import chain, deep_project, points_project, seed_cnn

ALL = Watch(
    histogram_node="linear-1",
    maps_node="conv2d-1",
    sample=3,
    thumbnails=frozenset({"conv2d-1", "maxpool2d-1"}),
    gradients=True,
)


def train_all(trainer: Trainer, watch: Watch | None = None) -> None:
    while True:
        try:
            trainer.advance(watch)
        except StopIteration:
            return


def _batches(trainer: Trainer, seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Those of the first epoch."""
    epoch = Epoch(trainer.data, seed, 1)
    while epoch.left:
        yield epoch.take(trainer.batch_size)


def plain_losses(project: Project, epochs: int) -> list[float]:
    """What a user would write: Sequential, Adam, the same batches."""
    data = load(project.data)
    torch.manual_seed(project.recipe.seed)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(model.parameters(), lr=project.recipe.learning_rate)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    losses = []
    for epoch in range(1, epochs + 1):
        generator = torch.Generator().manual_seed(project.recipe.seed * 1_000_003 + epoch)
        for index in torch.randperm(len(x), generator=generator).split(project.recipe.batch_size):
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(x[index]), y[index])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


@pytest.mark.parametrize("watch", [None, Watch(gradients=True, histogram_node="linear-1")])
def test_every_loss_is_that_of_a_plain_script(watch: Watch | None) -> None:
    """Watching changes nothing."""
    project = points_project(epochs=3, seed=5)
    trainer = Trainer(project, {})
    train_all(trainer, watch)
    np.testing.assert_allclose(
        trainer.recorder.scalars["loss"].view().mean, plain_losses(project, 3), rtol=1e-5, atol=1e-7
    )


def test_the_digit_network_learns_step_by_step_as_a_plain_script_does() -> None:
    """It ends in Softmax, which cross-entropy must not meet twice."""
    project = Project(seed_cnn(), Recipe(seed=3), DataChoice())
    trainer = Trainer(project, {})
    torch.manual_seed(3)
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters())
    losses = []
    for (x, y), _ in zip(_batches(trainer, 3), range(12), strict=False):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x.contiguous()), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        trainer.advance()
    trainer.flush()
    np.testing.assert_allclose(trainer.recorder.scalars["loss"].view().mean, losses, rtol=1e-4)


def test_epoch_results_are_means_over_all_samples() -> None:
    project = points_project(epochs=2, batch_size=7)
    trainer = Trainer(project, {})
    train_all(trainer)
    data = load(project.data)
    with torch.no_grad():
        scores = trainer.module.scores(torch.from_numpy(data.val_x))
        loss = functional.cross_entropy(scores, torch.from_numpy(data.val_y)).item()
        accuracy = (scores.argmax(1).numpy() == data.val_y).mean()
    result = trainer.recorder.validations[-1]
    assert result.validation["loss"] == pytest.approx(loss, rel=1e-5)
    assert result.validation["accuracy"] == pytest.approx(accuracy)
    assert result.step == trainer.step == 2 * 22  # 150 samples in batches of 7


def test_the_same_seed_gives_the_same_weights_and_another_seed_others() -> None:
    def weights(seed: int) -> dict[str, np.ndarray]:
        trainer = Trainer(points_project(seed=seed), {})
        train_all(trainer)
        return dict(trainer.weights())

    first, again, other = weights(1), weights(1), weights(2)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["linear-1.weight"], other["linear-1.weight"])


def test_a_frame_holds_what_autograd_says() -> None:
    """Norms, update and maps of one step, computed a second way."""
    project = Project(seed_cnn(), Recipe(batch_size=16), DataChoice())
    trainer = Trainer(project, {})
    before = trainer.weights()
    frame = trainer.advance(ALL)
    assert frame is not None
    after = trainer.weights()

    torch.manual_seed(0)
    again = Trainer(project, {})
    x, y = next(_batches(again, 0))
    functional.cross_entropy(again.module.scores(x), y).backward()
    for node, layer in again.module.trainable().items():
        norm = torch.cat([p.grad.flatten() for p in layer]).norm().item()
        old = np.concatenate([before[f"{node}.{n}"].ravel() for n in ("weight", "bias")])
        new = np.concatenate([after[f"{node}.{n}"].ravel() for n in ("weight", "bias")])
        assert frame.gradients[node].gradient == pytest.approx(norm, rel=1e-4)
        assert frame.gradients[node].weight == pytest.approx(np.linalg.norm(old), rel=1e-4)
        update = np.linalg.norm(new.astype(float) - old)
        assert frame.gradients[node].update == pytest.approx(update, rel=1e-3)
    assert frame.histogram is not None
    assert frame.histogram.counts.sum() == 576 * 64 + 64
    assert frame.maps is not None
    with torch.no_grad():
        sample = torch.from_numpy(load(project.data).val_x[3:4])
        maps = trainer.module.layer("conv2d-1")(sample)[0].numpy()
    np.testing.assert_allclose(frame.maps.values, maps, rtol=1e-4, atol=1e-5)
    assert frame.maps.label == load(project.data).val_y[3]
    assert set(frame.thumbnails) == {"conv2d-1", "maxpool2d-1"}


def test_gradients_along_the_links_are_those_of_the_outputs() -> None:
    project = points_project()
    trainer = Trainer(project, {})
    x, y = next(_batches(trainer, 0))
    hidden = trainer.module.layer("linear-1")(x)
    out = trainer.module.layer("linear-2")(torch.tanh(hidden))
    grads = torch.autograd.grad(functional.cross_entropy(out, y), [hidden, out])
    frame = trainer.advance(Watch(gradients=True))
    assert frame is not None
    assert frame.flow["linear-1"] == pytest.approx(grads[0].norm().item(), rel=1e-4)
    assert frame.flow_reference == pytest.approx(grads[1].norm().item(), rel=1e-4)


def test_a_loss_that_is_no_number_stops_at_its_step_and_names_the_node() -> None:
    """Weights of 1e30 overflow in the first layer that multiplies them."""
    project = points_project()
    weights = dict(Trainer(project, {}).weights())
    weights["linear-1.weight"] = np.full((8, 2), np.nan, np.float32)
    trainer = Trainer(project, weights)
    with pytest.raises(TrainingError) as error:
        train_all(trainer)
    assert error.value.problem.code == "output_not_finite"
    assert error.value.problem.node == "linear-1"
    assert error.value.problem.values["step"] == 1
    assert "Linear 1" in sentence(error.value.problem)


def test_a_validation_loss_that_is_no_number_is_a_fault_too() -> None:
    """The only step was finite; what it made of the weights is not."""
    hidden = [("Linear", {"out_features": 32})] * 7
    network = chain(("Input", {"shape": (2,)}), *hidden, ("Linear", {"out_features": 2}))
    recipe = Recipe(learning_rate=1e6, batch_size=10_000, epochs=1)
    trainer = Trainer(Project(network, recipe, DataChoice(source="xor")), {})
    with pytest.raises(TrainingError) as error:
        train_all(trainer)
    assert error.value.problem.values["step"] == 1
    assert not trainer.recorder.validations


@pytest.mark.parametrize("batch_size", [1, 7999])
def test_a_batch_of_one_sample_that_cannot_be_normalized(batch_size: int) -> None:
    """The first batch has one sample, or the last of the 8,000."""
    network = chain(
        ("Input", {}),
        ("Conv2d", {"out_channels": 4, "kernel_size": 28}),
        ("BatchNorm2d", {}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
    )
    project = Project(network, Recipe(batch_size=batch_size), DataChoice())
    with pytest.raises(NodeError) as error:
        train_all(Trainer(project, {}))
    fault = fault_of(error.value, project, 1)
    assert fault.problem.node == "batchnorm2d-1"
    assert "at least two" in sentence(fault.problem)


def test_an_exception_becomes_a_fault_on_its_node() -> None:
    project = points_project()
    fault = fault_of(NodeError("linear-2", RuntimeError("bad luck")), project, 7)
    assert fault.problem.node == "linear-2"
    assert sentence(fault.problem) == "Linear 2 failed at step 7: bad luck"


def test_out_of_memory_is_said_as_such() -> None:
    try:
        torch.empty(2**50)
    except RuntimeError as error:
        fault = fault_of(error, points_project(), 1)
    assert fault.problem.code == "out_of_memory"


def test_a_project_that_cannot_be_trained_is_refused_before_anything_is_built() -> None:
    project = points_project()
    broken = SetParameter("linear-2", "out_features", 5).apply(project.network)
    with pytest.raises(TrainingError) as error:
        Trainer(replace(project, network=broken), {})
    assert error.value.problem.code == "outputs_unlike_classes"


def test_dropout_and_batch_norm_act_only_while_training() -> None:
    network = chain(
        ("Input", {}),
        ("Conv2d", {"out_channels": 2, "stride": 4}),
        ("BatchNorm2d", {}),
        ("Dropout", {"p": 0.9}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
    )
    trainer = Trainer(Project(network, Recipe(batch_size=2000, epochs=1), DataChoice()), {})
    train_all(trainer, ALL)
    trainer.module.eval()
    x = torch.from_numpy(load(DataChoice()).val_x)
    with torch.no_grad():
        first, second = trainer.module(x), trainer.module(x)
    assert torch.equal(first, second)
    assert trainer.weights()["batchnorm2d-1.num_batches_tracked"] == 4


@pytest.mark.slow
def test_the_seed_network_learns_the_digits() -> None:
    """Five epochs reach 0.955 on digits that were not trained on."""
    trainer = Trainer(Project(seed_cnn(), Recipe(), DataChoice()), {})
    train_all(trainer)
    assert trainer.recorder.validations[-1].validation["accuracy"] >= 0.955


def test_a_run_that_goes_bad_stands_before_the_step_that_did() -> None:
    """Its curve ends there, its numbers are good, and it can go on with a smaller learning rate."""
    trainer = Trainer(deep_project(), {})
    for _ in range(40):
        trainer.advance()
    begun = trainer.step
    trainer.adjust(deep_project(learning_rate=1e6))
    with pytest.raises(TrainingError) as error:
        train_all(trainer)
    problem = error.value.problem
    assert problem.code in ("output_not_finite", "gradient_not_finite") and problem.node is not None
    bad = problem.values["step"]
    assert isinstance(bad, int) and bad > begun
    assert trainer.step == bad - 1 == len(trainer.recorder.scalars["loss"])
    assert all(np.isfinite(values).all() for values in trainer.weights().values())
    assert trainer.examine() is not None, "the step that follows is the bad one"


def test_the_first_bad_gradient_is_named() -> None:
    """The scores are about 1, but on the way back through 1e20 twice the gradient overflows."""
    layers = [("Linear", {"out_features": 2})] * 3
    network = chain(("Input", {"shape": (2,)}), *layers)
    project = Project(network, Recipe(batch_size=10), DataChoice(source="xor"))
    trainer = Trainer(project, {})
    with torch.no_grad():
        for node, size in (("linear-1", 1e-37), ("linear-2", 1e20), ("linear-3", 1e20)):
            trainer.module.layer(node).weight.copy_(torch.tensor([[size, 0.0], [0.0, -size]]))
            trainer.module.layer(node).bias.zero_()
    weights = trainer.weights()
    trainer = Trainer(project, weights)
    with pytest.raises(TrainingError) as error:
        train_all(trainer)
    problem = error.value.problem
    assert (problem.code, problem.node, problem.values["step"]) == (
        "gradient_not_finite",
        "linear-1",
        1,
    )
    assert trainer.step == 0
    assert all(np.array_equal(values, weights[name]) for name, values in trainer.weights().items())
