"""A run elsewhere, as the window sees it: the same mailbox, recorder and signals as a run here.

The thread connects, follows, and connects again when the connection is lost; what was received stays.
"""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QObject, QThread, Signal

from engine.network.expand import expand
from engine.project.errors import FileProblem
from engine.project.project_file import Opened
from engine.remote import messages as say
from engine.remote import mirror
from engine.remote.address import Address
from engine.remote.checks import sound
from engine.remote.client import Bell, Cancelled, Connection, ConnectionFailed
from engine.remote.codec import ProtocolError
from engine.remote.snapshot import opened
from engine.session import Progress, State
from engine.telemetry.frame import Watch
from engine.telemetry.mailbox import Mailbox
from engine.telemetry.recorder import Recorder

#: connecting: for the first time. lost: trying again. ended: the run has, and all of it is here.
#: failed: nothing more will come; `failure` says why.
Link = Literal["connecting", "connected", "lost", "ended", "failed"]

#: s until the next attempt, and longer after each.
FIRST_WAIT, LONGEST_WAIT = 0.5, 10.0
JOIN_MS = 5_000
_IDLE_SECONDS = 1.0
#: Trying again does not help.
_FINAL = ("token", "version", "protocol", "bad_project", "other_run", "not_backlit")


class AskingMailbox(Mailbox):
    """Passes a request on to where the run is."""

    def __init__(self, bell: Bell) -> None:
        super().__init__()
        self._bell = bell

    def request(self) -> None:
        super().request()
        self._bell.ring()


