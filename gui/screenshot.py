"""The real main window, off-screen, as a picture."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from engine.command_line import DONE, FAULT, USAGE
from engine.project.examples import find

#: Longest wait for torch, the file and the first step.
PATIENCE_MS = 120_000


def screenshot(arguments: argparse.Namespace) -> int:
    """Open FILE, train for a while if asked, save the picture. The exit status."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # Off-screen Qt warns of size hints at every window; what a user must know is no Qt warning.
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    with tempfile.TemporaryDirectory() as folder:
        # A picture shows the program as it comes, not one user's layout, and changes nobody's.
        os.environ["BACKLIT_CONFIG"] = os.environ["BACKLIT_DATA"] = folder
        return _take(arguments)


def _take(arguments: argparse.Namespace) -> int:
    from gui.application import GarbageCollector, make_application
    from gui.settings import Settings
    from gui.theme import appearance

    application = make_application(sys.argv[:1])
    appearance.use(arguments.theme)
    GarbageCollector(application)
    shot = _Shot(find(arguments.file), arguments, Settings())
    shot.begin()
    application.exec()
    shot.window.shut_down()
    if shot.problem:
        sys.stderr.write(shot.problem + "\n")
    if shot.status == DONE:
        sys.stdout.write("The picture lies in {0}\n".format(arguments.out.resolve()))
    return shot.status


class _Shot(QObject):
    """Opening, training, picture: each step begins when the one before has ended."""

    def __init__(self, file: Path, arguments: argparse.Namespace, settings: object) -> None:
        super().__init__()
        from gui.settings import Settings
        from gui.window import MainWindow

        assert isinstance(settings, Settings)
        self._file = file
        self._seconds: float = arguments.train
        self._out: Path = arguments.out
        self.status = FAULT
        self.problem = ""
        self.window = MainWindow(settings)
        self.window.resize(*arguments.size)
        self.window.documents.message.connect(self._document_message)
        self.window.training.message.connect(self._training_message)
        self.window.editor.shapes_changed.connect(self._shapes_there)
        self._begun = False

    def begin(self) -> None:
        self.window.show()
        self.window.documents.load(self._file)
        QTimer.singleShot(PATIENCE_MS, self._give_up)

    @Slot(str, str)
    def _document_message(self, text: str, level: str) -> None:
        if level == "error":
            self._end(USAGE, text)

    @Slot(str, str)
    def _training_message(self, text: str, _: str) -> None:
        self._end(FAULT, text)

    @Slot(object)
    def _shapes_there(self, _: object) -> None:
        if self._begun or not self.window.editor.network.nodes:
            return
        self._begun = True
        if self._seconds <= 0:
            self.window.previews.shown.connect(self._previews_shown)
        elif self.window.editor.report.blocking:
            self._end(USAGE, self.window.commands["train"].toolTip())
        else:
            self.window.training.started.connect(self._training_started)
            self.window.commands["train"].trigger()

    @Slot()
    def _previews_shown(self) -> None:
        QTimer.singleShot(300, self._save)

    @Slot(object, object)
    def _training_started(self, *_: object) -> None:
        self.window.select_for_picture()
        QTimer.singleShot(round(self._seconds * 1000), self._save)

    @Slot()
    def _save(self) -> None:
        self.window.canvas.fit()
        picture = self.window.grab()
        with contextlib.suppress(OSError):  # what stands in the way also keeps the picture out
            self._out.parent.mkdir(parents=True, exist_ok=True)
        if picture.save(str(self._out), "PNG"):
            self._end(DONE, "")
        else:
            self._end(USAGE, "{0}: cannot be written. Choose another place.".format(self._out))

    @Slot()
    def _give_up(self) -> None:
        self._end(FAULT, "The window was not ready within two minutes.")

    def _end(self, status: int, problem: str) -> None:
        from PySide6.QtWidgets import QApplication

        self.status, self.problem = status, problem
        QApplication.exit(0)
