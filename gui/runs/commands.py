"""What can be done with runs, when each makes sense, and what is offered after a crash."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFileDialog, QMessageBox

from engine.amounts import bytes_text
from engine.messages import shown
from engine.project.errors import FileProblem
from engine.runs.history import History
from engine.runs.run import Run
from gui.icons import icon
from gui.plotting.others import MOST, OtherRun
from gui.runs.compare_dialog import CompareDialog
from gui.runs.comparison import Comparison, compare
from gui.runs.crash_bar import CrashBar
from gui.runs.exporting import Exporter, Format, file_name
from gui.runs.runs import Runs, action
from gui.runs.shelf import Shelf, crashed
from gui.runs.words import name_of
from gui.theme import appearance, color

if TYPE_CHECKING:
    from gui.panels.loss import LossPanel
    from gui.window import MainWindow

#: Runs that can be gone on with: a finished one has nothing left to do.
_RESUMABLE = ("crashed", "stopped", "failed")


class RunCommands(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        #: The engine keeps its runs here as well.
        self.history = window.engine.history = History()
        self.shelf = Shelf(self.history, self)
        self.runs = Runs(self.shelf)
        self.runs.present = self._present
        self.exporter = Exporter(window)
        self.crash_bar = CrashBar()
        window.docks["runs"].setWidget(self.runs)
        window.column.insertWidget(0, self.crash_bar)
        self._actions: dict[str, tuple[QAction, str]] = {}
        self._add_actions()
        window.commands.handle({"runs": self.show_runs})
        self.runs.selection_changed.connect(self._enable)
        self.runs.left.connect(window.canvas.setFocus)
        self.runs.table.doubleClicked.connect(self.show_curves)
        for teller in (self.shelf, self.exporter):
            teller.message.connect(window.show_message)
        window.training.state_changed.connect(self._follow_training)
        window.editor.replaced.connect(self._forget_curves)
        window.engine.not_kept.connect(self._not_kept)
        window.engine.states_changed.connect(self._states_changed)
        self.crash_bar.resumed.connect(self._resume_crashed)
        self.crash_bar.shown_runs.connect(self._show_crashed)
        self.crash_bar.dismissed.connect(self._dismiss)
        appearance.changed.connect(self._paint)
        self._enable()
        self.shelf.ask(crashed, self._offer)

    def shut_down(self) -> None:
        self.exporter.shut_down()
        self.shelf.shut_down()
        self.history.close()

    # Actions

    def _add_actions(self) -> None:
        tr = self.tr
        self._add(
            "curves",
            tr("Show &Curves"),
            "chart",
            "Return",
            tr("Over those of the run"),
            self.show_curves,
            button=True,
        )
        self._add(
            "compare",
            tr("Co&mpare…"),
            "compare",
            "Ctrl+Return",
            tr("Results, recipe and network"),
            self.compare,
            button=True,
        )
        self._add(
            "resume",
            tr("&Resume"),
            "train",
            "",
            tr("Go on from its last recorded state"),
            self.resume,
            button=True,
        )
        self._add(
            "open",
            tr("&Open Its Network"),
            "open",
            "Ctrl+Shift+Return",
            tr("As it was when the run began"),
            self.open_network,
        )
        self._separate()
        self._add("name", tr("Re&name"), "", "F2", tr("Give it a name"), self._edit_name)
        self._add(
            "notes", tr("Edit &Notes"), "", "Shift+F2", tr("What one should know"), self._edit_notes
        )
        self._add(
            "tags",
            tr("Edit &Tags"),
            "",
            "",
            tr("Words, with commas between them"),
            self._edit_tags,
        )
        self._separate()
        self._add("csv", tr("Export &CSV…"), "export", "", tr("Its curves as a table"), self.export_csv)
        self._add(
            "tensorboard",
            tr("Export for Tensor&Board…"),
            "",
            "",
            tr("Its curves as an event file"),
            self.export_tensorboard,
        )
        self._separate()
        self._add(
            "delete",
            tr("&Delete…"),
            "delete",
            "Del",
            tr("With all that it has on the disk"),
            self.ask_delete,
        )

    def _add(
        self,
        name: str,
        title: str,
        picture: str,
        keys: str,
        help_text: str,
        handler: Callable[[], object],
        *,
        button: bool = False,
    ) -> None:
        made = action(self.runs, title, picture, keys, help_text, handler)
        self._actions[name] = made, picture
        self.runs.add_action(made, button=button)

    def _separate(self) -> None:
        self.runs.table.menu.addSeparator()

    def action(self, name: str) -> QAction:
        return self._actions[name][0]

    @Slot()
    def _enable(self) -> None:
        selected = self.runs.selected
        one = len(selected) == 1
        live = self._window.training.is_live
        rules = {
            "curves": bool(selected),
            "compare": 2 <= len(selected) <= MOST,
            "resume": one and selected[0].how in _RESUMABLE and not live,
            "open": one,
            "name": one,
            "notes": one,
            "tags": one,
            "csv": bool(selected) and not self.exporter.busy,
            "tensorboard": bool(selected) and not self.exporter.busy,
            "delete": bool(selected) and all(run.how != "running" for run in selected),
        }
        for name, enabled in rules.items():
            self.action(name).setEnabled(enabled)

    @Slot()
    def _paint(self) -> None:
        for made, picture in self._actions.values():
            if picture:
                made.setIcon(icon(picture, color("muted")))

    @Slot()
    def show_runs(self) -> None:
        """Bring the list to the front, with the keyboard in it."""
        dock = self._window.docks["runs"]
        dock.show()
        dock.raise_()
        self.runs.table.setFocus()

    @Slot()
    def _states_changed(self) -> None:
        """A run has ended before the disk says so: this comes once it does."""
        if self._window.engine.state == "idle":
            self.runs.refresh()

    @Slot()
    def _follow_training(self) -> None:
        self.runs.follow(self._window.engine.state == "running")
        self._enable()

    def _present(self) -> tuple[str, int]:
        return self._window.engine.run_id, self._window.engine.steps_done

    @Slot(object)
    def _not_kept(self, problem: FileProblem) -> None:
        self._window.show_message(str(problem), "warning")

    # Looking

    @Slot()
    def show_curves(self) -> None:
        """Those of the selected runs, in the loss panel."""
        chosen = self.runs.selected[:MOST]
        named = [(run.id, name_of(run)) for run in chosen]
        if named:
            self.shelf.ask(lambda history: _curves(history, named), self._draw)

    def _draw(self, runs: list[OtherRun]) -> None:
        panel: LossPanel = self._window.panels["loss"]  # type: ignore[assignment]
        panel.compare(runs)
        self._window.docks["loss"].show()
        self._window.docks["loss"].raise_()

    @Slot()
    def _forget_curves(self) -> None:
        panel: LossPanel | None = self._window.panels.get("loss")  # type: ignore[assignment]
        if panel is not None:
            panel.compare(())

    @Slot()
    def compare(self) -> None:
        ids = [run.id for run in self.runs.selected[:MOST]]
        if len(ids) > 1:
            self.shelf.ask(lambda history: compare(history, ids), self._show_comparison)

    def _show_comparison(self, comparison: Comparison) -> None:
        dialog = CompareDialog(comparison, self._window)
        dialog.show()

    # Changing

    @Slot()
    def _edit_name(self) -> None:
        self.runs.edit("name")

    @Slot()
    def _edit_notes(self) -> None:
        self.runs.edit("notes")

    @Slot()
    def _edit_tags(self) -> None:
        self.runs.edit("tags")

    @Slot()
    def open_network(self) -> None:
        if self.runs.selected:
            run_id = self.runs.selected[0].id
            self.shelf.ask(lambda history: history.folder(run_id).project, self._open_copy)

    def _open_copy(self, file: Path) -> None:
        self._window.documents.show_copy(file, None, lambda: None)

    @Slot()
    def resume(self) -> None:
        for run in self.runs.selected[:1]:
            self._resume(run)

    def _resume(self, run: Run) -> None:
        """Its project as it was trained, in the place of its file, and then the training goes on."""
        window = self._window

        def go_on(file: Path) -> None:
            path = Path(run.path) if run.path else None
            window.documents.show_copy(file, path, lambda: window.training.resume_run(run.id))

        self.shelf.ask(lambda history: history.folder(run.id).project, go_on)

    @Slot()
    def ask_delete(self) -> None:
        """Say what goes, and how much room that makes."""
        chosen = self.runs.selected
        ids = [run.id for run in chosen]
        if chosen:
            self.shelf.ask(
                lambda history: _sizes(history, ids), lambda size: self._confirm_delete(chosen, size)
            )

    def _confirm_delete(self, chosen: tuple[Run, ...], size: int) -> None:
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Question)
        if len(chosen) == 1:
            box.setText(self.tr("Delete the run {0}?").format(shown(name_of(chosen[0]))))
        else:
            box.setText(self.tr("Delete {0} runs?").format(len(chosen)))
        box.setInformativeText(
            self.tr(
                "Curves and recorded states go as well. That frees {0} and cannot be undone."
            ).format(bytes_text(size))
        )
        delete = box.addButton(self.tr("Delete"), QMessageBox.ButtonRole.DestructiveRole)
        cancel = box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(cancel)
        box.exec()
        if box.clickedButton() is delete:
            ids = [run.id for run in chosen]
            self.shelf.ask(lambda history: _delete(history, ids), self._deleted, self._not_deleted)

    def _deleted(self, ids: list[str]) -> None:
        self.runs.refresh()
        tools = self._window.tools
        if tools is not None and self._window.engine.run_id in ids:
            tools.timeline_commands.clear()  # there is nothing to go back to any more

    def _not_deleted(self, text: str) -> None:
        self._window.show_message(text, "error")
        self.runs.refresh()

    # Exporting

    @Slot()
    def export_csv(self) -> None:
        chosen = self.runs.selected
        if len(chosen) == 1:
            start = str(Path.home() / f"{file_name(chosen[0])}.csv")
            name, _ = QFileDialog.getSaveFileName(
                self._window, self.tr("Export CSV"), start, "CSV (*.csv)"
            )
            if name:
                path = Path(name)
                self._export(path if path.suffix else path.with_suffix(".csv"), "csv")
        elif chosen:
            self._export_into_folder("csv")

    @Slot()
    def export_tensorboard(self) -> None:
        if self.runs.selected:
            self._export_into_folder("tensorboard")

    def _export_into_folder(self, kind: Format) -> None:
        title = self.tr("Export into this folder")
        name = QFileDialog.getExistingDirectory(self._window, title, str(Path.home()))
        if name:
            self._export(Path(name), kind)

    def _export(self, place: Path, kind: Format) -> None:
        self.exporter.export(self.runs.selected, place, kind)

    # After a crash

    def _offer(self, runs: list[Run]) -> None:
        if runs and not self._window.training.is_live:
            self.crash_bar.show_runs(tuple(runs))

    @Slot()
    def _resume_crashed(self) -> None:
        newest, *others = self.crash_bar.runs
        self._take_off(others)
        self._resume(newest)

    @Slot()
    def _show_crashed(self) -> None:
        ids = [run.id for run in self.crash_bar.runs]
        self._dismiss()
        self.show_runs()
        self.runs.select(*ids)

    @Slot()
    def _dismiss(self) -> None:
        self._take_off(self.crash_bar.runs)
        self._window.canvas.setFocus()

    def _take_off(self, runs: tuple[Run, ...] | list[Run]) -> None:
        """They are in the list from now on, and not offered again."""
        for run in runs:
            self.shelf.change(run.id, how="crashed", steps=run.steps, ended=run.ended)
        self.crash_bar.show_runs(())


def _curves(history: History, named: list[tuple[str, str]]) -> list[OtherRun]:
    from engine.telemetry.recorder import Recorder

    return [
        OtherRun(run_id, name, Recorder.open(history.folder(run_id).scalars)) for run_id, name in named
    ]


def _sizes(history: History, ids: list[str]) -> int:
    """What runs take on the disk."""
    folders = (history.folder(run_id).path for run_id in ids)
    return sum(file.stat().st_size for path in folders for file in path.rglob("*") if file.is_file())


def _delete(history: History, ids: list[str]) -> list[str]:
    for run_id in ids:
        history.delete(run_id)
    return ids
