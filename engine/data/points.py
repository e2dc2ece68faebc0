"""Points in the plane, generated: two moons, spirals, exclusive or. Simulated, and said to be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.data.source import Dataset, Settings, Source
from engine.network.layers.parameter import Parameter

Points = tuple[NDArray[np.float64], NDArray[np.int64]]
VALIDATION_SHARE = 0.25


def two_moons(count: int, random: np.random.Generator) -> Points:
    """Two half circles of radius 1 that interlock."""
    labels = np.arange(count) % 2
    angle = random.uniform(0, np.pi, count)
    x = np.where(labels == 0, np.cos(angle), 1 - np.cos(angle)) - 0.5
    y = np.where(labels == 0, np.sin(angle), 0.5 - np.sin(angle)) - 0.25
    return np.stack([x, y], axis=1), labels


def spiral(count: int, random: np.random.Generator) -> Points:
    """Two arms, each 1.75 turns about the origin, opposite each other."""
    labels = np.arange(count) % 2
    radius = np.sqrt(random.uniform(0.01, 1.0, count))
    angle = 1.75 * 2 * np.pi * radius + np.pi * labels
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), labels


def exclusive_or(count: int, random: np.random.Generator) -> Points:
    """The square −1 … 1; class 1 where the two coordinates differ in sign."""
    points = random.uniform(-1, 1, (count, 2))
    return points, (points[:, 0] * points[:, 1] < 0).astype(np.int64)


def _loader(make: Callable[[int, np.random.Generator], Points]) -> Callable[[Settings], Dataset]:
    def load(settings: Settings) -> Dataset:
        random = np.random.default_rng(settings["seed"])
        points, labels = make(settings["samples"], random)
        points = points + random.normal(0, settings["noise"], points.shape)
        order = random.permutation(len(points))
        x, y = points[order].astype(np.float32), labels[order].astype(np.int64)
        cut = _train_samples(settings)
        return Dataset(x[:cut], y[:cut], x[cut:], y[cut:])

    return load


def _train_samples(settings: Settings) -> int:
    count: int = settings["samples"]
    return count - max(1, int(count * VALIDATION_SHARE))


def _settings(noise: float) -> tuple[Parameter, ...]:
    return (
        Parameter("samples", "int", 800, "How many points.", minimum=8, maximum=1_000_000),
        Parameter("noise", "float", noise, "Spread of the points around their place.", 0.0, 10.0),
        Parameter("seed", "int", 0, "Another seed, other points.", 0, 2**32 - 1),
    )


SOURCES = (
    Source(
        name="two-moons",
        title="Two moons",
        help="Simulated points of two interlocking half circles.",
        sample=(2,),
        classes=("upper", "lower"),
        load=_loader(two_moons),
        settings=_settings(0.1),
        samples=_train_samples,
    ),
    Source(
        name="spiral",
        title="Spiral",
        help="Simulated points of two arms wound around each other.",
        sample=(2,),
        classes=("first arm", "second arm"),
        load=_loader(spiral),
        settings=_settings(0.02),
        samples=_train_samples,
    ),
    Source(
        name="xor",
        title="Exclusive or",
        help="Simulated points in a square; the class is 1 where x and y differ in sign.",
        sample=(2,),
        classes=("same sign", "other sign"),
        load=_loader(exclusive_or),
        settings=_settings(0.05),
        samples=_train_samples,
    ),
)
