"""Who watches a run that has no window, as the loop sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from engine.project.project import Project
from engine.telemetry.frame import Frame, Watch

if TYPE_CHECKING:
    from engine.telemetry.recorder import Recorder


class Run(Protocol):
    """What is served of a `Trainer`. Its numbers are read from another thread at any time."""

    project: Project
    recorder: Recorder
    step: int
    epoch: int
    run: int
    device: Any

    @property
    def total_steps(self) -> int: ...

    def look(self, watch: Watch) -> Frame: ...

    def flush(self) -> None: ...


class Audience:
    """Nobody. `engine.remote.server` has those who come over the network."""

    #: What somebody waits to see of the next step. The loop reads it at every step: no lock.
    watch: Watch | None = None

    def begin(self, run: Run) -> None:
        """The run is ready for its first step."""

    def take(self, frame: Frame | None) -> bool:
        """After each unit of work: the frame that was asked for. False when the run is to end."""
        return True

    def end(
        self, how: Literal["finished", "stopped", "failed"], text: str = "", node: str | None = None
    ) -> None:
        """The last word about the run, before the process goes."""

    def close(self) -> None:
        """Nobody is served any more."""
