"""What the two sides say to each other. `VERSION` counts changes that the other side must know of; a
new field with a default, or a new kind of message, is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.telemetry.frame import Frame, Watch
from engine.telemetry.recorder import Mark, Validation

VERSION = 1

#: What a run does, as its watchers see it.
RunState = Literal["preparing", "running", "paused", "ended"]
Reason = Literal["token", "too_often", "version", "full", "protocol"]
Command = Literal["pause", "resume", "step", "stop"]

# From the watcher


@dataclass(frozen=True)
class Hello:
    version: int
    token: str


@dataclass(frozen=True)
class Follow:
    """Send the run, from here on: the last known step of each series, and how many rows are known."""

    steps: Mapping[str, int] = field(default_factory=dict)
    validations: int = 0
    marks: int = 0


@dataclass(frozen=True)
class Look:
    """What the screen shows now."""

    watch: Watch


@dataclass(frozen=True)
class Request:
    """One frame, please."""


@dataclass(frozen=True)
class Order:
    command: Command


# From the server


@dataclass(frozen=True)
class Refused:
    """version: of the server, when that is what is wrong."""

    reason: Reason
    version: int = VERSION


@dataclass(frozen=True)
class Welcome:
    """run: tells this run from every other. control: whether orders are obeyed."""

    version: int
    run: str
    control: bool


@dataclass(frozen=True)
class Begun:
    """The run as it begins. project: a `.backlit` file without weights, (bytes,)."""

    project: NDArray[np.uint8]
    number: int
    steps_per_epoch: int
    validation_samples: int


@dataclass(frozen=True)
class Values:
    """What a series got: (k,) each."""

    steps: NDArray[np.int64]
    values: NDArray[np.float32]


@dataclass(frozen=True)
class Place:
    """Where the run is; sent a few times a second, and as a sign of life."""

    state: RunState
    step: int = 0
    total_steps: int = 0
    epoch: int = 0
    epochs: int = 0
    speed: float = 0.0
    device: str = ""


@dataclass(frozen=True)
class Shown:
    frame: Frame


@dataclass(frozen=True)
class Ended:
    """how: "finished" when all epochs were done. text: what went wrong, at which node."""

    how: Literal["finished", "stopped", "failed"]
    text: str = ""
    node: str | None = None


@dataclass(frozen=True)
class News:
    """What the recorder got since. series: such as "scalars/loss" or "gradient_norms/conv2d-1".
    forget: before that, all that came after this step: the run went back to it."""

    series: Mapping[str, Values] = field(default_factory=dict)
    validations: tuple[Validation, ...] = ()
    marks: tuple[Mark, ...] = ()
    forget: int | None = None


FROM_WATCHER: Mapping[str, type] = {
    kind.__name__: kind for kind in (Hello, Follow, Look, Request, Order)
}
FROM_SERVER: Mapping[str, type] = {
    kind.__name__: kind for kind in (Refused, Welcome, Begun, News, Place, Shown, Ended)
}
