"""What of a run goes to the disk while it is trained: its states, its curves, and how it ended."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from engine.project.errors import FileProblem
from engine.project.project import Project, Weights
from engine.recipe.metrics import metric_named
from engine.recipe.recipe import Recipe
from engine.runs.folder import RunFolder
from engine.runs.history import History
from engine.runs.retention import is_spaced
from engine.runs.run import How, Result, improved
from engine.runs.state import State
from engine.runs.states import StateStore
from engine.telemetry.recorder import Mark, Recorder
from engine.training.trainer import Trainer

#: After so long a crash costs, at most; more where a state takes long to copy.
AUTOSAVE_SECONDS = 10.0
_COPYING_SHARE = 0.02
_RESULTS_SECONDS = 5.0
#: A small network may have hundreds of epochs a second, each better than the one before.
_BEST_SECONDS = 1.0


class Keeper:
    """Of one run with its trainer. `after_unit` is called after each unit of the loop; `end` once.

    saved: called with the step of a state that is on disk; failed: with what went wrong there. Both in
    other threads; the training goes on whatever the disk does."""

    def __init__(
        self,
        trainer: Trainer,
        history: History,
        folder: RunFolder,
        budget: int,
        saved: Callable[[int], None] | None = None,
        failed: Callable[[FileProblem], None] | None = None,
    ) -> None:
        self.trainer = trainer
        self.folder = folder
        self.store = StateStore(folder.states, budget, saved, failed)
        self._history = history
        self._failed = failed
        self._writer = ThreadPoolExecutor(1, "history")
        self._seen = -1
        self._due = 0.0
        self._results_due = 0.0
        validations = trainer.recorder.validations
        self._validated = validations[-1].step if validations else 0
        run = history.get(folder.id)
        self._results: Mapping[str, Result] = run.results if run is not None else {}
        self._best_due = 0.0
        self.ended = False

    @property
    def run_id(self) -> str:
        return self.folder.id

    def after_unit(self) -> None:
        """Keep a state where one is due. Raises TrainingError at a loss that is not a number."""
        step, now = self.trainer.step, time.monotonic()
        newest = self.trainer.recorder.validations[-1:]
        if newest and newest[0].step != self._validated:
            self._validated, measures = newest[0].step, newest[0].validation
            rising = [name for name in measures if _rises(name)]
            self._results = improved(self._results, self._validated, measures, rising)
            if self.trainer.stopping.is_best and now >= self._best_due:
                self._best_due = now + _BEST_SECONDS
                self._keep(best=True)
            if now >= self._results_due:
                self._results_due = now + _RESULTS_SECONDS
                self._writer.submit(self._tell)
        elif step != self._seen and (is_spaced(step) or now >= self._due):
            self._keep(best=False)

    def end(self, how: How) -> None:
        """Everything is on the disk then, if the disk allows. States can still be read."""
        self.ended = True
        # A fault in it was told already, and the latest good state stays.
        with contextlib.suppress(Exception):
            self._keep(best=False)
        self.store.close()
        self.trainer.recorder.close()
        self._writer.shutdown()
        self._tell(how)

    def _keep(self, *, best: bool) -> None:
        begun = time.monotonic()
        state = self.trainer.state()
        self._seen = state.step
        took = time.monotonic() - begun
        self._due = begun + max(AUTOSAVE_SECONDS, took / _COPYING_SHARE)
        self.store.put(state, keep=best)

    def _tell(self, how: How | None = None) -> None:
        """Bring the history up to date; with `how`, the run ended that way."""
        changes = {"results": self._results, "steps": self.trainer.step}
        try:
            if how is None:
                self._history.update(self.run_id, **changes)
            else:
                self._history.end(self.folder, how, **changes)
        except FileProblem as problem:
            if self._failed is not None:
                self._failed(problem)


def begin(
    history: History, project: Project, weights: Weights, number: int, device: str = "", **about: object
) -> tuple[Trainer, RunFolder]:
    """A new run from these weights. about: as for `History.start`. Raises TrainingError, DataError or
    FileProblem."""
    trainer = Trainer(project, weights, device, number)
    _, folder = history.start(project, weights, **about)  # type: ignore[arg-type]
    old = trainer.recorder
    trainer.recorder = Recorder(number, old.steps_per_epoch, old.validation_samples, folder.scalars)
    return trainer, folder


def resume(history: History, run_id: str, number: int, device: str = "") -> tuple[Trainer, RunFolder]:
    """A run of the history, standing at its newest state. Raises as `begin`, and RecordError."""
    run, folder = history.resume(run_id)
    try:
        opened = folder.read_project()
        state = StateStore(folder.states, 0).load_newest()
        project = opened.project if state is None else at_state(opened.project, state)
        recorder = Recorder.open(folder.scalars)
        recorder.run = number
        trainer = Trainer(project, opened.weights, device, number, recorder)
        if state is not None:
            trainer.restore(state)
        recorder.truncate(trainer.step)
        recorder.add_mark(Mark(trainer.step, "resumed", {}))
    except BaseException:
        history.end(folder, "crashed" if run.how == "running" else run.how)
        raise
    return trainer, folder


def fork(
    history: History,
    parent: RunFolder,
    state: State,
    project: Project,
    number: int,
    device: str = "",
    **about: object,
) -> tuple[Trainer, RunFolder]:
    """A new run that begins where `parent` stood in `state`, with its curves up to there. With another
    network or optimizer it takes the weights alone. Raises as `begin`."""
    weights = {
        name.removeprefix("weights/"): tensor.numpy()
        for name, tensor in state.tensors.items()
        if name.startswith("weights/")
    }
    trainer = Trainer(project, weights, device, number)
    run = history.get(parent.id)
    if run is not None:
        path = Path(run.path) if run.path else None
        about = {"name": run.name, "project_name": run.project, "path": path, **about}
    _, folder = history.start(
        project,
        weights,
        parent=parent.id,
        parent_step=state.step,
        **about,  # type: ignore[arg-type]
    )
    with contextlib.suppress(OSError):  # the curves before it are the parent's to show as well
        shutil.copytree(parent.scalars, folder.scalars, dirs_exist_ok=True)
    trainer.recorder = Recorder.open(folder.scalars)
    trainer.recorder.run = number
    if fits(trainer, state):
        trainer.restore(state)
    trainer.recorder.truncate(trainer.step)
    trainer.recorder.add_mark(Mark(trainer.step, "resumed", {}))
    return trainer, folder


def fits(trainer: Trainer, state: State) -> bool:
    """Whether a trainer can stand where `state` was taken: the same weights, optimizer and average."""
    mine = trainer.state()
    kinds = [Recipe.model_validate(s.values["recipe"]).optimizer.kind for s in (mine, state)]
    names = [
        {n: t.shape for n, t in s.tensors.items() if n.startswith(("weights/", "ema/"))}
        for s in (mine, state)
    ]
    return kinds[0] == kinds[1] and names[0] == names[1]


def at_state(project: Project, state: State) -> Project:
    """The project with what was changed live before `state` was taken."""
    nodes = [
        replace(node, parameters={**node.parameters, "p": state.values["dropout"][node_id]})
        for node_id, node in project.network.nodes.items()
        if node_id in state.values["dropout"]
    ]
    recipe = Recipe.model_validate(state.values["recipe"])
    return replace(project, recipe=recipe, network=project.network.with_nodes(nodes))


def _rises(name: str) -> bool:
    """Whether more of this measure is better; less of a loss is."""
    metric = metric_named(name)
    return metric is not None and metric.better == "higher"
