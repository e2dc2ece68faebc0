"""The scalars of a run, kept for every step, readable while they grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
class Validation:
    epoch: int
    step: int
    train: Mapping[str, float]
    validation: Mapping[str, float]
    steps_per_second: float

    @property
    def train_loss(self) -> float:
        return self.train["loss"]

    @property
    def val_loss(self) -> float:
        return self.validation["loss"]

    @property
    def train_accuracy(self) -> float:
        return self.train.get("accuracy", 0.0)

    @property
    def val_accuracy(self) -> float:
        return self.validation.get("accuracy", 0.0)


EpochResult = Validation


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step."""

    step: int
    code: str
    values: Mapping[str, str | float]


class Recorder:
    def __init__(
        self, run: int, steps_per_epoch: int, validation_samples: int = 0, folder: Path | None = None
    ) -> None:
        self.run = run
        self.validation_samples = validation_samples
        self.steps_per_epoch = steps_per_epoch
        self.scalars: dict[str, Series] = {"loss": Series(), "accuracy": Series()}
        self.validations: tuple[Validation, ...] = ()
        self.marks: tuple[Mark, ...] = ()
        self.gradient_steps = Series()
        self.gradient_norms: Mapping[str, Series] = {}
        self.update_ratios: Mapping[str, Series] = {}

    @property
    def loss(self) -> Series:
        return self.scalars["loss"]

    @property
    def accuracy(self) -> Series:
        return self.scalars["accuracy"]

    @property
    def epochs(self) -> tuple[Validation, ...]:
        return self.validations

    def add_scalars(self, first_step: int, names: Sequence[str], values: NDArray[np.float32]) -> None:
        for at, name in enumerate(names):
            self.scalars.setdefault(name, Series()).append(values[:, at])

    def add_validation(self, result: Validation) -> None:
        self.validations = (*self.validations, result)

    def add_mark(self, mark: Mark) -> None:
        self.marks = (*self.marks, mark)

    def truncate(self, step: int) -> None:
        for series in self.scalars.values():
            series._length = min(series._length, step)

    def close(self) -> None:
        pass

    def add_gradients(self, step: int, gradients: Mapping[str, LayerGradient]) -> None:
        if not self.gradient_norms:
            self.gradient_norms = {node: Series() for node in gradients}
            self.update_ratios = {node: Series() for node in gradients}
        for node, layer in gradients.items():
            self.gradient_norms[node].append(np.array([layer.gradient], np.float32))
            self.update_ratios[node].append(np.array([layer.ratio], np.float32))
        # Last, so that a reader who counts the steps finds that many norms.
        self.gradient_steps.append(np.array([step], np.float32))
