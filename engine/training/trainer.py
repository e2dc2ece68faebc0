"""The training loop, one unit of work at a time.

`advance` does one training step, or one batch of a validation, so whoever drives the loop (a thread
with a window, the command line) can look, pause and stop between units. `state` holds all that
decides how the run goes on, and `restore` takes it up again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.data import load, source_of
from engine.probes.observer import Observer
from engine.probes.sample import Samples
from engine.project.project import Project, Weights
from engine.telemetry.frame import Frame, Watch
from engine.telemetry.recorder import Mark, Recorder, Validation
from engine.training.augment import Augmenter
from engine.training.build import build_module
from engine.training.device import choose_device, choose_thread_count
from engine.training.early import EarlyStopping
from engine.training.fault import TrainingError
from engine.training.finite import first_not_finite, first_not_finite_gradient, leading_finite
from engine.training.initializers import initialise
from engine.training.live import adjusted, freeze, set_dropout
from engine.training.objective import Objective, Totals
from engine.training.recovery import Recovery
from engine.training.resident import Batch, Epoch, ResidentData
from engine.training.ring import ScalarRing
from engine.training.state import State
from engine.training.updates import Updates

_AS_IT_IS = nullcontext()


class Trainer:
    """One run of one project. Not for several threads: whoever makes it drives it.

    weights: numbers to start from; parameters without a fitting one are initialised from the seed.
    device: instead of the recipe's. recorder: to go on with, of the run that is resumed. data: samples
    that lie on the device already.
    Raises TrainingError or DataError when the project cannot be trained.
    """

    def __init__(
        self,
        project: Project,
        weights: Weights,
        device: str = "",
        run: int = 1,
        recorder: Recorder | None = None,
        data: ResidentData | None = None,
    ) -> None:
        self.project = project
        self.run = run
        recipe = project.recipe
        self.device = choose_device(device or recipe.device)
        torch.manual_seed(recipe.seed)
        self.module = build_module(project).to(self.device)
        initialise(self.module, recipe.initializer, recipe.seed)
        self.module.load(weights)
        self.data = data or ResidentData(
            load(project.data), self.device, recipe.validation_share, recipe.seed
        )
        if self.data.train_x.dim() == 4:
            self.module.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        classes = source_of(project.data).classes
        names = {output: project.network.nodes[output].name for output in self.module.outputs}
        self.objective = Objective(recipe, names, self.module.main, len(classes), self.data.train_y)
        self.step = 0
        self.epoch = 1
        self.batch_size = min(recipe.batch_size, self.data.samples)
        self._batches = Epoch(self.data, recipe.seed, 1, shuffle=recipe.shuffle)
        if self.device.type == "cpu" and data is None:
            choose_thread_count(self._rehearse)
        self.updates = Updates(recipe, self.module, max(self.total_steps // recipe.accumulate, 1))
        freeze(self.module, project.network, recipe.frozen)
        self.augmenter = Augmenter(recipe.augmentations, recipe.seed) if recipe.augmentations else None
        self.stopping = EarlyStopping(recipe.patience)
        self.recorder = recorder or Recorder(run, self.steps_per_epoch, len(self.data.val_x))
        self.observer = Observer(self.module, Samples(self.data.val_x, self.data.val_y, classes))
        self.batch: Batch = (self.data.train_x[:0], self.data.train_y[:0])
        self._ring = ScalarRing()
        self._rates: list[float] = []
        self._validation: Iterator[None] | None = None
        #: Whether the module holds the moving average of its weights at the moment.
        self._averaged = False
        self._since = _Since(self.step)
        self._recovery = Recovery(self)
        self._recovery.remember(now=True)

    # How far it is

    @property
    def steps_per_epoch(self) -> int:
        return -(-self.data.samples // self.batch_size)

    @property
    def total_steps(self) -> int:
        """Of the whole run, as things stand: the batch size may have changed on the way."""
        recipe = self.project.recipe
        if recipe.steps:
            return recipe.steps
        left = -(-self._batches.left // self.batch_size)
        return self.step + left + max(recipe.epochs - self.epoch, 0) * self.steps_per_epoch

    @property
    def finished(self) -> bool:
        return self._validation is None and (self.step >= self.total_steps or self.stopping.over)

    # The loop

    def advance(self, watch: Watch | None = None) -> Frame | None:
        """One unit of work; with a `watch`, also the frame of a training step. StopIteration when
        the run is over. Raises NodeError, TrainingError or what torch raises."""
        if self._validation is not None:
            if next(self._validation, "over") == "over":
                self._validation = None
            return None
        if self.finished:
            raise StopIteration
        if not self._batches.left:
            self._begin_epoch(self.epoch + 1)
        frame = self._train(watch)
        if self._is_validation_due():
            self.flush()
            self._validation = self._validate()
        return frame

    def look(self, watch: Watch) -> Frame:
        """What the network makes of the watched sample, and of the latest batch, without training."""
        frame = Frame(self.run, self.step, self.epoch)
        if watch.values and len(self.batch[0]):
            frame = self.observer.with_values(frame, self.batch[0])
        return self.observer.with_activations(frame, watch)

    def weights(self) -> Weights:
        """A copy of all parameters and buffers, as numpy arrays."""
        return {
            name: tensor.detach().cpu().contiguous().numpy().copy()
            for name, tensor in self.module.weights().items()
        }

    def flush(self) -> None:
        """Bring the recorder up to the latest step. Raises TrainingError at a loss that is not a
        number; the trainer then stands before the step that went bad."""
        rates, self._rates = self._rates, []
        values = self._ring.drain()
        if not len(values):
            return
        first = self.step - len(values)
        good = leading_finite(values[:, 0])
        rows = np.column_stack([values, np.array(rates, np.float32)])[:good]
        self.recorder.add_scalars(first + 1, (*self.objective.names, "learning_rate"), rows)
        if good < len(values):
            problem = self._recovery.search(first + good + 1, float(values[good, 0]))
            self.recorder.truncate(self.step)
            raise TrainingError(problem)
        self._since.add(values)
        self._recovery.remember()

    def _begin_epoch(self, epoch: int, position: int = 0) -> None:
        recipe = self.project.recipe
        self.epoch = epoch
        self._batches = Epoch(self.data, recipe.seed, epoch, position, shuffle=recipe.shuffle)

    def _train(self, watch: Watch | None) -> Frame | None:
        x, y = self.batch = self._take()
        seen = self.observer.begin(watch) if watch is not None else None
        with self._precision():
            heads = self.module.heads(x, seen.kept if seen is not None else None)
            loss, parts = self.objective(heads, x, y)
        if seen is not None:
            seen.before_backward()
        updates = self.updates
        updates.backward(loss)
        updates.before_step()
        if seen is not None:
            seen.before_update()
        updates.step(self._closure if updates.needs_closure else None)
        self._ring.write(loss.detach(), *parts, *self.objective.measures(heads, x, y))
        self._rates.append(updates.rate)
        self.step += 1
        frame = None
        if seen is not None and watch is not None:
            frame = seen.frame(Frame(self.run, self.step, self.epoch))
            frame = self.observer.with_activations(frame, watch)
            if frame.gradients:
                self.recorder.add_gradients(self.step, frame.gradients)
        updates.clear()
        if self._ring.full or frame is not None:
            self.flush()
        return frame

    def _take(self) -> Batch:
        x, y = self._batches.take(self.batch_size)
        return (x if self.augmenter is None else self.augmenter(x)), y

    def _precision(self) -> AbstractContextManager[object]:
        precision = self.project.recipe.precision
        if precision == "float32":
            return _AS_IT_IS
        return torch.autocast(self.device.type, getattr(torch, precision))

    def _closure(self) -> Tensor:
        """Loss and gradients of the present batch anew, for optimizers that search along a line."""
        x, y = self.batch
        self.module.zero_grad(set_to_none=True)
        loss, _ = self.objective(self.module.heads(x), x, y)
        loss.backward()
        return loss

    def examine(self) -> tuple[str, str | None] | None:
        """One training step that looks for what is not finite and leaves no trace on the curves:
        ("output" or "gradient", node) of the first that is not, before anything is updated."""
        if not self._batches.left:
            self._begin_epoch(self.epoch + 1)
        x, y = self.batch = self._take()
        kept: dict[str, Tensor] = {}
        with self._precision():
            loss, _ = self.objective(self.module.heads(x, kept), x, y)
        bad = first_not_finite(kept)
        if bad is not None or not loss.isfinite():
            return "output", bad
        for output in kept.values():
            if output.requires_grad:
                output.retain_grad()
        self.updates.backward(loss)
        bad = first_not_finite_gradient(self.module, kept)
        if bad is not None:
            return "gradient", bad
        self.updates.before_step()
        self.updates.step(self._closure if self.updates.needs_closure else None)
        self.updates.clear()
        self.step += 1
        return None

    def _rehearse(self) -> None:
        """A forward and backward pass that leaves no trace, to time."""
        x, y = self.data.train_x[: self.batch_size], self.data.train_y[: self.batch_size]
        buffers = [buffer.clone() for buffer in self.module.buffers()]
        with torch.random.fork_rng(devices=[]):
            self.objective(self.module.heads(x), x, y)[0].backward()
        self.module.zero_grad(set_to_none=True)
        for buffer, before in zip(self.module.buffers(), buffers, strict=True):
            buffer.copy_(before)

    # Validation

    def _is_validation_due(self) -> bool:
        every = self.project.recipe.validate_every
        last = self.step >= self.total_steps
        return last or (self.step % every == 0 if every else not self._batches.left)

    def _validate(self) -> Iterator[None]:
        """Means over the whole validation part, in evaluation mode; one batch a unit. Raises
        TrainingError when the loss is not a number: the last step may have ruined the weights."""
        speed = self._since.speed(self.step)
        totals = self.objective.totals()
        self.module.eval()
        self._swap_average()
        try:
            for x, y in self.data.validation():
                with torch.no_grad(), self._precision():
                    totals.add(self.module.heads(x), x, y)
                yield
        finally:  # also where the run is left in the middle of it
            self._swap_average()
            self._train_mode()
        self._conclude(totals, speed)

    def _conclude(self, totals: Totals, speed: float) -> None:
        found = totals.compute()
        if not math.isfinite(found.get("loss", 0.0)):
            raise TrainingError(self._recovery.search(self.step, found["loss"]))
        train = dict(zip(self.objective.names, self._since.means(), strict=True))
        self.recorder.add_validation(Validation(self.epoch, self.step, train, found, speed))
        loss = found["loss"] if found else train["loss"]
        if self.stopping.update(loss, self.step):
            self.recorder.add_mark(Mark(self.step, "best", {"loss": loss}))
        elif self.stopping.over:
            self.recorder.add_mark(
                Mark(self.step, "early_stop", {"best_step": self.stopping.best_step})
            )
        self.updates.validated(loss)
        self._since = _Since(self.step)
        self._recovery.remember(now=True)

    def _swap_average(self) -> None:
        """Weights and their moving average, if there is one, change places."""
        if self.updates.ema is not None:
            self.updates.ema.swap()
            self._averaged = not self._averaged

    def _train_mode(self) -> None:
        self.module.train()
        freeze(self.module, self.project.network, self.project.recipe.frozen)

    # While it runs

    def adjust(self, project: Project) -> tuple[Mark, ...]:
        """Take over what of `project` can change during a run; each change is marked on the curves.
        The rest waits for the next run."""
        self.flush()
        recipe, marks = adjusted(self.project.recipe, project.recipe, self.step)
        marks += set_dropout(self.module, self.project, project, self.step)
        self.project = replace(self.project, recipe=recipe)
        self.batch_size = min(recipe.batch_size, self.data.samples)
        self.stopping.patience = recipe.patience
        self.updates.adjust(recipe)
        self.updates.total = self.updates.count + max(
            (self.total_steps - self.step) // recipe.accumulate, 1
        )
        if self.module.training:
            self._train_mode()
        for mark in marks:
            self.recorder.add_mark(mark)
        self._recovery.remember(now=True)
        return marks

    # Going back and on

    def state(self) -> State:
        """Everything that decides how the run goes on, copied. In the middle of a validation it is
        what that began with."""
        averaged = self._averaged
        if averaged:
            self._swap_average()
        tensors = {f"weights/{name}": tensor for name, tensor in self.module.weights().items()}
        tensors |= self.updates.tensors()
        if self.augmenter is not None:
            tensors |= {f"augment/{name}": held for name, held in self.augmenter.state().items()}
        tensors["rng/cpu"] = torch.get_rng_state()
        if self.device.type == "cuda":
            tensors["rng/cuda"] = torch.cuda.get_rng_state(self.device)
        copies = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
        if averaged:
            self._swap_average()
        values = {
            "step": self.step,
            "epoch": self.epoch,
            "position": self._batches.position,
            "batch_size": self.batch_size,
            "validating": self._validation is not None,
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "stopping": self.stopping.values(),
            "updates": self.updates.values(),
            "since": self._since.values(),
        }
        return State(copies, values)

    def restore(self, state: State) -> None:
        """Stand where `state` was taken: on the CPU what follows is equal to the last bit."""
        tensors, values = state.tensors, state.values
        self._validation = None
        self._ring.drain()
        self._rates.clear()
        if self.device.type == "cpu" and torch.get_num_threads() != values["threads"]:
            torch.set_num_threads(values["threads"])
        with torch.no_grad():
            for name, tensor in self.module.weights().items():
                tensor.copy_(tensors[f"weights/{name}"])
        self.updates.restore(tensors, values["updates"])
        self.stopping.restore(values["stopping"])
        if self.augmenter is not None:
            self.augmenter.restore(_under("augment/", tensors))
        self.step, self.batch_size = values["step"], values["batch_size"]
        self._begin_epoch(values["epoch"], values["position"])
        self._since = _Since(*values["since"])
        self._train_mode()
        if values["validating"]:
            self._validation = self._validate()
        torch.set_rng_state(tensors["rng/cpu"])
        if "rng/cuda" in tensors and self.device.type == "cuda":
            torch.cuda.set_rng_state(tensors["rng/cuda"], self.device)
        self._recovery.remember(now=True)


class _Since:
    """What is summed up from one validation to the next: means of all scalars, and speed."""

    def __init__(self, step: int, sums: Sequence[float] = (), count: int = 0) -> None:
        self._step = step
        self._sums = np.array(sums, np.float64)
        self._count = count
        self._begun = (time.perf_counter(), step + count)

    def add(self, values: NDArray[np.float32]) -> None:
        """values: (steps, scalars)."""
        total = values.sum(axis=0, dtype=np.float64)
        self._sums = self._sums + total if self._count else total
        self._count += len(values)

    def means(self) -> list[float]:
        return [float(value) for value in self._sums / max(self._count, 1)]

    def speed(self, step: int) -> float:
        """Steps a second."""
        begun, first = self._begun
        return (step - first) / max(time.perf_counter() - begun, 1e-9)

    def values(self) -> list[Any]:
        return [self._step, [float(value) for value in self._sums], self._count]


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): held for name, held in tensors.items() if name.startswith(prefix)
    }
