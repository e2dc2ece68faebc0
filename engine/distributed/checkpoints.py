"""The newest states of a run in a folder that all its processes see.

A checkpoint is written under another name, renamed when it is whole, and then named in the file
`latest`: whatever ends the run, `latest` names whole ones only.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from torch.distributed.checkpoint.api import CheckpointException

from engine.distributed.interval import Interval, Pace
from engine.distributed.stored import INDEX, BadCheckpoint, read, write
from engine.network.problem import Problem
from engine.project.atomic import save
from engine.project.errors import FileProblem
from engine.training.fault import TrainingError

if TYPE_CHECKING:
    from engine.runs.state import State
    from engine.training.trainer import Trainer
    from engine.training.world import World

#: Whole checkpoints that stay: the newest, and one more in case it cannot be read.
KEPT = 2
_NAME = re.compile(r"step-\d{9,18}")
_UNFINISHED = re.compile(r"\.step-\d{9,18}\.tmp")
_LATEST = "latest"
_LONGEST_LATEST = 10_000  # bytes


class Checkpoints:
    """In `folder`, which is made where it is not there. run: what torchrun calls the run, "" if that
    says nothing. All processes call the same methods at the same time.

    Raises TrainingError when the folder cannot be used."""

    def __init__(self, folder: Path, interval: Interval, world: World, run: str = "") -> None:
        self._folder = folder
        self._interval = interval
        self._world = world
        self._run = run
        self._names: tuple[str, ...] = ()
        self._pace = Pace(interval, world, 0)
        failed = self._by_first(lambda: folder.mkdir(exist_ok=True))
        if failed:
            values = {"folder": str(folder), "reason": failed}
            raise TrainingError(Problem("no_checkpoints", None, values=values))

    def resume(self, trainer: Trainer, *, wanted: bool) -> int | None:
        """Bring the trainer to where the newest checkpoint stands, and return its step; None when
        there is none. Without `wanted` only one of this very run counts, and what an earlier run left
        is forgotten. Raises TrainingError."""
        world = self._world
        self._names = world.agreed(self._known(wanted) if world.is_first else ())
        reason = ""
        for name in reversed(self._names):
            state, reason = self._read(name)
            if state is not None:
                _check(state, trainer, self._folder / name)
                trainer.restore(state)
                self._pace = Pace(self._interval, world, trainer.step)
                return trainer.step
        if self._names:
            values = {"folder": str(self._folder), "reason": reason}
            raise TrainingError(Problem("bad_checkpoint", None, values=values))
        self._by_first(lambda: (self._folder / _LATEST).unlink(missing_ok=True))
        return None

    def after(self, trainer: Trainer) -> str:
        """A unit of work is done: make a checkpoint if one is due. Why it could not be made, or ""."""
        if trainer.finished or not self._pace.due(trainer.step):
            return ""
        trainer.flush()  # a number that has gone bad is found now: what is kept is good
        name = f"step-{trainer.step:09}"
        unfinished = self._folder / f".{name}.tmp"
        failed = self._by_first(lambda: _remove(unfinished))
        if failed:
            return failed
        try:
            index = write(_signed(trainer), unfinished, self._world)
        except CheckpointException as error:
            causes = [cause for cause, _ in error.failures.values()]
            if any(isinstance(cause, KeyboardInterrupt) for cause in causes):
                raise KeyboardInterrupt from error
            return str(causes[0])
        return self._by_first(lambda: self._publish(unfinished, name, index))

    def _publish(self, unfinished: Path, name: str, index: bytes) -> None:
        """Make it whole: from here on it is the newest one, and the oldest go."""
        save(unfinished / INDEX, index)
        _remove(self._folder / name)
        os.replace(unfinished, self._folder / name)
        self._names = (*(n for n in self._names if n != name), name)[-KEPT:]
        latest = {"run": self._run, "checkpoints": self._names}
        save(self._folder / _LATEST, json.dumps(latest).encode())
        for entry in self._folder.iterdir():
            known = _NAME.fullmatch(entry.name) or _UNFINISHED.fullmatch(entry.name)
            if known and entry.name not in self._names:
                _remove(entry)

    def _known(self, wanted: bool) -> tuple[str, ...]:
        """The checkpoints that `latest` names, oldest first, if they count."""
        try:
            with (self._folder / _LATEST).open("rb") as file:
                latest = json.loads(file.read(_LONGEST_LATEST))
            run, names = str(latest["run"]), [str(name) for name in latest["checkpoints"]]
        except (OSError, ValueError, TypeError, KeyError):
            return ()
        if not (wanted or (run and run == self._run)):
            return ()
        return tuple(name for name in names[-KEPT:] if _NAME.fullmatch(name))

    def _read(self, name: str) -> tuple[State | None, str]:
        """The state of a checkpoint if every process can read it, and why not."""
        try:
            state, reason = read(self._folder / name, self._world), ""
        except BadCheckpoint as error:
            state, reason = None, f"{name}: {error}"
        reasons = [each for each in self._world.gathered(reason) if each]
        return (None, reasons[0]) if reasons else (state, "")

    def _by_first(self, action: Callable[[], object]) -> str:
        """Let the first process do this; in all, why it could not, or ""."""
        reason = ""
        if self._world.is_first:
            try:
                action()
            except (OSError, FileProblem) as error:
                reason = str(error)
        return self._world.agreed(reason)


def _signed(trainer: Trainer) -> State:
    """The state with what `_check` asks for."""
    state = trainer.state()
    return replace(state, values={**state.values, "optimizer": trainer.project.recipe.optimizer.kind})


def _check(state: State, trainer: Trainer, folder: Path) -> None:
    """Raises TrainingError for the state of another network or optimizer."""
    needed = {f"weights/{name}": tensor.shape for name, tensor in trainer.module.weights().items()}
    found = {
        name: tensor.shape for name, tensor in state.tensors.items() if name.startswith("weights/")
    }
    kind = trainer.project.recipe.optimizer.kind
    if needed != found or state.values.get("optimizer") != kind:
        values = {"folder": str(folder)}
        raise TrainingError(Problem("checkpoint_of_another", None, values=values))


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
