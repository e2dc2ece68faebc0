"""A run with recorded states, without a training: an engine that answers when a test lets it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from engine.telemetry.recorder import Mark, Recorder, Validation

STEPS = 3400
STATES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 2600, 3072)


def recorder(steps: int = STEPS, seed: int = 0) -> Recorder:
    result = Recorder(1, 300)
    t = np.arange(steps)
    noise = np.random.default_rng(seed).normal(0, 0.15, steps)
    loss = (2.3 * np.exp(-t / 600 + noise) + 0.02).astype(np.float32)
    accuracy = np.clip(1 - loss / 2.6, 0, 1)
    result.add_scalars(1, ("loss", "accuracy"), np.stack([loss, accuracy], axis=1))
    for epoch in range(1, steps // 300 + 1):
        mean = float(loss[epoch * 300 - 1])
        measures = {"loss": 0.1 + 1.5 / epoch, "accuracy": 1 - 0.6 / epoch}
        train = {"loss": mean, "accuracy": 0.9}
        result.add_validation(Validation(epoch, epoch * 300, train, measures, 100.0))
    result.add_mark(Mark(300, "resumed"))
    result.add_mark(Mark(900, "learning_rate", {"before": 0.001, "after": 0.0003}))
    result.add_mark(Mark(2400, "best"))
    return result


class Past(QObject):
    """Stands in for the engine: with `slow`, `answer` shows what was asked for last."""

    viewed_changed = Signal(object)
    states_changed = Signal()
    state_changed = Signal(str)
    not_kept = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.state = "paused"
        self.states: tuple[int, ...] = ()
        self.viewed: int | None = None
        self.run_id = ""
        self.state_bytes = 0
        self.states_on_disk = 6 * 2**20
        self.slow = False
        self.asked: list[int | None] = []

    def record(self, *states: int) -> None:
        self.states = states
        self.states_changed.emit()

    def go_to(self, step: int) -> None:
        self._ask(step)

    def return_to_live(self) -> None:
        self._ask(None)

    def answer(self) -> None:
        self.viewed = self.asked[-1]
        self.viewed_changed.emit(self.viewed)

    def _ask(self, step: int | None) -> None:
        self.asked.append(step)
        if not self.slow:
            self.answer()
