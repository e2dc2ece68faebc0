"""The window as a watcher of a run elsewhere: attach, be told of the connection, detach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QVBoxLayout

from engine.attached import AttachedRun
from engine.messages import shown
from engine.remote.address import Address
from gui.actions import Actions
from gui.attach.bar import AttachedBar
from gui.attach.dialog import AttachDialog
from gui.attach.words import failure_text

if TYPE_CHECKING:
    from gui.window import MainWindow


class AttachCommands(QObject):
    """The run's project becomes the window's, untitled; canvas and panels then show the frames of that
    run as they show those of one here. What it left stays on screen until the window is detached."""

    #: (text, level) for the message bar.
    message = Signal(str, str)

    def __init__(self, actions: Actions, window: MainWindow) -> None:
        super().__init__(window)
        self._actions = actions
        self._window = window
        self._dialog: AttachDialog | None = None
        self._opening = False
        self.run: AttachedRun | None = None
        self.bar = AttachedBar()
        center = window.canvas.parentWidget()
        column = center.layout() if center is not None else None
        assert isinstance(column, QVBoxLayout)
        column.insertWidget(0, self.bar)
        self.bar.detach_wanted.connect(self.detach)
        self.bar.try_wanted.connect(self._try_now)
        actions.handle({"attach": self.attach, "detach": self.detach})
        window.editor.replaced.connect(self._project_replaced)
        self._enable()

    @property
    def is_attached(self) -> bool:
        """Whether the window shows a run elsewhere."""
        return self.run is not None and self._window.training.run is self.run

    def attach(self) -> None:
        """Ask for the address, once nothing unsaved can be lost."""
        self._window.documents.close(self._ask)

    def detach(self) -> None:
        """Leave the run alone; its curves stay until the next one."""
        run, self.run = self.run, None
        if run is None:
            return
        if self._window.training.run is run:
            self._window.training.follow(self._window.engine)
            if self._window.live is not None:
                self._window.live.follow(self._window.engine)
        self._drop(run)
        self.bar.hide()
        self._enable()

    def _ask(self) -> None:
        self._dialog = AttachDialog(self._window)
        self._dialog.wanted.connect(self._connect)
        self._dialog.finished.connect(self._dialog_closed)
        self._dialog.open()

    @Slot(object, str)
    def _connect(self, address: Address, token: str) -> None:
        self.detach()
        self.run = AttachedRun(address, token, self._window)
        self.run.project_ready.connect(self._show)
        self.run.link_changed.connect(self._link_changed)
        self._window.threads.append(self.run)
        self.run.start()

    @Slot(int)
    def _dialog_closed(self, _: int) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()
        if not self.is_attached:
            self.detach()

    @Slot()
    def _show(self) -> None:
        """The run's project is here: open it, and show its frames from now on."""
        run, window = self.run, self._window
        if run is None or run.project is None or self.sender() is not run or window.live is None:
            return
        self._opening = True
        window.documents.show_untitled(run.project)
        self._opening = False
        window.training.follow(run, elsewhere=self._why_not_here(), obeys=run.control)
        window.live.follow(run)
        run.run_failed.connect(window.training.show_failure)
        run.announce()
        if self._dialog is not None:
            self._dialog.accept()
        self._say()
        self._enable()

    def _why_not_here(self) -> str:
        assert self.run is not None
        if self.run.control:
            return self.tr("The window shows a run elsewhere. Detach to train here.")
        return self.tr(
            "This run can only be watched: it is not served with --control. Detach to train here."
        )

    @Slot(str)
    def _link_changed(self, link: str) -> None:
        run = self.run
        if run is None or self.sender() is not run:
            return
        if self.is_attached:
            self._say()
        elif link == "failed" and run.failure is not None:
            text = failure_text(run.failure, run.address)
            self.detach()
            if self._dialog is not None:
                self._dialog.show_failure(text)

    def _say(self) -> None:
        run = self.run
        if run is None:
            return
        where = shown(run.address)
        if run.link == "failed" and run.failure is not None:
            self.bar.say(failure_text(run.failure, run.address), "warning")
        elif run.link == "lost":
            text = self.tr("The connection to {0} is lost. Trying again …").format(where)
            self.bar.say(text, "warning", can_try=True)
        elif run.link == "ended":
            text = self.tr("The run at {0} has ended. This is what it left.").format(where)
            self.bar.say(text, "info")
        else:
            self.bar.say(self.tr("Attached to {0}").format(where), "info")

    @Slot()
    def _try_now(self) -> None:
        if self.run is not None:
            self.run.try_now()

    @Slot()
    def _project_replaced(self) -> None:
        """Another project was opened: what the run sends does not belong to it."""
        if not self._opening and self.is_attached:
            self.detach()

    def _drop(self, run: AttachedRun) -> None:
        run.shut_down()
        self._window.threads.remove(run)
        run.deleteLater()

    def _enable(self) -> None:
        reason = self.tr("The window is attached to no run.")
        self._actions.set_enabled("detach", self.is_attached, reason)
