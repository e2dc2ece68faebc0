"""The small picture of every kind of output, against numpy and torch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.build.module import Ran
from engine.build.operations import MultiheadAttention
from engine.network.layers import LAYERS
from engine.probes.previews import Previewer
from engine.probes.sample import SIDE, Plane, Sample, Samples
from engine.probes.thumbnails import kind_of, thumbnail
from engine.project.project import Project
from engine.recipe.recipe import DataChoice
from engine.telemetry.frame import Frame, Watch
from engine.telemetry.thumbnail import Thumbnail, has_thumbnail
from engine.training.trainer import Trainer
from tests.networks import chain, mlp, points_project, seed_cnn

SAMPLE = Sample(3, torch.zeros(1, 1), 2, ("a", "b", "c"))


def made(kind: str, output: Tensor, *, last: bool = False, sample: Sample = SAMPLE) -> Thumbnail:
    found = thumbnail(Ran(kind, nn.Identity(), (output,), output), sample, last=last)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("layer", "size", "planar", "last", "kind"),
    [
        ("Input", (1, 28, 28), False, False, "image"),
        ("Input", (5, 8, 8), False, False, "maps"),
        ("Conv2d", (3, 8, 8), False, False, "maps"),
        ("AdaptiveAvgPool2d", (16, 1, 1), False, False, "vector"),
        ("Linear", (64,), False, False, "vector"),
        ("Linear", (65,), False, False, "histogram"),
        ("Linear", (10,), False, True, "classes"),
        ("Softmax", (10,), False, False, "classes"),
        ("Linear", (28, 16), False, False, "sequence"),
        ("MultiheadAttention", (28, 16), False, False, "attention"),
        ("ReLU", (2, 3, 4, 5), False, False, "histogram"),
        ("Linear", (8,), True, False, "boundary"),
        ("Input", (2,), True, False, "boundary"),
        ("Softmax", (2,), True, True, "regions"),
        ("Linear", (1,), True, True, "boundary"),
        ("Flatten", (64,), False, False, None),
        ("Dropout", (64,), False, False, None),
        ("Block", (64,), False, False, None),
        ("of a newer version", (64,), False, False, None),
    ],
)
def test_the_kind_follows_from_layer_and_shape(
    layer: str, size: tuple[int, ...], planar: bool, last: bool, kind: str | None
) -> None:
    assert kind_of(layer, size, planar=planar, last=last) == kind


def test_what_only_passes_values_on_has_no_picture() -> None:
    computing = {kind for kind, layer in LAYERS.items() if layer.computes}
    assert computing - {kind for kind in LAYERS if has_thumbnail(kind)} == {"Flatten", "Dropout"}


def test_maps_are_the_first_four_averaged() -> None:
    output = torch.randn(1, 6, 64, 64)
    found = made("Conv2d", output)
    assert found.kind == "maps" and found.size == (6, 64, 64) and found.sample == 3
    mean = output[0, :4].numpy().reshape(4, 32, 2, 32, 2).mean(axis=(2, 4))
    np.testing.assert_allclose(found.values, mean, atol=1e-6)
    assert (found.low, found.high) == (found.values.min(), found.values.max())
    assert not found.values.flags.writeable


def test_a_vector_is_whole() -> None:
    output = torch.randn(1, 64)
    found = made("Linear", output)
    np.testing.assert_array_equal(found.values, output[0].numpy())
    assert found.label is None and found.names == ()


def test_a_long_vector_is_its_distribution() -> None:
    output = torch.randn(1, 500)
    output[0, 7] = float("nan")
    found = made("Linear", output)
    values = output[0].numpy()[~np.isnan(output[0].numpy())]
    counts, _ = np.histogram(values, 32)
    np.testing.assert_allclose(found.values, counts / 499, rtol=1e-6)
    assert (found.low, found.high) == (values.min(), values.max())


def test_a_sequence_is_time_by_feature() -> None:
    output = torch.randn(1, 20, 64)
    found = made("LayerNorm", output)
    mean = output[0].numpy().reshape(20, 32, 2).mean(axis=2)
    np.testing.assert_allclose(found.values, mean, atol=1e-6)


@pytest.mark.parametrize("causal", [False, True])
def test_attention_is_torchs_own_and_its_rows_sum_to_one(causal: bool) -> None:
    layer = MultiheadAttention(16, 4, causal, 0.0, True).eval()
    x = torch.randn(1, 12, 16)
    with torch.no_grad():
        output = layer(x)
        found = thumbnail(Ran("MultiheadAttention", layer, (x,), output), SAMPLE)
        mask = torch.ones(12, 12, dtype=torch.bool).triu(1) if causal else None
        whole = nn.MultiheadAttention.forward(
            layer, x, x, x, attn_mask=mask, need_weights=True, average_attn_weights=False
        )[1]
    assert found is not None and found.kind == "attention"
    np.testing.assert_allclose(found.values.sum(axis=2), 1.0, atol=1e-6)
    np.testing.assert_allclose(found.values, whole[0].numpy(), atol=1e-6)
    assert (found.values[:, 0, 1:] == 0).all() == causal


def test_attention_to_other_tokens_takes_its_own_inputs() -> None:
    layer = MultiheadAttention(8, 2, False, 0.0, True).eval()
    query, key = torch.randn(1, 3, 8), torch.randn(1, 5, 8)
    with torch.no_grad():
        found = thumbnail(Ran("MultiheadAttention", layer, (query, key), layer(query, key)), SAMPLE)
    assert found is not None and found.values.shape == (2, 3, 5)


def test_classes_know_what_is_true_and_what_is_predicted() -> None:
    found = made("Softmax", torch.tensor([[0.1, 0.7, 0.2]]), last=True)
    assert (found.label, found.predicted, found.names) == (2, 1, ("a", "b", "c"))
    assert made("Linear", torch.zeros(1, 4), last=True).names == (), "not so many classes"


def test_nothing_finite_still_makes_a_picture() -> None:
    found = made("Linear", torch.full((1, 8), float("nan")))
    assert (found.low, found.high) == (0.0, 0.0)


def test_the_grid_covers_the_plane_from_the_upper_left() -> None:
    points = torch.tensor([[0.0, 0.0], [10.0, 5.0]])
    plane = Plane.around(points)
    assert (plane.left, plane.bottom, plane.right, plane.top) == (-1.0, -0.5, 11.0, 5.5)
    grid = plane.grid()
    assert grid.shape == (SIDE * SIDE, 2)
    np.testing.assert_allclose(grid[0], [-1 + 0.25, 5.5 - 0.125])
    np.testing.assert_allclose(grid[1] - grid[0], [0.5, 0.0])
    np.testing.assert_allclose(grid[SIDE] - grid[0], [0.0, -0.25])
    assert plane.place(torch.tensor([5.0, 2.5])) == (0.5, 0.5)


def look(trainer: Trainer, *nodes: str) -> Frame:
    return trainer.look(Watch(thumbnails=frozenset(nodes), sample=4))


def test_a_boundary_is_the_module_at_the_points_of_the_grid() -> None:
    trainer = Trainer(points_project(), {}, device="cpu")
    module, points = trainer.module.eval(), trainer.data.val_x
    found = look(trainer, "tanh-1", "softmax-1").thumbnails
    grid = Plane.around(points).grid()
    with torch.no_grad():
        hidden = torch.tanh(module.layer("linear-1")(grid))
        chances = functional.softmax(module.scores(grid), dim=1)
    units = hidden[:, :4].T.reshape(4, SIDE, SIDE)
    np.testing.assert_allclose(found["tanh-1"].values, units, atol=1e-6)
    assert found["tanh-1"].kind == "boundary" and found["tanh-1"].size == (8,)
    regions = chances.T.reshape(2, SIDE, SIDE)
    np.testing.assert_allclose(found["softmax-1"].values, regions, atol=1e-6)
    assert found["softmax-1"].names == ("upper", "lower")
    assert found["softmax-1"].label == int(trainer.data.val_y[4])
    with torch.no_grad():
        assert found["softmax-1"].predicted == int(module.scores(points[4:5]).argmax())


def test_a_watched_step_of_a_training_makes_them_and_an_unwatched_one_does_not() -> None:
    trainer = Trainer(points_project(), {}, device="cpu")
    assert trainer.advance() is None
    frame = trainer.advance(Watch(thumbnails=frozenset({"linear-1", "not there"})))
    assert frame is not None and set(frame.thumbnails) == {"linear-1"}
    assert frame.thumbnails["linear-1"].trained


def test_probing_does_not_change_what_is_learned() -> None:
    watch = Watch(thumbnails=frozenset({"linear-1", "softmax-1"}))
    runs = [Trainer(points_project(), {}, device="cpu") for _ in range(2)]
    for _ in range(10):
        runs[0].advance()
        runs[1].advance(watch)
    for name, values in runs[0].weights().items():
        np.testing.assert_array_equal(values, runs[1].weights()[name])


# Of a project that is being drawn


def test_previews_are_of_the_real_data() -> None:
    previewer = Previewer()
    project = Project(seed_cnn(), data=DataChoice(source="mnist-10k"))
    found = previewer.of(7, project, {}, 12)
    assert (found.request, found.sample, found.samples) == (7, 12, 2000)
    assert set(found.thumbnails) == set(project.network.nodes) - {"flatten-1"}
    assert found.thumbnails["softmax-1"].names == tuple("0123456789")
    assert found.thumbnails["input-1"].trained and not found.thumbnails["conv2d-1"].trained
    again = previewer.of(8, replace(project, recipe=project.recipe), {}, 12)
    assert again.thumbnails["conv2d-1"] is found.thumbnails["conv2d-1"], "nothing to draw again"
    assert previewer.of(9, project, {}, 10**6).sample == 1999


def test_a_preview_of_tokens_shows_sequences_and_attention() -> None:
    network = chain(
        ("Input", {}),
        ("Flatten", {"start_dim": 1, "end_dim": 2}),
        ("Linear", {"out_features": 16}),
        ("PositionalEmbedding", {}),
        ("MultiheadAttention", {"num_heads": 2}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
    )
    found = Previewer().of(1, Project(network, data=DataChoice(source="mnist-10k")), {}, 0).thumbnails
    assert [made.kind for made in found.values()] == [
        "image", "sequence", "sequence", "attention", "classes"
    ]  # fmt: skip


@pytest.mark.parametrize("choice", [DataChoice(source="gone"), DataChoice(source="mnist-10k")])
def test_data_that_does_not_fit_gives_no_previews(choice: DataChoice) -> None:
    assert Previewer().of(1, Project(mlp(), data=choice), {}, 0).thumbnails == {}


def test_samples_in_the_plane_bring_their_grid() -> None:
    samples = Samples(torch.rand(9, 2), torch.arange(9))
    taken = samples.take(3)
    assert taken.x.shape == (1 + SIDE * SIDE, 2) and taken.label == 3
    assert taken.point is not None and all(0 < share < 1 for share in taken.point)
    assert Samples(torch.rand(9, 3), torch.arange(9)).take(0).x.shape == (1, 3)
