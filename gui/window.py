"""The main window: canvas in the middle, docks around it, one toolbar, one status bar."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from PySide6.QtCore import QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.network.model import Network
from engine.network.problem import Problem
from engine.session import EngineThread
from engine.shape_service import ShapeService
from gui.actions import Actions
from gui.breadcrumb import Breadcrumb
from gui.canvas.view import CanvasView
from gui.commands.lens import LensCommands
from gui.commands.previews import PreviewCommands
from gui.dock import Dock
from gui.documents import SUFFIX, Documents
from gui.editor import Editor
from gui.guard import guarded
from gui.help import show_about, show_shortcuts
from gui.menus import add_menus, add_toolbar
from gui.message_bar import MessageBar
from gui.palette import Palette
from gui.panels import PANEL_NAMES, panel_class
from gui.problems import ProblemCount, Problems
from gui.settings import Settings
from gui.status import StatusBar
from gui.theme import GRID, appearance
from gui.training import Training
from gui.words import sentence

if TYPE_CHECKING:
    from engine.telemetry.recorder import Recorder
    from gui.live import Live
    from gui.panels.panel import Panel
    from gui.tools import Tools

FIRST_SIZE = QSize(1440, 900)
PALETTE_WIDTH, PANEL_WIDTH = 288, 432
#: In a small window the docks make room for the diagram.
CANVAS_LEAST = 280
PROBLEMS_HEIGHT = 240
#: From top to bottom; panels that are not named here follow.
FIRST_PANELS = ("loss", "gradients", "feature_maps")


class Joined(Protocol):
    """A thread of the window."""

    def shut_down(self) -> bool: ...


class MainWindow(QMainWindow):
    """Owns the project's editor, the engine thread and every view of them."""

    #: The window is gone for good. Qt counts a hidden window's end as no reason to quit.
    closed = Signal()

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.engine = EngineThread(self)
        self.shapes = ShapeService(self)
        self.editor = Editor(self.shapes, self)
        self.commands = Actions(self)
        self.documents = Documents(self.editor, self.engine, settings, self)
        self.training = Training(self.editor, self.engine, self.commands, self.documents, self)
        self.canvas = CanvasView(self.editor)
        self.breadcrumb = Breadcrumb(self.editor)
        self.previews = PreviewCommands(
            self.canvas.scene(), self.training, self.commands, settings, self
        )
        #: Joined before the window goes.
        self.threads: list[Joined] = [self.engine, self.shapes, self.previews.service]
        self.lens_commands = LensCommands(self.commands, self.canvas, settings, self)
        self.message_bar = MessageBar()
        self.status = StatusBar(self.training, self)
        self.docks: dict[str, QDockWidget] = {}
        #: By name; filled when the window is on screen.
        self.panels: dict[str, Panel] = {}
        self.live: Live | None = None
        self.tools: Tools | None = None
        self._closing = False
        self._build()
        self._connect()
        self._update_title()

    # Building

    def _build(self) -> None:
        self.setAcceptDrops(True)
        self.setDockOptions(
            QMainWindow.DockOption.AllowTabbedDocks
            | QMainWindow.DockOption.AllowNestedDocks
            | QMainWindow.DockOption.AnimatedDocks
        )
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        center = QWidget()
        #: From top to bottom; tools add theirs.
        self.column = column = QVBoxLayout(center)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        column.addWidget(self.message_bar)
        column.addWidget(self.breadcrumb)
        column.addWidget(self.canvas, 1)
        center.setMinimumWidth(CANVAS_LEAST)
        self.setCentralWidget(center)
        self.setStatusBar(self.status)
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        palette = self._dock("palette", self.tr("Layers"), Palette(self.editor))
        inspector = self._dock("inspector", self.tr("Inspector"), QWidget())
        self.addDockWidget(left, palette)
        self.addDockWidget(left, inspector)
        docks = [palette, inspector]
        others = [name for name in PANEL_NAMES if name not in FIRST_PANELS]
        for name in (*FIRST_PANELS, *others):
            docks.append(self._dock(name, "", QWidget()))
            self.addDockWidget(right, docks[-1])
        self._add_problems()
        docks += [self.docks["problems"], self.docks["runs"]]
        docks += self._add_tabs(palette, inspector)
        palette.raise_()
        self.resizeDocks([palette], [PALETTE_WIDTH], Qt.Orientation.Horizontal)
        self.resizeDocks(docks[2:3], [PANEL_WIDTH], Qt.Orientation.Horizontal)
        self.resizeDocks([palette, inspector], [320, 520], Qt.Orientation.Vertical)
        self.resizeDocks([self.docks["problems"]], [PROBLEMS_HEIGHT], Qt.Orientation.Vertical)
        self.resize(FIRST_SIZE)
        add_toolbar(self, self.commands)
        add_menus(self, self.commands, docks)
        layout = self.settings.layout()
        if layout is not None:
            self.restoreGeometry(layout[0])
            self.restoreState(layout[1])

    def _add_problems(self) -> None:
        """Below the canvas, not below the panels beside it; out of sight until it is asked for."""
        left, right = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
        self.setCorner(Qt.Corner.BottomLeftCorner, left)
        self.setCorner(Qt.Corner.BottomRightCorner, right)
        self.problems = Problems(self.editor)
        dock = self._dock("problems", self.tr("Problems"), self.problems)
        self.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
        dock.hide()
        runs = self._dock("runs", self.tr("Runs"), QWidget())
        self.tabifyDockWidget(dock, runs)
        runs.hide()
        self.problem_count = ProblemCount()
        self.status.addPermanentWidget(self.problem_count)

    def _add_tabs(self, palette: QDockWidget, inspector: QDockWidget) -> list[QDockWidget]:
        """Filled when the window is on screen (`gui.tools`): behind the layers the library of blocks,
        and the list of nodes, which is out of sight until it is asked for; before the inspector the
        recipe."""
        library = self._dock("library", self.tr("Blocks"), QWidget())
        nodes = self._dock("nodes", self.tr("Nodes"), QWidget())
        for dock in (library, nodes):
            self.tabifyDockWidget(palette, dock)
        nodes.hide()
        training = self._dock("training", self.tr("Training"), QWidget())
        self.tabifyDockWidget(inspector, training)
        training.raise_()
        return [library, nodes, training]

    def _dock(self, name: str, title: str, widget: QWidget) -> QDockWidget:
        dock = Dock(name, title, widget, self)
        self.docks[name] = dock
        return dock

    def _connect(self) -> None:
        self.commands.handle(
            {
                "new": self.documents.new,
                "open": self.documents.ask_open,
                "save": self.save,
                "save_as": self.save_as,
                "quit": self.close,
                "undo": self.editor.undo_stack.undo,
                "redo": self.editor.undo_stack.redo,
                "delete": self.canvas.delete_selection,
                "select_all": self.canvas.select_all,
                "zoom_in": self.canvas.zoom_in,
                "zoom_out": self.canvas.zoom_out,
                "zoom_reset": self.canvas.zoom_reset,
                "fit": self.canvas.fit,
                "problems": self.show_problems,
                "next_problem": self.go_to_next_problem,
                "theme": self.toggle_theme,
                "reset": self.reset_weights,
                "shortcuts": self.show_shortcuts,
                "about": self.show_about,
            }
        )
        stack = self.editor.undo_stack
        for name, signal in (("undo", stack.canUndoChanged), ("redo", stack.canRedoChanged)):
            self.commands.set_enabled(name, False, self.tr("There is no edit to go to."))
            signal.connect(self.commands[name].setEnabled)
        self.editor.refused.connect(self._refused)
        self.editor.selection_changed.connect(self._selection_changed)
        self.shapes.report_ready.connect(self.editor.take_shapes)
        self.shapes.fixes_ready.connect(self.editor.take_fixes)
        self._problems_counted(0)
        self.problems.counted.connect(self._problems_counted)
        self.problems.chosen.connect(self.go_to_node)
        self.problems.left.connect(self.canvas.setFocus)
        self.problem_count.clicked.connect(self.show_problems)
        self.canvas.badge_clicked.connect(self.show_problem_of)
        self.documents.title_changed.connect(self._update_title)
        self.documents.message.connect(self.show_message)
        self.documents.opened.connect(self.opened)
        self.editor.replaced.connect(self._project_replaced)
        self.training.message.connect(self.show_message)
        self.training.started.connect(self._run_started)
        self.training.failed.connect(self._run_failed)
        self.training.ended.connect(self._run_ended)
        self.engine.state_changed.connect(self._update_title)

    # Commands

    def save(self) -> None:
        self.documents.save()

    def save_as(self) -> None:
        self.documents.save_as()

    def reset_weights(self) -> None:
        self.documents.reset_weights()
        self._clear_panels()
        self.status.show_note(self.tr("Weights reset: the next training starts anew"))

    @Slot()
    def show_problems(self) -> None:
        """Bring the list to the front, with the keyboard in it."""
        self._raise_problems()
        self.problems.setFocus()

    @Slot(str)
    def show_problem_of(self, node_id: str) -> None:
        self._raise_problems()
        self.problems.go_to(node_id)

    def go_to_next_problem(self) -> None:
        self._raise_problems()
        self.problems.go_to_next()

    def _raise_problems(self) -> None:
        self.docks["problems"].show()
        self.docks["problems"].raise_()

    @Slot(str)
    def go_to_node(self, node_id: str) -> None:
        """Select a node and bring it into the middle, stepping into its block where it takes that."""
        self.canvas.center_on(node_id)
        self.editor.select(frozenset({node_id}))

    @Slot(int)
    def _problems_counted(self, count: int) -> None:
        title = self.tr("Problems ({0})").format(count) if count else self.tr("Problems")
        self.docks["problems"].setWindowTitle(title)
        self.problem_count.show_count(count)
        reason = "" if count else self.tr("There are no problems.")
        self.commands.set_enabled("next_problem", bool(count), reason)

    def toggle_theme(self) -> None:
        name: Literal["light", "dark"] = "light" if appearance.theme.name == "dark" else "dark"
        self.settings.preferences.theme = name
        self.settings.save()
        appearance.use(name)

    def show_shortcuts(self) -> None:
        show_shortcuts(self)

    def show_about(self) -> None:
        show_about(self)

    def select_for_picture(self) -> None:
        """Select the first layer with kernels, so that a picture of the window shows its gradient."""
        for node in self.editor.network.nodes.values():
            if node.kind in ("Conv2d", "Linear"):
                self.editor.select(frozenset({node.id}))
                return

    # What happens

    @Slot()
    def _finish(self) -> None:
        """What can wait until the window is on screen: torch, in its threads, tools and panels."""
        if self._closing or self.live is not None:
            return
        from gui.tools import Tools

        self.tools = Tools(self)
        self.engine.start()
        self.shapes.start()
        self.previews.service.start()
        self._fill_panels()

    def _fill_panels(self) -> None:
        from gui.live import Live

        for name in PANEL_NAMES:
            panel = panel_class(name)()
            panel.message.connect(self.show_message)
            self.panels[name] = panel
            self.docks[name].setWidget(panel)
            self.docks[name].setWindowTitle(panel.translated_title())
        self.previews.follow(self.panels["feature_maps"])  # type: ignore[arg-type]
        self.live = Live(
            self.engine,
            self.editor,
            self.canvas,
            tuple(self.panels.values()),
            self.docks.values(),
            self.settings.preferences.panel_budget,
            self,
        )

    @Slot()
    def opened(self) -> None:
        self.problems.show_repairs(self.documents.repairs)
        QTimer.singleShot(0, self.canvas.fit)

    @Slot()
    def _project_replaced(self) -> None:
        self.message_bar.hide()
        self._clear_panels()

    def _clear_panels(self) -> None:
        if self.live is not None:
            self.live.forget()
        self.canvas.scene().show_fault(None)
        self.canvas.scene().clear_frame()
        self.previews.forget_run()
        for panel in self.panels.values():
            panel.clear()

    @Slot(object, object)
    def _run_started(self, recorder: Recorder, network: Network) -> None:
        self.message_bar.hide()
        self.canvas.scene().show_fault(None)
        for panel in self.panels.values():
            panel.start_run(recorder, network)
        if self.live is not None:
            self.live.run_started()

    @Slot(object)
    def _run_failed(self, node: str | None) -> None:
        self.canvas.scene().show_fault(node)

    @Slot()
    def _run_ended(self) -> None:
        for panel in self.panels.values():
            panel.end_run()

    @Slot()
    def _selection_changed(self) -> None:
        for panel in self.panels.values():
            panel.set_selection(self.editor.selected)

    @Slot(object)
    def _refused(self, problem: Problem) -> None:
        self.show_message(sentence(problem), "warning")

    @Slot(str, str)
    def show_message(self, text: str, level: str) -> None:
        if level == "status":
            self.status.show_note(text)
        elif level in ("info", "warning", "error"):
            self.message_bar.show_message(text, level)  # type: ignore[arg-type]

    @Slot()
    def _update_title(self) -> None:
        self.setWindowTitle("{0}[*] – Backlit".format(self.documents.name[:120]))
        path = self.documents.path
        self.setWindowFilePath(str(path) if path is not None else "")
        self.setWindowModified(self.documents.changed)

    # Qt

    @guarded(None)
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.live is None:  # the first picture: what is slow comes after it
            QTimer.singleShot(0, self._finish)

    @guarded(None)
    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing unsaved is lost, and no thread outlives the window."""
        if self._closing:
            event.accept()
            return
        event.ignore()
        self.documents.close(self._close_for_good)

    def _close_for_good(self) -> None:
        self._closing = True
        self.settings.save_layout(self.saveGeometry(), self.saveState())
        self.hide()  # at once: a thread that still imports torch is waited for out of sight
        self.shut_down()
        self.closed.emit()

    def shut_down(self) -> bool:
        """End all threads and wait for them: one that still runs at exit aborts the process. False
        when one did not end in time; what is saved is on the disk then, too."""
        self._closing = True
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        self.documents.wait()
        ended = [thread.shut_down() for thread in self.threads]  # each of them, whatever the others do
        if self.tools is not None:
            self.tools.shut_down()
        QApplication.restoreOverrideCursor()
        return all(ended)

    @guarded(None)
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_file(event) is not None:
            event.acceptProposedAction()

    @guarded(None)
    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped_file(event)
        if path is None:
            return
        if path.suffix == SUFFIX:
            self.documents.open(path)
        else:
            text = self.tr("Backlit opens {0} files; {1} is none.").format(SUFFIX, path.name[:80])
            self.show_message(text, "warning")


def _dropped_file(event: QDropEvent) -> Path | None:
    """The one local file of a drop, or None."""
    urls = event.mimeData().urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
