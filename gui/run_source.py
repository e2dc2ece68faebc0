"""Where the run comes from that the window shows: the engine here, or one elsewhere."""

from __future__ import annotations

from typing import Any, Protocol

from engine.session import Progress, State
from engine.telemetry.frame import Watch
from engine.telemetry.mailbox import Mailbox


class RunSource(Protocol):
    """What `EngineThread` and `AttachedRun` have in common. The signals are those of a QObject."""

    @property
    def mailbox(self) -> Mailbox: ...

    @property
    def progress(self) -> Progress: ...

    @property
    def state(self) -> State: ...

    @property
    def state_changed(self) -> Any: ...

    @property
    def run_started(self) -> Any: ...

    @property
    def run_ended(self) -> Any: ...

    @property
    def frame_ready(self) -> Any: ...

    def watch(self, watch: Watch) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def step(self) -> None: ...

    def stop(self) -> None: ...
