"""The engine without a window, on one of the examples; after a line with "probed", every step is
looked at."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

from engine.project.project import Project
from engine.telemetry.frame import Watch
from engine.training.trainer import Trainer
from tests.benchmarks.listening import obey
from tests.benchmarks.project import endless

#: Frames a second that a window asks for, at most.
RATE = 20.0


def steps(trainer: Trainer) -> Iterator[None]:
    while True:
        yield from _step(trainer, None)


def probed(trainer: Trainer, project: Project) -> Iterator[None]:
    """Norms of all gradients at every step; RATE times a second all that panels and canvas show."""
    nodes = project.network.nodes
    first = next(node.id for node in nodes.values() if node.kind in ("Conv2d", "Linear"))
    norms = Watch(gradients=True)
    everything = replace(
        norms, histogram_node=first, maps_node=first, thumbnails=frozenset(nodes), values=True
    )
    due = time.perf_counter()
    while True:
        now = time.perf_counter()
        watch = everything if now >= due else norms
        due = max(due, now - 1 / RATE) + 1 / RATE if now >= due else due
        yield from _step(trainer, watch)


def _step(trainer: Trainer, watch: Watch | None) -> Iterator[None]:
    """Units of work until a step is done: between two steps there may be a batch of validation."""
    before = trainer.step
    while trainer.step == before:
        trainer.advance(watch)
    yield


def main() -> None:
    gc.disable()  # as the program does, which collects in the GUI thread
    project = endless(sys.argv[1])
    trainer = Trainer(project, {})
    obey(steps(trainer), {"probed": probed(trainer, project)})


if __name__ == "__main__":
    main()
