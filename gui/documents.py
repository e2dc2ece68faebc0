"""New, Open, Save, recent files and the question about unsaved changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from engine.network.problem import Problem
from engine.project.errors import FileProblem
from engine.project.examples import EXAMPLE_FOLDER
from engine.project.project import Project, Weights
from engine.session import EngineThread
from gui.background import Background
from gui.editor import Editor
from gui.settings import Settings
from gui.words import sentence

if TYPE_CHECKING:
    from engine.project.project_file import Opened

SUFFIX = ".backlit"


class Documents(QObject):
    """Which file the project is, and whether it has changed since. Files are read and written in the
    background, one after the other."""

    #: The file's name or the changed mark is another.
    title_changed = Signal()
    #: (text, level) for the message bar.
    message = Signal(str, str)
    opened = Signal()

    def __init__(
        self, editor: Editor, engine: EngineThread, settings: Settings, window: QWidget
    ) -> None:
        super().__init__(window)
        self._editor = editor
        self._engine = engine
        self._settings = settings
        self._window = window
        self._disk = Background(self)
        self._weights_changed = False
        self._waiting_for_weights: list[Callable[[], None]] = []
        self.path: Path | None = None
        #: What was mended in the file while it was opened.
        self.repairs: tuple[Problem, ...] = ()
        editor.undo_stack.cleanChanged.connect(self._clean_changed)
        engine.weights_ready.connect(self._take_weights)
        engine.run_started.connect(self._run_started)

    @property
    def name(self) -> str:
        return self.path.stem if self.path is not None else self.tr("Untitled")

    @property
    def changed(self) -> bool:
        return self._weights_changed or not self._editor.undo_stack.isClean()

    @property
    def busy(self) -> bool:
        """Whether a file is being read or written."""
        return self._disk.busy or bool(self._waiting_for_weights)

    def wait(self) -> None:
        """Until every write has reached the disk."""
        self._disk.wait()

    # Commands

    def new(self) -> None:
        self._unless_unsaved(self._start_empty)

    def ask_open(self) -> None:
        self._unless_unsaved(self._choose_and_open)

    def open(self, path: Path) -> None:
        """Open `path` unless unsaved changes are to be kept."""
        self._unless_unsaved(lambda: self.load(path))

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Write to the project's file, asking for one when it has none; `then` when it is safe."""
        if self.path is None or EXAMPLE_FOLDER in self.path.parents:
            self.save_as(then)
        else:
            self._write(self.path, then)

    def save_as(self, then: Callable[[], None] | None = None) -> None:
        start = str(Path.home() / (self.name + SUFFIX)) if self._is_unsaved() else str(self.path)
        title, kinds = self.tr("Save network"), self.tr("Backlit networks (*.backlit)")
        chosen, _ = QFileDialog.getSaveFileName(self._window, title, start, kinds)
        if chosen:
            self._write(Path(chosen).with_suffix(SUFFIX), then)

    def close(self, then: Callable[[], None]) -> None:
        """`then` follows once nothing can be lost any more."""
        self._unless_unsaved(then)

    def load(self, path: Path) -> None:
        """Read `path` in the background and show it. The open project stays when that fails."""

        def done(result: Opened | None, error: Exception | None) -> None:
            if result is not None:
                self._show(path, result)
            else:
                self._settings.forget_file(path)
                self._report(error)

        self._disk.do(lambda: _read(path), done)

    def show_untitled(self, opened: Opened) -> None:
        """Show a project that comes from no file here."""
        self._show(None, opened)

    def show_copy(self, file: Path, path: Path | None, then: Callable[[], None]) -> None:
        """Unless unsaved changes are to be kept, show what `file` holds as the project of `path`, or as
        an untitled one; it counts as changed. Then `then`."""

        def done(result: Opened | None, error: Exception | None) -> None:
            if result is None:
                self._report(error)
                return
            self._show(path, result)
            self._weights_changed = True
            self.title_changed.emit()
            then()

        self._unless_unsaved(lambda: self._disk.do(lambda: _read(file), done))

    # How

    def _is_unsaved(self) -> bool:
        return self.path is None or EXAMPLE_FOLDER in self.path.parents

    def _start_empty(self) -> None:
        self._engine.forget()
        self.path = None
        self._weights_changed = False
        self._editor.open(Project(), {})
        self.title_changed.emit()

    def _choose_and_open(self) -> None:
        start = str(self.path.parent if self.path is not None else EXAMPLE_FOLDER)
        title, kinds = self.tr("Open network"), self.tr("Backlit networks (*.backlit)")
        chosen, _ = QFileDialog.getOpenFileName(self._window, title, start, kinds)
        if chosen:
            self.load(Path(chosen))

    def _show(self, path: Path | None, opened: Opened) -> None:
        self._engine.forget()
        self.path = path
        self._weights_changed = False
        self._editor.open(opened.project, opened.weights)
        if path is not None and EXAMPLE_FOLDER not in path.parents:
            self._settings.remember_file(path)
        self.repairs = opened.repairs
        if opened.repairs:
            first = sentence(opened.repairs[0])
            more = len(opened.repairs) - 1
            text = self.tr("{0} was repaired while opening: {1}").format(
                path.name if path is not None else self.name, first
            )
            self.message.emit(
                text + (self.tr(" … and {0} more").format(more) if more else ""), "warning"
            )
        self.title_changed.emit()
        self.opened.emit()

    def _write(self, path: Path, then: Callable[[], None] | None) -> None:
        """The latest weights first, when a training is under way; then to disk."""
        if self._engine.state in ("running", "paused"):
            self._waiting_for_weights.append(lambda: self._write_now(path, then))
            self._engine.request_weights()
        else:
            self._write_now(path, then)

    def _write_now(self, path: Path, then: Callable[[], None] | None) -> None:
        project, weights = self._editor.project, self._editor.fitting_weights()
        weights_before = self._editor.weights

        def done(_: Any, error: Exception | None) -> None:
            if error is not None:
                self._report(error)
                return
            self.path = path
            self._settings.remember_file(path)
            if self._editor.project is project:  # edits made while writing are not saved yet
                self._editor.undo_stack.setClean()
            if self._editor.weights is weights_before:
                self._weights_changed = self._engine.state in ("running", "paused")
            self.title_changed.emit()
            self.message.emit(self.tr("Saved {0}").format(path.name), "status")
            if then is not None:
                then()

        self._disk.do(lambda: _write(path, project, weights), done)

    def _report(self, error: Exception | None) -> None:
        """A problem with a file is the user's to know; anything else is ours."""
        if isinstance(error, FileProblem):
            self.message.emit(str(error), "error")
        elif error is not None:
            raise error

    def _take_weights(self) -> None:
        weights = self._engine.take_weights()
        if weights:
            self._editor.set_weights(weights)
            self._weights_changed = True
            self.title_changed.emit()
        waiting, self._waiting_for_weights = self._waiting_for_weights, []
        for write_now in waiting:
            write_now()

    def _run_started(self) -> None:
        self._weights_changed = True
        self.title_changed.emit()

    def reset_weights(self) -> None:
        """Forget what was learned."""
        self._weights_changed = self._weights_changed or bool(self._editor.weights)
        self._engine.forget()
        self._editor.set_weights({})
        self.title_changed.emit()

    def _clean_changed(self) -> None:
        self.title_changed.emit()

    def _unless_unsaved(self, then: Callable[[], None]) -> None:
        """Ask what becomes of unsaved changes, then `then`, or nothing when the user cancels."""
        if not self.changed:
            then()
            return
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(self.tr("Save the changes to {0}?").format(self.name[:80]))
        box.setInformativeText(self.tr("What was edited and learned since is lost otherwise."))
        buttons = QMessageBox.StandardButton
        box.setStandardButtons(buttons.Save | buttons.Discard | buttons.Cancel)
        box.setDefaultButton(buttons.Save)
        answer = box.exec()
        if answer == buttons.Save:
            self.save(then)
        elif answer == buttons.Discard:
            then()


# The reader of files, with the checks of all that can be in one, is imported where it is used: in
# another thread, while the window's first picture is drawn.


def _read(path: Path) -> Opened:
    from engine.project.project_file import read

    return read(path)


def _write(path: Path, project: Project, weights: Weights) -> object:
    from engine.project.project_file import write

    return write(path, project, weights)
