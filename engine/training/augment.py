"""Augmentation of a batch on its device: every sample is changed in its own way, all at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from engine.recipe.augmentations import AUGMENTATIONS
from engine.recipe.recipe import AugmentationChoice


class Augmenter:
    """Applies `choices` in order. Its random numbers are its own and follow from the seed. What is
    for images leaves other samples alone, and whole numbers are never changed."""

    def __init__(
        self, choices: Iterable[AugmentationChoice], seed: int, device: torch.device | str = "cpu"
    ) -> None:
        self._draw = _Draw(torch.Generator(device).manual_seed(seed))
        self._choices = tuple((choice.kind, choice.complete) for choice in choices)

    def __bool__(self) -> bool:
        return bool(self._choices)

    def __call__(self, x: Tensor) -> Tensor:
        """x (N, *sample) changed, in the memory layout that it has; x itself stays as it is."""
        if not x.is_floating_point():
            return x
        changed = x
        for kind, values in self._choices:
            if AUGMENTATIONS[kind].fits(tuple(x.shape[1:])):
                changed = _CHANGES[kind](changed, values, self._draw)
        if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):
            return changed.contiguous(memory_format=torch.channels_last)
        return changed.contiguous()

    def state(self) -> Tensor:
        """For `restore`: what is drawn after it is then the same."""
        return self._draw.generator.get_state()

    def restore(self, state: Tensor) -> None:
        self._draw.generator.set_state(state)


class _Draw:
    def __init__(self, generator: torch.Generator) -> None:
        self.generator = generator

    def uniform(self, x: Tensor, low: float = 0.0, high: float = 1.0) -> Tensor:
        """A number for each sample of x, (N, 1, 1, 1)."""
        drawn = torch.rand((len(x), 1, 1, 1), generator=self.generator, device=x.device)
        return drawn * (high - low) + low

    def whole(self, x: Tensor, low: int, high: int) -> Tensor:
        """A whole number from low to high for each sample of x, (N,)."""
        size = (len(x),)
        return torch.randint(low, high + 1, size, generator=self.generator, device=x.device)

    def normal(self, x: Tensor) -> Tensor:
        """A number for each value of x."""
        return torch.randn(x.shape, generator=self.generator, device=x.device, dtype=x.dtype)


_Values = Mapping[str, Any]


def _flip(axis: int) -> Callable[[Tensor, _Values, _Draw], Tensor]:
    def change(x: Tensor, values: _Values, draw: _Draw) -> Tensor:
        return torch.where(draw.uniform(x) < values["p"], x.flip(axis), x)

    return change


def _crop(x: Tensor, values: _Values, draw: _Draw) -> Tensor:
    reach = values["padding"]
    down, right = draw.whole(x, -reach, reach), draw.whole(x, -reach, reach)
    return shifted(x, down, right, values["fill"] if values["padding_mode"] == "constant" else None)


def shifted(x: Tensor, down: Tensor, right: Tensor, fill: float | None) -> Tensor:
    """Each image of x moved by whole pixels (N,). What comes in is `fill`, or the edge if None."""
    height, width = x.shape[2:]
    rows = torch.arange(height, device=x.device) - down.unsqueeze(1)
    columns = torch.arange(width, device=x.device) - right.unsqueeze(1)
    sample = torch.arange(len(x), device=x.device)[:, None, None]
    near_rows, near_columns = rows.clamp(0, height - 1), columns.clamp(0, width - 1)
    moved = x[sample, :, near_rows.unsqueeze(2), near_columns.unsqueeze(1)].permute(0, 3, 1, 2)
    if fill is None:
        return moved
    inside = (rows == near_rows).unsqueeze(2) & (columns == near_columns).unsqueeze(1)
    return moved.masked_fill(~inside.unsqueeze(1), fill)


def _affine(x: Tensor, values: _Values, draw: _Draw) -> Tensor:
    turn, slant = math.radians(values["degrees"]), math.radians(values["shear"])
    sideways, down = values["translate"]
    return warped(
        x,
        draw.uniform(x, -turn, turn).flatten(),
        draw.uniform(x, *values["scale"]).flatten(),
        draw.uniform(x, -slant, slant).flatten(),
        (draw.uniform(x, -sideways, sideways).flatten(), draw.uniform(x, -down, down).flatten()),
        values["fill"],
    )


def warped(
    x: Tensor, angle: Tensor, scale: Tensor, shear: Tensor, shift: tuple[Tensor, Tensor], fill: float
) -> Tensor:
    """Each image of x slanted, stretched, turned against the clock around its middle and moved by
    shares of its width and height. angle, shear: radians (N,)."""
    height, width = x.shape[2:]
    # grid_sample asks where each pixel of the result comes from: turned back, shrunk, slanted back.
    cos, sin, tan = angle.cos() / scale, angle.sin() / scale, shear.tan()
    back = torch.stack(
        (
            torch.stack((cos - tan * sin, (-sin - tan * cos) * (height / width)), dim=1),
            torch.stack((sin * (width / height), cos), dim=1),
        ),
        dim=1,
    )
    moved = -2 * back @ torch.stack(shift, dim=1).unsqueeze(2)  # coordinates go from -1 to 1
    grid = functional.affine_grid(torch.cat((back, moved), dim=2), list(x.shape), align_corners=False)
    return functional.grid_sample(x - fill, grid.to(x.dtype), align_corners=False) + fill


def _jitter(x: Tensor, values: _Values, draw: _Draw) -> Tensor:
    reach = values["brightness"], values["contrast"]
    brightness, contrast = (draw.uniform(x, 1 - far, 1 + far) for far in reach)
    bright = x * brightness
    mean = bright.mean(dim=(1, 2, 3), keepdim=True)
    return mean + (bright - mean) * contrast


def _erase(x: Tensor, values: _Values, draw: _Draw) -> Tensor:
    height, width = x.shape[2:]
    area = draw.uniform(x, *values["scale"]) * (height * width)
    ratio = draw.uniform(x, *map(math.log, values["ratio"])).exp()
    tall = (area * ratio).sqrt().round().clamp(max=height)
    wide = (area / ratio).sqrt().round().clamp(max=width)
    top = (draw.uniform(x) * (height - tall + 1)).floor()
    left = (draw.uniform(x) * (width - wide + 1)).floor()
    rows = torch.arange(height, device=x.device).view(1, 1, height, 1)
    columns = torch.arange(width, device=x.device).view(1, 1, 1, width)
    inside = (rows >= top) & (rows < top + tall) & (columns >= left) & (columns < left + wide)
    return x.masked_fill(inside & (draw.uniform(x) < values["p"]), values["value"])


def _noise(x: Tensor, values: _Values, draw: _Draw) -> Tensor:
    return x + values["sigma"] * draw.normal(x)


_CHANGES: dict[str, Callable[[Tensor, _Values, _Draw], Tensor]] = {
    "RandomHorizontalFlip": _flip(3),
    "RandomVerticalFlip": _flip(2),
    "RandomCrop": _crop,
    "RandomAffine": _affine,
    "ColorJitter": _jitter,
    "RandomErasing": _erase,
    "GaussianNoise": _noise,
}
