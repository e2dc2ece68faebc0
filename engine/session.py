"""The engine thread: commands in, signals out. The only file of the engine that runs a Qt thread for
training; torch is imported here, after the window is on screen.

Signals carry no arrays. A watcher takes frames from `mailbox`, scalars from the run's Recorder and
weights from `take_weights`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QObject, QThread, Signal

from engine.project.project import Project, Weights
from engine.telemetry.frame import Watch
from engine.telemetry.mailbox import Mailbox

if TYPE_CHECKING:
    from engine.training.trainer import Trainer

#: starting: torch is being imported. preparing: data and module are being made.
State = Literal["starting", "idle", "preparing", "running", "paused"]

#: A wait in the GUI thread ends after this many ms whatever the engine does.
JOIN_MS = 15_000
#: Speed is measured over at least this long.
SPEED_SECONDS = 0.5


@dataclass(frozen=True)
class Progress:
    """Where a run is. `speed` in steps per second, over the last second or so."""

    step: int = 0
    total_steps: int = 0
    epoch: int = 0
    epochs: int = 0
    speed: float = 0.0
    device: str = ""


class EngineThread(QThread):
    """One training at a time. Every public method returns at once and may be called at any moment,
    any number of times; what does not fit the state is ignored."""

    state_changed = Signal(str)
    run_started = Signal(object)  # Recorder
    run_ended = Signal(bool)  # True when all epochs were done
    faulted = Signal(object)  # Fault
    frame_ready = Signal()
    weights_ready = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.mailbox = Mailbox()
        #: Replaced as a whole by the engine thread; read it at any time.
        self.progress = Progress()
        self._commands: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._state: State = "starting"
        self._closing = False
        self._trainer: Trainer | None = None
        self._runs = 0
        self._watch = Watch()
        self._weights: Weights = {}
        self._single_step = False
        self._speed_from = (0.0, 0)

    # Called by the window

    @property
    def state(self) -> State:
        return self._state

    @property
    def steps_done(self) -> int:
        """Steps of the present run, this very moment."""
        trainer = self._trainer
        return trainer.step if trainer is not None else 0

    def train(self, project: Project, weights: Weights, *, single_step: bool = False) -> None:
        """Start a run of this snapshot; with `single_step` it pauses after the first step."""
        self._commands.put(lambda: self._start(project, weights, single_step))

    def pause(self) -> None:
        self._commands.put(self._pause)

    def resume(self) -> None:
        self._commands.put(self._resume)

    def step(self) -> None:
        """One training step, then pause again."""
        self._commands.put(self._step)

    def stop(self) -> None:
        self._commands.put(self._stop)

    def forget(self) -> None:
        """End the run and drop it: its project is no longer open."""
        self._commands.put(self._forget)

    def watch(self, watch: Watch) -> None:
        """What the screen shows now. Outside a running training it is looked at once."""
        self._commands.put(lambda: self._look(watch))

    def request_weights(self) -> None:
        """`weights_ready` follows, at the next step at the latest."""
        self._commands.put(self._publish_weights)

    def take_weights(self) -> Weights:
        """The numbers last published; {} when nothing was trained since the project was opened."""
        return self._weights

    def shut_down(self) -> bool:
        """End the run and the thread, and wait for it. False when it did not end in time."""
        self._closing = True
        self._commands.put(self._stop)
        return self.wait(JOIN_MS)

    # In the engine thread

    def run(self) -> None:
        import engine.training.trainer  # noqa: F401  torch comes in here

        if not self._closing:
            self._enter("idle")
        while not self._closing:
            if self._state != "running" or not self._commands.empty():
                self._commands.get()()
            else:
                self._advance()
        self._trainer = None

    def _enter(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)

    def _start(self, project: Project, weights: Weights, single_step: bool) -> None:
        if self._state in ("running", "paused"):
            return
        from engine.training.fault import fault_of
        from engine.training.trainer import Trainer

        self._enter("preparing")
        self._trainer = None  # frees the run before
        self._runs += 1
        try:
            self._trainer = Trainer(project, weights, run=self._runs)
        except Exception as error:  # whatever torch or the data throws becomes a fault
            self._enter("idle")
            self.faulted.emit(fault_of(error, project, 0))
            return
        self._single_step = single_step
        self._speed_from = (time.monotonic(), 0)
        self._report_progress()
        self.run_started.emit(self._trainer.recorder)
        self._enter("running")

    def _advance(self) -> None:
        """One unit of the loop; a frame when somebody waits for one."""
        trainer = self._trainer
        assert trainer is not None
        step = trainer.step
        try:
            frame = trainer.advance(self._watch if self.mailbox.wanted else None)
        except StopIteration:
            self._end(finished=True)
            return
        except Exception as error:  # see _start
            self._fail(error)
            return
        if frame is not None and self.mailbox.put(frame):
            self.frame_ready.emit()
        if frame is not None or trainer.step == trainer.total_steps:
            self._report_progress()
        if self._single_step and trainer.step > step:
            self._single_step = False
            self._pause()

    def _pause(self) -> None:
        if self._state == "running":
            self._flush()
            self._enter("paused")
            self._look(self._watch)

    def _resume(self) -> None:
        if self._state == "paused":
            trainer = self._trainer
            assert trainer is not None
            self._speed_from = (time.monotonic(), trainer.step)
            self._enter("running")

    def _step(self) -> None:
        if self._state == "paused":
            self._single_step = True
            self.mailbox.request()  # a step made by hand is always shown
            self._resume()

    def _stop(self) -> None:
        if self._state in ("running", "paused"):
            self._flush()
            self._end(finished=False)

    def _end(self, *, finished: bool) -> None:
        self._report_progress()
        self._publish_weights()
        self._enter("idle")
        self.run_ended.emit(finished)
        self._look(self._watch)

    def _forget(self) -> None:
        self._stop()
        self._trainer = None
        self._weights = {}
        self.progress = Progress()

    def _fail(self, error: Exception) -> None:
        from engine.training.fault import fault_of

        trainer = self._trainer
        assert trainer is not None
        fault = fault_of(error, trainer.project, trainer.step + 1)
        self._trainer = None
        del error
        self._enter("idle")
        self.run_ended.emit(False)
        self.faulted.emit(fault)

    def _flush(self) -> None:
        if self._trainer is not None:
            # A fault in it comes up again at the next step.
            with contextlib.suppress(Exception):
                self._trainer.flush()

    def _look(self, watch: Watch) -> None:
        self._watch = watch
        if self._trainer is None or self._state == "running":
            return
        if self.mailbox.put(self._trainer.look(watch)):
            self.frame_ready.emit()

    def _publish_weights(self) -> None:
        if self._trainer is not None:
            self._weights = self._trainer.weights()
        self.weights_ready.emit()

    def _report_progress(self) -> None:
        trainer = self._trainer
        if trainer is None:
            return
        then, step = self._speed_from
        elapsed = time.monotonic() - then
        speed = self.progress.speed if trainer.step else 0.0
        if elapsed > SPEED_SECONDS:
            speed = (trainer.step - step) / elapsed
            self._speed_from = (time.monotonic(), trainer.step)
        self.progress = Progress(
            trainer.step,
            trainer.total_steps,
            trainer.epoch,
            trainer.project.recipe.epochs,
            speed,
            str(trainer.device),
        )
