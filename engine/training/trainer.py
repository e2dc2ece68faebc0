"""The training loop, one unit of work at a time.

`advance` does one training step, or one batch of a validation, so whoever drives the loop (a thread
with a window, the command line) can look, pause and stop between units. `state` holds all that
decides how the run goes on, and `restore` takes it up again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from engine.data import load, source_of
from engine.network.expand import expand
from engine.probes.observer import Observer
from engine.probes.sample import Samples
from engine.project.project import Project, Weights
from engine.runs.state import State
from engine.telemetry.frame import Frame, Watch
from engine.telemetry.recorder import Mark, Recorder, Validation
from engine.training.augment import Augmenter
from engine.training.build import build_module
from engine.training.compiled import Compiled
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
from engine.training.standing import restore, take
from engine.training.tally import Tally
from engine.training.updates import Updates
from engine.training.world import ALONE, World

_AS_IT_IS = nullcontext()


class Trainer:
    """One run of one project. Not for several threads: whoever makes it drives it.

    weights: numbers to start from; parameters without a fitting one are initialised from the seed.
    device: instead of the recipe's. recorder: to go on with, of the run that is resumed. data: samples
    that lie on the device already. world: the processes that share the run, all of which do the same.
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
        world: World = ALONE,
    ) -> None:
        self.project = project
        self.run = run
        self.world = world
        recipe = project.recipe
        self.device = choose_device(world.device(device or recipe.device))
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
        flat = expand(project.network).network
        names = {output: flat.nodes[output].name for output in self.module.outputs}
        self.objective = Objective(
            recipe,
            names,
            self.module.main,
            len(classes),
            self.data.train_y,
            probabilities=self.module.gives_probabilities,
        )
        self.step = 0
        self.epoch = 1
        self.batch_size = min(recipe.batch_size, self.data.samples)
        self.batches = Epoch(self.data, recipe.seed, 1, shuffle=recipe.shuffle)
        if self.device.type == "cpu" and data is None:
            choose_thread_count(self._rehearse, world.threads)
        updates = max(self.total_steps // recipe.accumulate, 1)
        self.updates = Updates(recipe, self.module, updates, world.optimizer)
        freeze(self.module, project.network, recipe.frozen)
        self.heads = world.heads(self.module)
        if recipe.compile:
            self.heads = Compiled(self.heads, self._not_compiled)
        self.augmenter = Augmenter(recipe.augmentations, recipe.seed, self.device)
        self.stopping = EarlyStopping()
        self.recorder = recorder or Recorder(run, self.steps_per_epoch, len(self.data.val_x))
        self.observer = Observer(self.module, Samples(self.data.val_x, self.data.val_y, classes))
        self.batch: Batch = (self.data.train_x[:0], self.data.train_y[:0])
        self._ring = ScalarRing()
        self._rates: list[float] = []
        self.validation: Iterator[None] | None = None
        self.tally = Tally(self.step)
        self.recovery = Recovery(self)
        self.recovery.remember(now=True)

    def _not_compiled(self, reason: str) -> None:
        self.recorder.add_mark(Mark(self.step, "not_compiled", {"reason": reason}))

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
        left = -(-self.batches.left // self.batch_size)
        return self.step + left + max(recipe.epochs - self.epoch, 0) * self.steps_per_epoch

    @property
    def finished(self) -> bool:
        stops = self.stopping.stops(self.project.recipe.patience)
        return self.validation is None and (stops or self.step >= self.total_steps)

    # The loop

    def advance(self, watch: Watch | None = None) -> Frame | None:
        """One unit of work; with a `watch`, also the frame of a training step. StopIteration when
        the run is over. Raises NodeError, TrainingError or what torch raises."""
        if self.validation is not None:
            if next(self.validation, "over") == "over":
                self.validation = None
            return None
        if self.finished:
            raise StopIteration
        frame = self.step_once(watch)
        if self._is_validation_due():
            self.flush()
            self.validation = self.validate()
        return frame

    def step_once(self, watch: Watch | None = None) -> Frame | None:
        """One training step, whether the run is over or not."""
        x, y = self.batch = self._take()
        seen = self.observer.begin(watch) if watch is not None else None
        with self._precision():
            heads = self.heads(x, seen.kept if seen is not None else None)
            loss, parts = self.objective(heads, x, y)
        if seen is not None:
            seen.before_backward()
        updates = self.updates
        updates.backward(loss)
        updates.before_step()
        if seen is not None:
            seen.before_update()
        updates.step(self._closure if updates.needs_closure else None)
        losses = (loss.detach(), *[part.detach() for part in parts])
        self._ring.write(losses, self.objective.kept(heads, x, y))
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
        values = self._ring.drain(self.objective.measured)
        if not len(values):
            return
        first = self.step - len(values)
        good = leading_finite(values[:, 0])
        rows = np.column_stack([values, np.array(rates, np.float32)])[:good]
        self.recorder.add_scalars(first + 1, (*self.objective.names, "learning_rate"), rows)
        if good < len(values):
            problem = self.recovery.search(first + good + 1, float(values[good, 0]))
            self.recorder.truncate(self.step)
            raise TrainingError(problem)
        self.tally.add(values)
        self.recovery.remember()

    def forget_unfetched(self) -> None:
        self._ring.clear()
        self._rates.clear()

    def begin_epoch(self, epoch: int, position: int = 0) -> None:
        recipe = self.project.recipe
        self.epoch = epoch
        self.batches = Epoch(self.data, recipe.seed, epoch, position, shuffle=recipe.shuffle)

    def _take(self) -> Batch:
        """The next batch, of the next epoch where this one is over."""
        if not self.batches.left:
            self.begin_epoch(self.epoch + 1)
        x, y = self.batches.take(self.batch_size)
        return (self.augmenter(x) if self.augmenter else x), y

    def _precision(self) -> AbstractContextManager[object]:
        precision = self.project.recipe.precision
        if precision == "float32":
            return _AS_IT_IS
        return torch.autocast(self.device.type, getattr(torch, precision))

    def _closure(self) -> Tensor:
        """Loss and gradients of the present batch anew, for optimizers that search along a line."""
        x, y = self.batch
        self.module.zero_grad(set_to_none=True)
        loss, _ = self.objective(self.heads(x), x, y)
        loss.backward()
        return loss

    def examine(self) -> tuple[str, str | None] | None:
        """One training step that looks for what is not finite and leaves no trace on the curves:
        ("output" or "gradient", node) of the first that is not, before anything is updated."""
        x, y = self.batch = self._take()
        kept: dict[str, Tensor] = {}
        with self._precision():
            loss, _ = self.objective(self.heads(x, kept), x, y)
        order = self.module.node_ids
        bad = self.world.earliest(first_not_finite(kept), order)
        if bad is not None or not loss.isfinite():
            return "output", bad
        for output in kept.values():
            if output.requires_grad:
                output.retain_grad()
        self.updates.backward(loss)
        bad = self.world.earliest(first_not_finite_gradient(self.module, kept), order[::-1])
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
        return last or (self.step % every == 0 if every else not self.batches.left)

    def validate(self) -> Iterator[None]:
        """Means over the whole validation part, in evaluation mode; one batch a unit. Raises
        TrainingError when the loss is not a number: the last step may have ruined the weights."""
        speed = self.tally.speed(self.step)
        totals = self.objective.totals()
        ema = self.updates.ema
        self.module.eval()
        if ema is not None:
            ema.swap()
        try:
            for x, y in self.data.validation():
                with torch.no_grad(), self._precision():
                    totals.add(self.heads(x), x, y)
                yield
        finally:  # also where the run is left in the middle of it
            if ema is not None:
                ema.swap()
            self.train_mode()
        self._conclude(totals, speed)

    def _conclude(self, totals: Totals, speed: float) -> None:
        found = self.world.agreed(totals.compute())
        if not math.isfinite(found.get("loss", 0.0)):
            raise TrainingError(self.recovery.search(self.step, found["loss"]))
        train = dict(zip(self.objective.names, self.tally.means(), strict=True))
        self.recorder.add_validation(Validation(self.epoch, self.step, train, found, speed))
        loss = found["loss"] if found else train["loss"]
        self.stopping = self.stopping.after(loss, self.step)
        if self.stopping.stops(self.project.recipe.patience):
            best = {"best_step": self.stopping.step}
            self.recorder.add_mark(Mark(self.step, "early_stop", best))
        self.tally = Tally(self.step)
        if self.updates.validated(loss):
            self.recovery.remember(now=True)  # a run repeated from before would keep the old rate

    def train_mode(self) -> None:
        self.module.train()
        freeze(self.module, self.project.network, self.project.recipe.frozen)

    # While it runs

    def adjust(self, project: Project) -> tuple[Mark, ...]:
        """Take over what of `project` can change during a run; each change is marked on the curves.
        The rest waits for the next run."""
        self.flush()
        recipe, marks = adjusted(self.project.recipe, project.recipe, self.step)
        marks += set_dropout(self.module, project, self.step)
        self.project = replace(self.project, recipe=recipe)
        self.batch_size = min(recipe.batch_size, self.data.samples)
        self.updates.adjust(recipe)
        self.updates.total = self.updates.count + max(
            (self.total_steps - self.step) // recipe.accumulate, 1
        )
        if self.module.training:
            self.train_mode()
        for mark in marks:
            self.recorder.add_mark(mark)
        self.recovery.remember(now=True)
        return marks

    # Going back and on

    def state(self) -> State:
        """Everything that decides how the run goes on, copied. In the middle of a validation it is
        what that began with. Raises TrainingError like `flush`: a state is always a good one."""
        self.flush()
        return take(self)

    def restore(self, state: State) -> None:
        """Stand where `state` was taken: on the CPU what follows is equal to the last bit."""
        restore(self, state)
        self.recovery.remember(now=True)
