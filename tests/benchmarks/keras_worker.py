"""The seed CNN in Keras on TensorFlow, trained by `fit` as its users do: arrays in, batches of 32,
Adam, the accuracy beside the loss. No progress bar, no validation. Run by the Python that has it."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras
import numpy as np

import resources
from tests.benchmarks.listening import answer


class Enough(Exception):
    """`fit` looks at its own `stop_training` at the end of an epoch only."""


class Clock(keras.callbacks.Callback):
    """Ends `fit` after a number of seconds; counts from the end of the first batch, since what `fit`
    prepares is no training."""

    #: Keras need not wait for a step's numbers to call this.
    async_safe = True

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds
        self._start = 0.0
        self._count = -1
        self.speed = 0.0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._count += 1
        now = time.perf_counter()
        if self._count == 0:
            self._start = now
        elif now - self._start >= self._seconds:
            self.speed = self._count / (now - self._start)
            raise Enough


def main() -> None:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"), layers.Flatten(),
            layers.Dense(64, activation="relu"), layers.Dense(10),
        ]
    )  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    with np.load(resources.path("datasets", "mnist-10k.npz"), allow_pickle=False) as archive:
        x = archive["images"][archive["train"]].astype(np.float32)[..., np.newaxis] / 255.0
        y = archive["labels"][archive["train"]].astype(np.int64)
    for line in sys.stdin:
        clock = Clock(float(line.split()[1]))
        with contextlib.suppress(Enough):
            model.fit(x, y, batch_size=32, epochs=1_000_000, verbose=0, callbacks=[clock])
        answer(speed=clock.speed)


if __name__ == "__main__":
    main()
