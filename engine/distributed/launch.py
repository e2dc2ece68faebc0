"""How a run from the command line begins in several processes, and where it goes on after a loss.

torch is imported where it is needed only: alone, and without checkpoints, nothing here costs anything.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from engine.training.world import ALONE, World

if TYPE_CHECKING:
    from engine.distributed.checkpoints import Checkpoints

#: What torchrun tells every process that it starts.
_TOLD = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")


def is_worker(arguments: argparse.Namespace) -> bool:
    """Whether torchrun started this process, to train."""
    return arguments.command == "train" and all(name in os.environ for name in _TOLD)


def leave(status: int) -> NoReturn:
    """End a worker whose work is done. Where the processor is busy, gloo's threads may outlive the
    interpreter, and the C++ library then aborts the process that tidies up after itself."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


@contextmanager
def world_of(arguments: argparse.Namespace) -> Iterator[World]:
    """The processes that share what the arguments ask for. The first alone speaks on standard
    output."""
    if not is_worker(arguments):
        yield ALONE
        return
    from engine.distributed.group import joined

    with joined(shard_optimizer=arguments.shard_optimizer) as group:
        if group.is_first:
            yield group
            return
        with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            yield group


def checkpoints_of(arguments: argparse.Namespace, world: World) -> Checkpoints | None:
    """Where the run keeps its states, if it does. Raises TrainingError when it cannot."""
    folder = _folder(arguments, world) if arguments.command == "train" else None
    if folder is None:
        return None
    from engine.distributed.checkpoints import Checkpoints

    return Checkpoints(folder, arguments.checkpoint_every, world, _run(os.environ))


def is_restarted() -> bool:
    """Whether torchrun has started these processes anew, after it lost one."""
    return os.environ.get("TORCHELASTIC_RESTART_COUNT", "0") != "0"


def _folder(arguments: argparse.Namespace, world: World) -> Path | None:
    if arguments.checkpoints is not None:
        folder: Path = arguments.checkpoints
        return folder
    if arguments.out is None or world is ALONE:
        return None
    out: Path = arguments.out
    return out.with_name(f"{out.name}.checkpoints")


def _run(environment: Mapping[str, str]) -> str:
    """The name that torchrun has for the run; "none" is what it calls all that were given none."""
    name = environment.get("TORCHELASTIC_RUN_ID", "")
    return "" if name == "none" else name
