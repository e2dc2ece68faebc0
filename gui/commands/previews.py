"""What the cards show while nothing is trained: one real sample through the network as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from engine.preview_service import PreviewService
from engine.project.project import Project
from engine.telemetry.thumbnail import Previews, Thumbnail
from gui.actions import Actions
from gui.canvas.scene import CanvasScene
from gui.editor import Editor
from gui.settings import Settings
from gui.training import Training

if TYPE_CHECKING:
    from gui.panels.feature_maps import FeatureMapsPanel


#: Cards that get their pictures in one turn of the event loop.
_PORTION = 8
#: ms after a change until its previews are asked for.
_PATIENCE = 40


class PreviewCommands(QObject):
    """Asks for previews when they would differ. A live run shows its own pictures instead; after its
    end the numbers that it left are previewed like any others."""

    #: The newest answer is on the cards.
    shown = Signal()

    def __init__(
        self,
        scene: CanvasScene,
        training: Training,
        actions: Actions,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.service = PreviewService(self)
        self._scene = scene
        self._editor: Editor = scene.editor
        self._training = training
        self._settings = settings
        self._panel: FeatureMapsPanel | None = None
        #: What was asked for last, and what of it is on the cards: project and sample.
        self._request = 0
        self._asked: tuple[Project, int] | None = None
        self._shown: tuple[Project, int] | None = None
        self._asking = QTimer(self)
        self._asking.setSingleShot(True)
        self._asking.setInterval(_PATIENCE)
        self._asking.timeout.connect(self._ask)
        #: What of the newest answer is still to come onto the cards.
        self._rest: list[tuple[str, Thumbnail]] = []
        self._coming = QTimer(self)
        self._coming.setSingleShot(True)
        self._coming.timeout.connect(self._show_more)
        self._of_run = False  #: the cards show what a run made of its sample
        self._looking_back = False  #: at a recorded step of it
        toggle = actions["previews"]
        toggle.setCheckable(True)
        toggle.setChecked(settings.preferences.previews)
        toggle.toggled.connect(self._toggled)
        self._actions = actions
        actions.handle({"next_sample": self._next, "previous_sample": self._previous})
        self._editor.shapes_changed.connect(self._refresh)
        training.started.connect(self.run_started)
        training.state_changed.connect(self._refresh)
        self.service.previews_ready.connect(self._show)
        self._enable()

    @property
    def wanted(self) -> bool:
        return self._settings.preferences.previews

    @property
    def is_current(self) -> bool:
        """Whether the cards show previews of the project as it is."""
        project, sample = self._shown or (None, 0)
        return (
            project is self._editor.project
            and self._panel is not None
            and sample == self._panel.sample.value()
        )

    def follow(self, panel: FeatureMapsPanel) -> None:
        """Show the sample that this panel shows."""
        self._panel = panel
        panel.sample.valueChanged.connect(self._refresh)
        panel.sample.valueChanged.connect(self._enable)
        self._enable()
        self._refresh()

    @Slot()
    def run_started(self) -> None:
        self._of_run = True
        self._scene.previewing = False
        self._drop_request()

    @Slot()
    def forget_run(self) -> None:
        """What was learned is gone; what is still on its way from the run is not shown."""
        self._of_run, self._shown = False, None
        self._scene.previewing = self.wanted
        self._refresh()

    def look_back(self, looking: bool) -> None:
        """While one looks at a recorded step, its frames come onto the cards, also after the end."""
        if looking != self._looking_back:
            self._looking_back = looking
            if looking:
                self.run_started()
            else:
                self._refresh()

    @Slot()
    def _refresh(self) -> None:
        """Ask soon: first the window shows what changed, without another thread in its way."""
        self._asking.start()

    @Slot()
    def _ask(self) -> None:
        if not self.wanted or self._panel is None or self._training.is_live or self._looking_back:
            return
        project, sample = self._asked = self._editor.project, self._panel.sample.value()
        # Which of the weights still fit is found out there, not in this thread.
        self._request = self.service.preview(project, self._editor.weights, sample)

    @Slot(object)
    def _show(self, previews: Previews) -> None:
        if previews.request != self._request:  # a run began, or it is not wanted any more
            return
        self._coming.stop()
        if not previews.thumbnails and self._of_run and not self._training.differs:
            self._shown = self._asked
            return  # a network too large for previews keeps what its run left
        self._of_run = False
        self._scene.previewing = True
        self._scene.clear_thumbnails(kept=previews.thumbnails)
        self._rest = list(previews.thumbnails.items())
        if self._panel is not None and previews.samples:
            self._panel.set_samples(previews.samples)
            self._enable()
        self._show_more()

    @Slot()
    def _show_more(self) -> None:
        """A few cards at a time: all at once would hold the window up."""
        portion, self._rest = self._rest[:_PORTION], self._rest[_PORTION:]
        self._scene.show_thumbnails(dict(portion))
        if self._rest:
            self._coming.start()
        else:
            self._shown = self._asked
            self.shown.emit()

    @Slot(bool)
    def _toggled(self, wanted: bool) -> None:
        self._settings.preferences.previews = wanted
        self._settings.save()
        if not wanted:
            self._drop_request()
            if self._scene.previewing:
                self._scene.clear_thumbnails()
            self._scene.previewing = False
        self._refresh()

    @Slot()
    def _enable(self) -> None:
        """There is a next and a previous sample, or a reason why not."""
        sample = None if self._panel is None else self._panel.sample
        least = sample is None or sample.value() == sample.minimum()
        most = sample is None or sample.value() == sample.maximum()
        self._actions.set_enabled("previous_sample", not least, self.tr("This is the first sample."))
        self._actions.set_enabled("next_sample", not most, self.tr("This is the last sample."))

    def _drop_request(self) -> None:
        self._request, self._asked, self._shown = 0, None, None
        self._coming.stop()
        self._asking.stop()

    @Slot()
    def _next(self) -> None:
        if self._panel is not None:
            self._panel.sample.stepUp()

    @Slot()
    def _previous(self) -> None:
        if self._panel is not None:
            self._panel.sample.stepDown()
