"""The training commands, when each makes sense, and what becomes of their results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from engine.network.expand import expand
from engine.network.model import Network, Node
from engine.project.project import Project
from engine.recipe.live import LIVE_PARAMETERS, live_values
from engine.session import EngineThread
from gui.actions import Actions
from gui.documents import Documents
from gui.editor import Editor
from gui.run_source import RunSource
from gui.words import sentence

if TYPE_CHECKING:
    from engine.telemetry.recorder import Recorder


class Training(QObject):
    """Train, Pause, Step and Stop. A run keeps the snapshot it was started with; edits made while it
    runs belong to the next one, but for what can change live (`engine.recipe.live`)."""

    #: (text, level) for the message bar.
    message = Signal(str, str)
    #: (Recorder, Network): a new run begins.
    started = Signal(object, object)
    #: The node a run failed at, or None when the failure has no node.
    failed = Signal(object)
    ended = Signal()
    state_changed = Signal()

    def __init__(
        self,
        editor: Editor,
        engine: EngineThread,
        actions: Actions,
        documents: Documents,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor = editor
        self._engine = engine
        self._actions = actions
        self._documents = documents
        self._began = Project()
        self._starting = False
        self._live_values = live_values(self._began.network)
        #: Why nothing is trained here: the run that is shown is elsewhere.
        self._elsewhere, self._obeys = "", True
        self._run: RunSource = engine
        self._listen()
        engine.faulted.connect(self._faulted)
        editor.recipe_changed.connect(self._adjust)
        editor.changed.connect(self._adjust_layers)
        editor.shapes_changed.connect(self._update_actions)
        editor.replaced.connect(self._update_actions)
        actions.handle(
            {
                "train": self.train,
                "pause": self.pause,
                "step": self.step,
                "stop": self.stop,
            }
        )
        self._update_actions()

    @property
    def run(self) -> RunSource:
        """Where the run comes from that is shown."""
        return self._run

    def follow(self, run: RunSource, *, elsewhere: str = "", obeys: bool = True) -> None:
        """Show, and command, another run from now on. elsewhere: why nothing is trained here then.
        obeys: whether it can be commanded."""
        self._run.state_changed.disconnect(self._state_changed)
        self._run.run_started.disconnect(self._run_started)
        self._run.run_ended.disconnect(self._run_ended)
        self._run, self._elsewhere, self._obeys = run, elsewhere, obeys
        if elsewhere:
            self._began = self._editor.project
        self._listen()
        self._update_actions()
        self.state_changed.emit()

    @property
    def is_live(self) -> bool:
        """Whether a run is under way, or about to be, or is one elsewhere."""
        return (
            bool(self._elsewhere)
            or self._starting
            or self._run.state in ("preparing", "running", "paused")
        )

    @property
    def began(self) -> Project:
        """What the latest run began with."""
        return self._began

    @property
    def differs(self) -> bool:
        """Whether the diagram is another one than the latest run began with."""
        return not _same_computation(self._began.network, self._editor.network)

    @property
    def outdated(self) -> bool:
        """Whether the diagram has changed since the present run began."""
        return self._run.state in ("running", "paused") and self.differs

    def train(self) -> None:
        """Begin, or go on after a pause."""
        if self._run.state == "paused":
            self._run.resume()
        else:
            self._start(single_step=False)

    def pause(self) -> None:
        self._run.pause()

    def step(self) -> None:
        if self._run.state == "paused":
            self._run.step()
        else:
            self._start(single_step=True)

    def stop(self) -> None:
        self._run.stop()

    def _listen(self) -> None:
        self._run.state_changed.connect(self._state_changed)
        self._run.run_started.connect(self._run_started)
        self._run.run_ended.connect(self._run_ended)

    def fork(self, step: int) -> None:
        """End the run, and begin a new one from a recorded step of it, with the project as it is."""
        if not self._starting and step in self._engine.states and not self._blocked():
            self._begin()
            self._engine.fork(self._began, step)
            self._update_actions()

    def resume_run(self, run_id: str) -> None:
        """Go on with a run of the history, whose project is the one on the canvas."""
        if not self._starting and self._engine.state not in ("preparing", "running", "paused"):
            self._begin()
            self._engine.resume_run(run_id)
            self._update_actions()

    def _start(self, *, single_step: bool) -> None:
        if self._starting or self._engine.state not in ("idle", "starting"):
            return
        self._begin()
        self._engine.train(
            self._began,
            self._editor.fitting_weights(),
            single_step=single_step,
            name=self._documents.name,
            path=self._documents.path,
        )
        self._update_actions()

    def _begin(self) -> None:
        """A run with the project as it is now is on its way."""
        self._starting = True
        self._began = self._editor.project
        self._live_values = live_values(self._began.network)

    @Slot()
    def _adjust(self) -> None:
        """The run under way takes what can change live."""
        if self.is_live:
            self._engine.adjust(self._editor.project)

    @Slot(object)
    def _adjust_layers(self, _: object) -> None:
        values = live_values(self._editor.network) if self.is_live else self._live_values
        if values != self._live_values:
            self._live_values = values
            self._adjust()

    @Slot(str)
    def _state_changed(self, _: str) -> None:
        self._update_actions()
        self.state_changed.emit()

    @Slot(object)
    def _run_started(self, recorder: Recorder) -> None:
        self._starting = False
        self._update_actions()
        self.started.emit(recorder, expand(self._began.network).network)

    @Slot(bool)
    def _run_ended(self, _: bool) -> None:
        self.ended.emit()

    @Slot(object)
    def _faulted(self, fault: object) -> None:
        from engine.training.fault import Fault

        assert isinstance(fault, Fault)
        self._starting = False
        self._update_actions()
        self.show_failure(sentence(fault.problem), fault.problem.node)

    @Slot(str, object)
    def show_failure(self, text: str, node: str | None) -> None:
        """The run failed, at this node where that is known."""
        self.failed.emit(node)
        self.message.emit(text, "error")

    @Slot()
    def _update_actions(self, _: object = None) -> None:
        state = self._run.state
        active = state in ("running", "paused")
        busy = self._starting or state == "preparing"
        blocked = self._elsewhere or self._blocked()
        can_start = self._obeys and not busy and state != "running" and (active or not blocked)
        why = self.tr("A training is running") if active or busy else blocked
        why = why if self._obeys else self._elsewhere
        nothing = self.tr("Nothing is running") if self._obeys else self._elsewhere
        self._actions.set_enabled("train", can_start, why)
        self._actions.set_enabled("step", can_start, why)
        self._actions.set_enabled("pause", self._obeys and state == "running", nothing)
        self._actions.set_enabled("stop", self._obeys and active, nothing)
        self._actions.set_enabled("reset", not busy and not self._elsewhere, self._elsewhere or why)

    def _blocked(self) -> str:
        """Why the network cannot be trained as it stands; "" when it can."""
        if not self._editor.network.nodes:
            return self.tr("The canvas is empty. Drag layers onto it first.")
        problems = self._editor.report.blocking
        return sentence(problems[0]) if problems else ""


def _same_computation(first: Network, second: Network) -> bool:
    """Whether two networks compute the same, wherever their nodes lie and whatever blocks they form.
    What a run takes over while it goes on makes no difference."""
    if first is second:
        return True
    first, second = expand(first).network, expand(second).network
    if first.nodes.keys() != second.nodes.keys():
        return False
    return all(
        _computes(node, first) == _computes(second.nodes[node_id], second)
        for node_id, node in first.nodes.items()
    )


def _computes(node: Node, network: Network) -> object:
    live = LIVE_PARAMETERS.get(node.kind, ())
    fixed = {name: value for name, value in node.parameters.items() if name not in live}
    return node.kind, fixed, network.incoming[node.id]
