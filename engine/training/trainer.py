"""The training loop, one unit of work at a time.

`advance` does one training step, or one batch of validation when an epoch has ended, so whoever
drives the loop (a thread with a window, the command line) can look, pause and stop between units.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from engine.build.blocks import at_origin
from engine.build.module import NetworkModule
from engine.build.path import Path, blocking, find_path, training_problems
from engine.build.shapes import ShapeInference
from engine.data import load, source_of
from engine.network.expand import expand
from engine.probes.observer import Observer
from engine.probes.sample import Samples
from engine.project.project import Project, Weights
from engine.telemetry.frame import Frame, Watch
from engine.telemetry.recorder import Recorder, Validation
from engine.training.device import choose_device, choose_thread_count
from engine.training.fault import TrainingError
from engine.training.finite import check_finite
from engine.training.metrics import ScalarRing, correct
from engine.training.optimizers import make_optimizer
from engine.training.resident import ResidentData

SCALARS = ("loss", "accuracy", "learning_rate")


class Trainer:
    """One run of one project. Not for several threads: whoever makes it drives it.

    weights: numbers to start from; parameters without a fitting one are initialised from the seed.
    Raises TrainingError or DataError when the project cannot be trained.
    """

    def __init__(self, project: Project, weights: Weights, device: str = "auto", run: int = 1) -> None:
        self.project = project
        self.run = run
        self.device = choose_device(device)
        recipe = project.recipe
        torch.manual_seed(recipe.seed)
        self.module = build_module(project).to(self.device)
        self.module.load(weights)
        self.data = ResidentData(load(project.data), self.device, recipe.batch_size)
        if self.data.train_x.dim() == 4:
            self.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if self.device.type == "cpu":
            self.threads = choose_thread_count(self._rehearse)
        self.optimizer = make_optimizer(recipe, self.module.parameters())
        self.recorder = Recorder(run, self.data.steps_per_epoch, len(self.data.val_x))
        samples = Samples(self.data.val_x, self.data.val_y, source_of(project.data).classes)
        self.observer = Observer(self.module, samples)
        self.step = 0
        self.epoch = 0
        self._ring = ScalarRing(self.device)
        #: Of loss and accuracy, over the steps of the epoch.
        self._totals = np.zeros(2)
        self._watch: Watch | None = None
        self._work = self._units()

    @property
    def total_steps(self) -> int:
        return self.data.steps_per_epoch * self.project.recipe.epochs

    def advance(self, watch: Watch | None = None) -> Frame | None:
        """One unit of work; with a `watch`, also the frame of a training step. StopIteration when
        all epochs are done. Raises NodeError, TrainingError or what torch raises."""
        self._watch = watch
        return next(self._work)

    def look(self, watch: Watch) -> Frame:
        """What the network makes of the watched sample, and of the latest batch, without training."""
        frame = Frame(self.run, self.step, self.epoch)
        if watch.values and self.step:
            frame = self.observer.with_values(frame, self._batch[0])
        return self.observer.with_activations(frame, watch)

    def weights(self) -> Weights:
        """A copy of all parameters and buffers, as numpy arrays."""
        return {
            name: tensor.detach().cpu().contiguous().numpy().copy()
            for name, tensor in self.module.weights().items()
        }

    def flush(self) -> None:
        """Bring the recorder up to the latest step. Raises TrainingError at a loss that is not a
        number."""
        values = self._ring.drain()
        first = self.step - len(values)
        self._totals += values.sum(axis=0, dtype=np.float64)
        rates = np.full((len(values), 1), self.project.recipe.learning_rate, np.float32)
        self.recorder.add_scalars(first + 1, SCALARS, np.concatenate([values, rates], axis=1))
        check_finite(values[:, 0], first, self.module, self.project, self._batch)

    def _units(self) -> Iterator[Frame | None]:
        for epoch in range(1, self.project.recipe.epochs + 1):
            self.epoch = epoch
            start = time.perf_counter()
            first = self.step
            self._totals = np.zeros(2)
            for batch in self.data.epoch(self.project.recipe.seed, epoch):
                self._batch = batch
                yield self._train(*batch)
            self.flush()
            speed = (self.step - first) / (time.perf_counter() - start)
            yield from self._validate(first, speed)

    def _train(self, x: Tensor, y: Tensor) -> Frame | None:
        watch = self._watch
        seen = self.observer.begin(watch) if watch is not None else None
        scores = self.module.scores(x, seen.kept if seen is not None else None)
        loss = functional.cross_entropy(scores, y)
        if seen is not None:
            seen.before_backward()
        loss.backward()
        if seen is not None:
            seen.before_update()
        self.optimizer.step()
        self._ring.write(loss.detach(), scores.detach(), y)
        self.step += 1
        frame = None
        if seen is not None and watch is not None:
            frame = seen.frame(Frame(self.run, self.step, self.epoch))
            frame = self.observer.with_activations(frame, watch)
            if frame.gradients:
                self.recorder.add_gradients(self.step, frame.gradients)
        self.optimizer.zero_grad(set_to_none=True)
        if self._ring.full or frame is not None:
            self.flush()
        return frame

    def _validate(self, first: int, speed: float) -> Iterator[Frame | None]:
        """Means over the whole validation part, in evaluation mode; one batch a unit. Raises
        TrainingError when the loss is not a number: the last step may have ruined the weights."""
        totals = torch.zeros(2, device=self.device)
        self.module.eval()
        for x, y in self.data.validation():
            with torch.no_grad():
                scores = self.module.scores(x)
                totals[0] += functional.cross_entropy(scores, y, reduction="sum")
                totals[1] += correct(scores, y)
            yield None
        self.module.train()
        val_loss, val_accuracy = (totals / len(self.data.val_x)).tolist()
        check_finite(np.array([val_loss]), self.step - 1, self.module, self.project, (x, y))
        loss, accuracy = (self._totals / max(self.step - first, 1)).tolist()
        self.recorder.add_validation(
            Validation(
                epoch=self.epoch,
                step=self.step,
                train={"loss": loss, "accuracy": accuracy},
                validation={"loss": val_loss, "accuracy": val_accuracy},
                steps_per_second=speed,
            )
        )

    def _rehearse(self) -> None:
        """A forward and backward pass that leaves no trace, to time."""
        size = self.data.batch_size
        buffers = [buffer.clone() for buffer in self.module.buffers()]
        with torch.random.fork_rng(devices=[]):
            scores = self.module.scores(self.data.train_x[:size])
            functional.cross_entropy(scores, self.data.train_y[:size]).backward()
        self.module.zero_grad(set_to_none=True)
        for buffer, before in zip(self.module.buffers(), buffers, strict=True):
            buffer.copy_(before)


def build_module(project: Project) -> NetworkModule:
    """The project's module on the CPU with PyTorch's initial numbers. Raises TrainingError naming
    the first problem that stands in the way."""
    expansion = expand(project.network)
    network = expansion.network
    report = ShapeInference().report(network)
    source = source_of(project.data)
    problems = (
        expansion.problems
        or blocking(network, report.problems)
        or training_problems(network, report, source.sample, len(source.classes), source.title)
    )
    if problems:
        raise TrainingError(at_origin(expansion, problems)[0])
    path = find_path(network)
    assert isinstance(path, Path)  # otherwise training_problems had said so
    return NetworkModule(network, path, report)
