"""A recorded step seen again: every panel shows what it would have shown then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch

from engine.runs.state import State
from engine.telemetry.frame import Frame, Watch
from engine.telemetry.recorder import Recorder
from engine.training.trainer import Trainer


class Replay:
    """A second trainer on the samples of the first, which goes on undisturbed."""

    def __init__(self, trainer: Trainer) -> None:
        self._device = trainer.device
        self._run = trainer.run
        with self._own_random_numbers():
            self._twin = Trainer(
                trainer.project,
                {},
                str(trainer.device),
                trainer.run,
                Recorder(trainer.run, trainer.steps_per_epoch),
                trainer.data,
            )

    def frame(self, state: State, watch: Watch) -> Frame:
        """Activations with the weights of `state`; gradients, flow and values of the step that follows
        it, which is made again on its own batch."""
        twin = self._twin
        frame = Frame(self._run, state.step, int(state.values["epoch"]))
        with self._own_random_numbers():
            twin.restore(state)
            if watch.gradients or watch.values or watch.histogram_node is not None:
                twin.validation = None
                seen = twin.step_once(replace(watch, maps_node=None, thumbnails=frozenset()))
                frame = replace(seen or frame, step=frame.step, epoch=frame.epoch)
                twin.restore(state)
            return twin.observer.with_activations(frame, watch)

    @contextmanager
    def _own_random_numbers(self) -> Iterator[None]:
        """Leave the generators, and the number of threads, to the training."""
        threads = torch.get_num_threads()
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices):
            yield
        torch.set_num_threads(threads)
