"""10,000 handwritten digits of MNIST (origin and licence: resources/datasets/NOTICE.md)."""

from __future__ import annotations

import numpy as np

import resources
from engine.data.source import Dataset, Settings, Source


def _load(_: Settings) -> Dataset:
    with np.load(resources.path("datasets", "mnist-10k.npz"), allow_pickle=False) as archive:
        images = archive["images"].astype(np.float32)[:, np.newaxis] / 255.0
        labels = archive["labels"].astype(np.int64)
        train, test = archive["train"], archive["test"]
    return Dataset(images[train], labels[train], images[test], labels[test])


SOURCES = (
    Source(
        name="mnist-10k",
        title="MNIST digits",
        help="10,000 handwritten digits, 28 × 28 pixels, brightness 0 … 1: 8,000 to train, 2,000 to "
        "validate.",
        sample=(1, 28, 28),
        classes=tuple("0123456789"),
        load=_load,
        samples=lambda _: 8000,
    ),
)
