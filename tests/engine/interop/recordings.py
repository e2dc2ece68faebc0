"""Recorded runs as exports need them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.telemetry.recorder import Recorder, Validation


def recorded(steps: int, folder: Path | None = None, seed: int = 0) -> tuple[Recorder, np.ndarray]:
    """A run of so many steps, validated each hundred, and its values (steps, [loss, accuracy])."""
    recorder = Recorder(1, 100, folder=folder)
    values = np.random.default_rng(seed).normal(size=(steps, 2)).astype(np.float32)
    if steps:
        recorder.add_scalars(1, ["loss", "accuracy"], values)
    for step in range(100, steps + 1, 100):
        validation = {"loss": 1.0 / step, "accuracy": 0.5}
        recorder.add_validation(Validation(step // 100, step, {"loss": 1.0}, validation, 10.0))
    recorder.flush()
    return recorder, values
