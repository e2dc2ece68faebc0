"""The scalars of a run, kept for every step, readable while they grow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.telemetry.frame import LayerGradient

Floats = NDArray[np.float32]


class Series:
    """Numbers that only ever grow at the end.

    One thread appends. `view` may be called from any thread: what it returns never changes, because
    numbers in front of the end are never touched again and a full buffer is replaced, not resized.
    """

    def __init__(self) -> None:
        self._buffer: Floats = np.empty(1024, np.float32)
        self._length = 0

    def append(self, values: Floats) -> None:
        """Add float32 values of shape (k,)."""
        end = self._length + len(values)
        if end > len(self._buffer):
            grown = np.empty(max(end, 2 * len(self._buffer)), np.float32)
            grown[: self._length] = self._buffer[: self._length]
            self._buffer = grown
        self._buffer[self._length : end] = values
        self._length = end

    def view(self) -> Floats:
        # The length first: the buffer may grow between the two reads, but never shrinks.
        length = self._length
        view = self._buffer[:length]
        view.flags.writeable = False
        return view

    def __len__(self) -> int:
        return self._length


@dataclass(frozen=True)
class EpochResult:
    """One row a finished epoch. Losses are means over samples, accuracies shares in 0 … 1."""

    epoch: int
    step: int
    train_loss: float
    train_accuracy: float
    val_loss: float
    val_accuracy: float
    steps_per_second: float


class Recorder:
    """All scalars of one run. `loss[k]` and `accuracy[k]` belong to step k + 1 (mean over its batch).

    Gradient norms are taken at the steps in `gradient_steps` (those somebody watched)."""

    def __init__(self, run: int, steps_per_epoch: int, validation_samples: int = 0) -> None:
        self.run = run
        #: How many samples can be looked at; 0 when that is not known.
        self.validation_samples = validation_samples
        self.steps_per_epoch = steps_per_epoch
        self.loss = Series()
        self.accuracy = Series()
        self.epochs: tuple[EpochResult, ...] = ()
        self.gradient_steps = Series()
        self.gradient_norms: Mapping[str, Series] = {}
        self.update_ratios: Mapping[str, Series] = {}

    def add_epoch(self, result: EpochResult) -> None:
        self.epochs = (*self.epochs, result)

    def add_gradients(self, step: int, gradients: Mapping[str, LayerGradient]) -> None:
        if not self.gradient_norms:
            self.gradient_norms = {node: Series() for node in gradients}
            self.update_ratios = {node: Series() for node in gradients}
        for node, layer in gradients.items():
            self.gradient_norms[node].append(np.array([layer.gradient], np.float32))
            self.update_ratios[node].append(np.array([layer.ratio], np.float32))
        # Last, so that a reader who counts the steps finds that many norms.
        self.gradient_steps.append(np.array([step], np.float32))
