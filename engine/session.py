"""The engine thread: commands in, signals out. The only file of the engine that runs a Qt thread for
training; torch is imported here, after the window is on screen.

Signals carry no arrays. A watcher takes frames from `mailbox`, scalars from the run's Recorder and
weights from `take_weights`. With a history every run is kept on disk as it goes on: its states are what
the timeline shows, and what a crashed run is resumed from.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Literal

from PySide6.QtCore import QObject, QThread, Signal

from engine.project.project import Project, Weights
from engine.runs.retention import BUDGET_BYTES
from engine.telemetry.frame import Watch
from engine.telemetry.mailbox import Mailbox

if TYPE_CHECKING:
    from engine.runs.folder import RunFolder
    from engine.runs.history import History
    from engine.runs.run import How
    from engine.training.keeper import Keeper
    from engine.training.replay import Replay
    from engine.training.trainer import Trainer

Begun = tuple["Trainer", "RunFolder | None"]

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
    #: tuple of Mark: what `adjust` changed in the running training.
    adjusted = Signal(object)
    #: A state came to the disk, or the run is another one: `states` says which there are.
    states_changed = Signal()
    #: The recorded step that is shown, or None for the present.
    viewed_changed = Signal(object)
    #: FileProblem: the disk does not keep the run. The training goes on.
    not_kept = Signal(object)

    def __init__(self, parent: QObject | None = None, history: History | None = None) -> None:
        super().__init__(parent)
        self.mailbox = Mailbox()
        self.history = history
        #: Bytes that the states of one run may need on disk; from the next run on.
        self.state_bytes = BUDGET_BYTES
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
        self._keeper: Keeper | None = None
        self._replay: Replay | None = None
        self._viewed: int | None = None
        self._wanted_step: int | None = None

    # Called by the window

    @property
    def state(self) -> State:
        return self._state

    @property
    def steps_done(self) -> int:
        """Steps of the present run, this very moment."""
        trainer = self._trainer
        return trainer.step if trainer is not None else 0

    @property
    def run_id(self) -> str:
        """Of the present run in the history; "" when it is not kept."""
        keeper = self._keeper
        return keeper.run_id if keeper is not None else ""

    @property
    def states(self) -> tuple[int, ...]:
        """The steps of the present run that can be shown, ascending."""
        keeper = self._keeper
        return keeper.store.steps() if keeper is not None else ()

    @property
    def states_on_disk(self) -> int:
        """What these need on disk, in bytes."""
        keeper = self._keeper
        return keeper.store.bytes if keeper is not None else 0

    @property
    def viewed(self) -> int | None:
        """The recorded step that is shown, or None for the present."""
        return self._viewed

    def train(
        self,
        project: Project,
        weights: Weights,
        *,
        single_step: bool = False,
        name: str = "",
        path: Path | None = None,
    ) -> None:
        """Start a run of this snapshot; with `single_step` it pauses after the first step. name, path:
        of the project, for the history."""
        about = {"project_name": name, "path": path}
        self._commands.put(
            lambda: self._start(project, lambda: self._new(project, weights, about), single_step)
        )

    def resume_run(self, run_id: str) -> None:
        """Go on with a run of the history from its newest state."""
        self._commands.put(lambda: self._start(None, lambda: self._resumed(run_id), False))

    def fork(self, project: Project, step: int) -> None:
        """End the present run; a new one of this project goes on from its recorded state `step`."""
        self._commands.put(lambda: self._fork(project, step))

    def adjust(self, project: Project) -> None:
        """Take over what of this project can change during a run."""
        self._commands.put(lambda: self._adjust(project))

    def go_to(self, step: int) -> None:
        """Show the recorded state nearest to `step`; a training goes on meanwhile. Of several calls in
        a row the last counts."""
        self._wanted_step = step
        self._commands.put(self._go_to)

    def return_to_live(self) -> None:
        """Show the present again."""
        self._wanted_step = None
        self._commands.put(self._return_to_live)

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
        from engine.training.device import share_processor

        share_processor()

        if not self._closing:
            self._enter("idle")
        while not self._closing:
            if self._state != "running" or not self._commands.empty():
                self._commands.get()()
            else:
                self._advance()
        self._leave_run("stopped")

    def _enter(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)

    def _start(self, project: Project | None, make: Callable[[], Begun], single_step: bool) -> None:
        if self._state in ("running", "paused"):
            return
        from engine.training.fault import fault_of

        self._enter("preparing")
        self._leave_run("stopped")
        self._runs += 1
        try:
            self._trainer, folder = make()
        except Exception as error:  # whatever torch, the data or the disk throws becomes a fault
            self._enter("idle")
            self.faulted.emit(fault_of(error, project or Project(), 0))
            return
        self._keep(self._trainer, folder)
        self._single_step = single_step
        self._speed_from = (time.monotonic(), self._trainer.step)
        self._report_progress()
        self.run_started.emit(self._trainer.recorder)
        self.states_changed.emit()
        self._enter("running")

    def _new(self, project: Project, weights: Weights, about: dict[str, Any]) -> Begun:
        from engine.project.errors import FileProblem
        from engine.training import keeper
        from engine.training.trainer import Trainer

        if self.history is not None:
            try:
                return keeper.begin(self.history, project, weights, self._runs, **about)
            except FileProblem as problem:  # a full disk keeps nobody from training
                self.not_kept.emit(problem)
        return Trainer(project, weights, run=self._runs), None

    def _resumed(self, run_id: str) -> Begun:
        from engine.training import keeper

        assert self.history is not None
        return keeper.resume(self.history, run_id, self._runs)

    def _fork(self, project: Project, step: int) -> None:
        from engine.project.errors import FileProblem
        from engine.training import keeper
        from engine.training.fault import fault_of

        parent, history = self._keeper, self.history
        if parent is None or history is None or self._state not in ("idle", "running", "paused"):
            return
        try:
            state = parent.store.load(step)
        except FileProblem as problem:  # thinned out meanwhile
            self.faulted.emit(fault_of(problem, project, step))
            return
        self._stop()
        folder = parent.folder
        self._start(
            project, lambda: keeper.fork(history, folder, state, project, self._runs), single_step=False
        )

    def _keep(self, trainer: Trainer, folder: RunFolder | None) -> None:
        from engine.training.keeper import Keeper

        if folder is not None and self.history is not None:
            self._keeper = Keeper(
                trainer,
                self.history,
                folder,
                self.state_bytes,
                saved=lambda _: self.states_changed.emit(),
                failed=self.not_kept.emit,
            )

    def _leave_run(self, how: How) -> None:
        """The run is over, as far as the disk is concerned, and not shown any more."""
        self._end_keeping(how)
        self._trainer = self._keeper = self._replay = None
        self._return_to_live()

    def _end_keeping(self, how: How) -> None:
        """What was recorded can still be shown."""
        keeper = self._keeper
        if keeper is not None and not keeper.ended:
            keeper.end(how)
            self.states_changed.emit()

    def _advance(self) -> None:
        """One unit of the loop; a frame when somebody waits for one."""
        trainer = self._trainer
        assert trainer is not None
        step = trainer.step
        wanted = self.mailbox.wanted and self._viewed is None
        try:
            frame = trainer.advance(self._watch if wanted else None)
            if self._keeper is not None:
                self._keeper.after_unit()
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
        if self._state == "running" and self._flush():
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
        if self._state in ("running", "paused") and self._flush():
            self._end(finished=False)

    def _end(self, *, finished: bool) -> None:
        self._report_progress()
        self._publish_weights()
        self._enter("idle")
        self.run_ended.emit(finished)
        self._look(self._watch)
        self._end_keeping("finished" if finished else "stopped")  # a slow disk is nobody's to wait for

    def _forget(self) -> None:
        self._stop()
        self._leave_run("stopped")
        self._weights = {}
        self.states_changed.emit()
        self.progress = Progress()

    def _fail(self, error: Exception) -> None:
        from engine.training.fault import fault_of

        trainer = self._trainer
        assert trainer is not None
        fault = fault_of(error, trainer.project, trainer.step + 1)
        del error
        self._publish_weights()
        self._report_progress()
        self._enter("idle")
        self.run_ended.emit(False)
        self.faulted.emit(fault)
        self._end_keeping("failed")

    def _flush(self) -> bool:
        """Bring the recorder up to date; False when a number that is none came to light."""
        assert self._trainer is not None
        try:
            self._trainer.flush()
        except Exception as error:  # see _start
            self._fail(error)
            return False
        return True

    def _look(self, watch: Watch) -> None:
        self._watch = watch
        if self._viewed is not None:
            self._show_recorded(self._viewed)
            return
        if self._trainer is None or self._state == "running":
            return
        if self.mailbox.put(self._trainer.look(watch)):
            self.frame_ready.emit()

    def _adjust(self, project: Project) -> None:
        trainer = self._trainer
        if trainer is None or self._state not in ("running", "paused"):
            return
        try:
            marks = trainer.adjust(project)
        except Exception as error:  # see _start
            self._fail(error)
            return
        self._report_progress()
        if marks:
            self.adjusted.emit(marks)

    def _go_to(self) -> None:
        step, self._wanted_step = self._wanted_step, None
        if step is not None and self._keeper is not None and self._trainer is not None:
            nearest = self._keeper.store.nearest(step)
            if nearest is not None:
                self._show_recorded(nearest)

    def _show_recorded(self, step: int) -> None:
        """Restore a state beside the training, and look at it."""
        from engine.project.errors import FileProblem
        from engine.training.replay import Replay

        keeper, trainer = self._keeper, self._trainer
        if keeper is None or trainer is None:
            return
        try:
            self._replay = self._replay or Replay(trainer)
            frame = self._replay.frame(keeper.store.load(step), self._watch)
        except FileProblem as problem:
            self.not_kept.emit(problem)
            return
        changed, self._viewed = self._viewed != step, step
        if self.mailbox.put(frame):
            self.frame_ready.emit()
        if changed:
            self.viewed_changed.emit(step)

    def _return_to_live(self) -> None:
        if self._viewed is None:
            return
        self._viewed = None
        self.viewed_changed.emit(None)
        self.mailbox.request()
        self._look(self._watch)

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
