"""Augmentations: what they do to pixels, and that a saved generator goes on where it was."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from engine.recipe.augmentations import AUGMENTATIONS
from engine.recipe.recipe import AugmentationChoice
from engine.training.augment import Augmenter, shifted, warped
from tests.engine.recipe.options import choices

N = 400


def augmenter(kind: str, seed: int = 1, **parameters: Any) -> Augmenter:
    return Augmenter([AugmentationChoice(kind=kind, parameters=parameters)], seed)


def images(n: int = N, channels: int = 3, height: int = 9, width: int = 12) -> Tensor:
    x = torch.rand(n, channels, height, width, generator=torch.Generator().manual_seed(7))
    return x.contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("kind", "axis"), [("RandomHorizontalFlip", 3), ("RandomVerticalFlip", 2)])
def test_flips_some(kind: str, axis: int) -> None:
    x = images()
    changed = augmenter(kind, p=0.25)(x)
    flipped = (changed == x.flip(axis)).all(dim=(1, 2, 3))
    same = (changed == x).all(dim=(1, 2, 3))
    assert (flipped ^ same).all()
    assert flipped.float().mean().item() == pytest.approx(0.25, abs=0.07)
    assert torch.equal(augmenter(kind, p=1.0)(x), x.flip(axis))
    assert torch.equal(augmenter(kind, p=0.0)(x), x)


def test_shifts_are_crops_from_a_padded_image() -> None:
    x = images()
    padded = torch.nn.functional.pad(x, (3, 3, 3, 3), value=0.5)
    crops = padded.unfold(2, 9, 1).unfold(3, 12, 1)  # N, C, 7, 7, 9, 12
    changed = augmenter("RandomCrop", padding=3, fill=0.5)(x)
    equal = (crops == changed[:, :, None, None]).all(dim=(1, 4, 5))
    assert (equal.flatten(1).sum(dim=1) == 1).all()
    places = equal.flatten(1).float().sum(dim=0)
    assert (places > 0).all()  # each of the 49
    zero = torch.zeros(2, dtype=torch.int64)
    moved = shifted(x[:2], zero + 2, zero - 1, None)
    assert torch.equal(moved[:, :, 2:, :-1], x[:2, :, :-2, 1:])
    assert torch.equal(moved[:, :, 0, :-1], x[:2, :, 0, 1:])  # the edge


def turned(x: Tensor, angle: float = 0.0, scale: float = 1.0, shear: float = 0.0) -> Tensor:
    one, none = torch.ones(len(x)), torch.zeros(len(x))
    return warped(x, one * angle, one * scale, one * shear, (none, none), 0.0)


def test_a_quarter_turn_is_exact() -> None:
    x = images(4, height=9, width=9)
    assert torch.allclose(turned(x, math.pi / 2), x.rot90(1, (2, 3)), atol=1e-5)
    assert torch.allclose(turned(x), x, atol=1e-5)


def test_turning_keeps_shapes_in_wide_images() -> None:
    """A disc stays a disc: coordinates of width and height are not of one length."""
    rows, columns = torch.meshgrid(torch.arange(21.0) - 10, torch.arange(41.0) - 20, indexing="ij")
    disc = (36 - rows**2 - columns**2).clamp(min=0)[None, None] / 36
    assert torch.allclose(turned(disc, 0.7), disc, atol=0.1)
    slanted = turned(disc, shear=0.5)
    assert turned(disc, scale=1.5).sum().item() == pytest.approx(2.25 * disc.sum().item(), rel=0.05)
    assert slanted.sum().item() == pytest.approx(disc.sum().item(), rel=0.01)  # areas stay
    assert (slanted - disc).abs().max() > 0.3


def test_moves_by_shares_of_the_image() -> None:
    x = images(2, height=8, width=12)
    none, one = torch.zeros(2), torch.ones(2)
    moved = warped(x, none, one, none, (one * 0.25, none), 0.3)
    assert torch.allclose(moved[..., 3:], x[..., :-3], atol=1e-5)
    assert torch.allclose(moved[..., :3], torch.full((), 0.3), atol=1e-5)


def test_affine_draws_within_its_bounds_one_for_each() -> None:
    x = images(50, height=15, width=15)
    changed = augmenter("RandomAffine", degrees=30.0, scale=(0.8, 1.2))(x)
    assert changed.shape == x.shape and (changed != x).any(dim=(1, 2, 3)).all()
    assert torch.allclose(augmenter("RandomAffine", degrees=0.0)(x), x, atol=1e-5)


def test_brightness_and_contrast() -> None:
    x = images() + 0.5
    bright = augmenter("ColorJitter", brightness=0.5, contrast=0.0)(x) / x
    factor = bright.mean(dim=(1, 2, 3))
    assert torch.allclose(bright, factor[:, None, None, None], atol=1e-4)
    assert factor.min() < 0.6 and factor.max() > 1.4 and 0.5 <= factor.min() <= factor.max() <= 1.5
    contrast = augmenter("ColorJitter", brightness=0.0, contrast=0.5)(x)
    assert torch.allclose(contrast.mean(dim=(1, 2, 3)), x.mean(dim=(1, 2, 3)), atol=1e-5)
    spread = contrast.std(dim=(1, 2, 3)) / x.std(dim=(1, 2, 3))
    assert spread.min() < 0.6 and spread.max() > 1.4


def test_erases_one_rectangle_of_some() -> None:
    x = images(height=20, width=20)
    changed = augmenter("RandomErasing", p=0.5, scale=(0.1, 0.2), ratio=(0.5, 2.0), value=-1.0)(x)
    gone = (changed == -1).all(dim=1)
    touched = gone.any(dim=(1, 2))
    assert touched.float().mean().item() == pytest.approx(0.5, abs=0.08)
    assert torch.equal(changed[~touched], x[~touched])
    rows, columns = gone.any(dim=2).sum(dim=1), gone.any(dim=1).sum(dim=1)
    area = gone.sum(dim=(1, 2))
    assert torch.equal(area, rows * columns)  # rectangles
    share = area[touched] / 400
    assert share.min() > 0.06 and share.max() < 0.25
    assert (changed[~gone[:, None].expand_as(x)] == x[~gone[:, None].expand_as(x)]).all()


def test_noise_is_for_samples_of_any_shape() -> None:
    points = torch.zeros(5000, 2)
    changed = augmenter("GaussianNoise", sigma=0.3)(points)
    assert changed.std().item() == pytest.approx(0.3, rel=0.05) and not points.any()


def test_what_is_for_images_leaves_others_alone_and_nothing_changes_tokens() -> None:
    points, tokens = torch.rand(5, 2), torch.arange(10).reshape(5, 2)
    for kind in AUGMENTATIONS:
        assert torch.equal(augmenter(kind)(tokens), tokens)
        if AUGMENTATIONS[kind].images:
            assert torch.equal(augmenter(kind)(points), points)
    assert not Augmenter([], 1) and torch.equal(Augmenter([], 1)(points), points)


def everything(seed: int) -> Augmenter:
    return Augmenter([AugmentationChoice(kind=kind) for kind in AUGMENTATIONS], seed)


def test_equal_seeds_give_equal_batches_and_a_saved_state_goes_on() -> None:
    x = images(20)
    before = torch.random.get_rng_state()
    first, twin, other = everything(3), everything(3), everything(4)
    assert torch.equal(first(x), twin(x)) and not torch.equal(twin(x), other(x))
    state = first.state()
    following = [first(x) for _ in range(3)]
    later = everything(8)
    later.restore(state)
    assert all(torch.equal(later(x), expected) for expected in following)
    assert torch.equal(torch.random.get_rng_state(), before)  # torch's own is not touched


def test_the_layout_stays() -> None:
    x = images(4)
    assert everything(1)(x).is_contiguous(memory_format=torch.channels_last)
    assert everything(1)(x.contiguous()).is_contiguous()


@given(choice=choices(AUGMENTATIONS))
@settings(max_examples=150, deadline=None)
def test_any_parameters_give_images(choice: dict[str, Any]) -> None:
    made = AugmentationChoice.model_validate(choice)
    changed = Augmenter([made], 1)(images(5))
    assert changed.shape == (5, 3, 9, 12) and changed.isfinite().all()


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("RandomErasing", {"scale": (0.5, 0.1)}),
        ("RandomErasing", {"ratio": (1.0,)}),
        ("RandomAffine", {"scale": (2.0, 1.0)}),
        ("RandomAffine", {"translate": (0.1,)}),
        ("RandomAffine", {"scale": (0.0, 1.0)}),
        ("RandomCrop", {"padding": 10**9}),
    ],
)
def test_what_makes_no_sense_is_refused(kind: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=kind):
        AugmentationChoice(kind=kind, parameters=parameters)