class AttachedRun(QThread):
    """Public methods return at once. Signals carry no arrays, as those of `EngineThread`."""

    state_changed = Signal(str)
    run_started = Signal(object)  # Recorder
    run_ended = Signal(bool)  # True when all epochs were done
    #: (text, node or None): the run failed there.
    run_failed = Signal(str, object)
    frame_ready = Signal()
    link_changed = Signal(str)
    #: The run's project is here: `project`.
    project_ready = Signal()

    def __init__(self, address: Address, token: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.address = address
        self._token = token
        self._bell = Bell()
        self.mailbox = AskingMailbox(self._bell)
        self.progress = Progress()
        self.project: Opened | None = None
        #: Whether the server obeys pause, step and stop.
        self.control = False
        self.failure: ConnectionFailed | None = None
        self._recorder: Recorder | None = None
        self._snapshot = b""
        self._nodes: frozenset[str] = frozenset()
        self._run = ""
        self._link: Link = "connecting"
        self._state: State = "preparing"
        self._ended: say.Ended | None = None
        self._closing = False
        self._watch = Watch()
        self._orders: list[say.Command] = []

    # Called by the window

    @property
    def state(self) -> State:
        return self._state

    @property
    def link(self) -> Link:
        return self._link

    def watch(self, watch: Watch) -> None:
        """What the screen shows now."""
        self._watch = watch
        self._bell.ring()

    def pause(self) -> None:
        self._order("pause")

    def resume(self) -> None:
        self._order("resume")

    def step(self) -> None:
        self._order("step")

    def stop(self) -> None:
        self._order("stop")

    def announce(self) -> None:
        """Say again what was said before anybody listened."""
        if self._recorder is not None:
            self.run_started.emit(self._recorder)
        self.state_changed.emit(self._state)
        self.frame_ready.emit()
        if self._ended is not None:
            self._tell_end(self._ended)

    def try_now(self) -> None:
        """Do not wait for the next attempt."""
        self._bell.ring()

    def shut_down(self) -> bool:
        """Detach, and wait for the thread. False when it did not end in time."""
        self._closing = True
        self._bell.ring()
        ended = self.wait(JOIN_MS)
        self._bell.close()
        return ended

    def _order(self, command: say.Command) -> None:
        self._orders.append(command)
        self._bell.ring()

    # In its thread

    def run(self) -> None:
        wait = FIRST_WAIT
        try:
            while True:
                try:
                    self._follow()
                    return
                except ConnectionFailed as failure:
                    if self._link == "connecting" or failure.code in _FINAL:
                        self._fail(failure)
                        return
                    if self._link == "connected":
                        wait = FIRST_WAIT
                    self._enter_link("lost")
                self._bell.wait(wait)
                if self._closing:
                    return
                wait = min(2 * wait, LONGEST_WAIT)
        except Cancelled:
            return

    def _follow(self) -> None:
        """One connection, until the run has ended. Raises ConnectionFailed when it goes before."""
        connection = Connection(self.address, self._token, self._bell, lambda: self._closing)
        try:
            self._greet(connection)
            while self._ended is None:
                self._ask(connection)
                for message in connection.receive(_IDLE_SECONDS):
                    self._take(message)
        except ProtocolError as error:
            raise ConnectionFailed("not_backlit", str(error)) from error
        finally:
            connection.close()
        self._enter_link("ended")

    def _greet(self, connection: Connection) -> None:
        welcome = connection.welcome
        same = welcome.run == self._run and self._recorder is not None
        if not same:
            self._recorder = None
        self._run, self.control = welcome.run, welcome.control
        recorder = self._recorder
        connection.send(mirror.known(recorder) if recorder is not None else say.Follow())
        self._told: Watch | None = None
        self._asked = False
        self._orders.clear()
        self._enter_link("connected")

    def _ask(self, connection: Connection) -> None:
        watch = self._watch
        if watch != self._told:
            self._told = watch
            connection.send(say.Look(watch))
        if self.mailbox.wanted and not self._asked:
            self._asked = True
            connection.send(say.Request())
        while self._orders:
            connection.send(say.Order(self._orders.pop(0)))

    def _take(self, message: object) -> None:
        match message:
            case say.Begun():
                self._begin(message)
            case say.News():
                if self._recorder is not None:
                    mirror.add(message, self._recorder, self._nodes)
            case say.Shown():
                self._asked = False
                if self.mailbox.put(sound(message.frame, self._nodes)):
                    self.frame_ready.emit()
            case say.Place():
                self._take_place(message)
            case say.Ended():
                self._end(message)

    def _begin(self, begun: say.Begun) -> None:
        snapshot = begun.project.tobytes()
        if self._snapshot and snapshot != self._snapshot:
            raise ConnectionFailed("other_run")
        if self.project is None:
            try:
                self.project = opened(begun.project)
            except FileProblem as problem:
                raise ConnectionFailed("bad_project", str(problem)) from problem
            self._snapshot = snapshot
            self._nodes = frozenset(expand(self.project.project.network).network.nodes)
            self.project_ready.emit()
        if self._recorder is None:
            self._recorder = Recorder(
                begun.number, max(begun.steps_per_epoch, 1), max(begun.validation_samples, 0)
            )
            self.run_started.emit(self._recorder)

    def _take_place(self, place: say.Place) -> None:
        self.progress = Progress(
            place.step,
            place.total_steps,
            place.epoch,
            place.epochs,
            place.speed,
            place.device[:20],
        )
        if place.state != "ended":
            self._enter(place.state)

    def _end(self, ended: say.Ended) -> None:
        self._ended = ended
        self._enter("idle")
        self._tell_end(ended)

    def _tell_end(self, ended: say.Ended) -> None:
        self.run_ended.emit(ended.how == "finished")
        if ended.how == "failed":
            self.run_failed.emit(ended.text, ended.node)

    def _fail(self, failure: ConnectionFailed) -> None:
        self.failure = failure
        self._enter("idle")
        self._enter_link("failed")

    def _enter(self, state: State) -> None:
        if state != self._state:
            self._state = state
            self.state_changed.emit(state)

    def _enter_link(self, link: Link) -> None:
        if link != self._link:
            self._link = link
            self.link_changed.emit(link)
