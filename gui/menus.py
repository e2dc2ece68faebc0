"""The menu bar and the toolbar, from the table of commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMenu, QSizePolicy, QToolBar, QWidget

from engine.project.examples import EXAMPLE_FOLDER, example_names
from gui.actions import Actions
from gui.commands.lens import lens_menu

if TYPE_CHECKING:
    from gui.window import MainWindow

SEPARATOR = ""


def add_toolbar(window: MainWindow, actions: Actions) -> None:
    bar = QToolBar(window.tr("Tools"), window)
    bar.setObjectName("tools")
    bar.setMovable(False)
    bar.setIconSize(QSize(16, 16))
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    for name in ("new", "open", "save", SEPARATOR, "undo", "redo", SEPARATOR):
        _add(bar, actions, name)
    bar.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    for name in ("train", "pause", "step", "stop", SEPARATOR, "reset"):
        _add(bar, actions, name)
    train = bar.widgetForAction(actions["train"])
    train.setProperty("toolButtonStyle", Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    train.setObjectName("train_button")
    gap = QWidget()
    gap.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    bar.addWidget(gap)
    for name in ("zoom_out", "zoom_in", "fit", SEPARATOR, "theme", "shortcuts"):
        _add(bar, actions, name)
    window.addToolBar(bar)


def add_menus(window: MainWindow, actions: Actions, docks: list[QDockWidget]) -> None:
    menu_bar = window.menuBar()
    file = menu_bar.addMenu(window.tr("&File"))
    _fill(file, actions, ("new", "open"))
    file.addMenu(_recent_menu(window))
    file.addMenu(_example_menu(window))
    _fill(file, actions, (SEPARATOR, "save", "save_as", "export_diagram", SEPARATOR, "quit"))
    edit = menu_bar.addMenu(window.tr("&Edit"))
    _fill(edit, actions, ("undo", "redo", SEPARATOR, "cut", "copy", "paste", "duplicate"))
    _fill(edit, actions, ("delete", "delete_only", SEPARATOR, "select_all", "find", "rename"))
    _fill(edit, actions, (SEPARATOR, "quick_add", "link_to", "unlink"))
    _fill(edit, actions, (SEPARATOR, "arrange"))
    edit.addMenu(_align_menu(window, actions))
    block = menu_bar.addMenu(window.tr("&Block"))
    _fill(block, actions, ("group", "ungroup", SEPARATOR, "toggle_block", "enter_block", "leave_block"))
    _fill(block, actions, (SEPARATOR, "save_block", SEPARATOR, "comment", "frame"))
    train = menu_bar.addMenu(window.tr("&Training"))
    _fill(train, actions, ("train", "pause", "step", "stop", SEPARATOR, "reset", "new_weights"))
    _fill(train, actions, (SEPARATOR, "freeze", SEPARATOR, "recipe", SEPARATOR, "attach", "detach"))
    _fill(train, actions, (SEPARATOR, "play_back", "earlier_state", "later_state", "go_live"))
    _fill(train, actions, ("continue_from", SEPARATOR, "runs"))
    view = menu_bar.addMenu(window.tr("&View"))
    _fill(view, actions, ("zoom_in", "zoom_out", "zoom_reset", "fit"))
    _fill(view, actions, ("zoom_selection", SEPARATOR, "minimap", "legend", "reduce_motion"))
    view.addMenu(lens_menu(actions, window))
    _fill(view, actions, (SEPARATOR, "previews", "previous_sample", "next_sample"))
    _fill(view, actions, (SEPARATOR, "next_problem", SEPARATOR, "timeline", "theme"))
    view.addSeparator()
    for dock in docks:
        view.addAction(dock.toggleViewAction())
    help_menu = menu_bar.addMenu(window.tr("&Help"))
    _fill(help_menu, actions, ("command_palette", "shortcuts", "about"))


def _align_menu(window: MainWindow, actions: Actions) -> QMenu:
    menu = QMenu(window.tr("A&lign"), window)
    menu.setToolTipsVisible(True)
    _fill(menu, actions, ("align_left", "align_center", "align_right", SEPARATOR))
    _fill(menu, actions, ("align_top", "align_middle", "align_bottom", SEPARATOR))
    _fill(menu, actions, ("distribute_horizontally", "distribute_vertically"))
    return menu


def _fill(menu: QMenu, actions: Actions, names: tuple[str, ...]) -> None:
    for name in names:
        _add(menu, actions, name)


def _add(place: QMenu | QToolBar, actions: Actions, name: str) -> None:
    if name == SEPARATOR:
        place.addSeparator()
    else:
        place.addAction(actions[name])


def _recent_menu(window: MainWindow) -> QMenu:
    menu = QMenu(window.tr("Open &Recent"), window)

    def fill() -> None:
        menu.clear()
        for name in window.settings.preferences.recent_files:
            action = menu.addAction(name.replace("&", "&&")[-120:])
            action.setData(name)
        if menu.isEmpty():
            menu.addAction(window.tr("No file yet")).setEnabled(False)

    menu.aboutToShow.connect(fill)
    menu.triggered.connect(_opener(window))
    return menu


def _example_menu(window: MainWindow) -> QMenu:
    menu = QMenu(window.tr("&Examples"), window)
    for name in example_names():
        menu.addAction(name).setData(str(EXAMPLE_FOLDER / f"{name}.backlit"))
    menu.triggered.connect(_opener(window))
    return menu


def _opener(window: MainWindow) -> Callable[[QAction], None]:
    documents = window.documents

    def open_file(action: QAction) -> None:
        if action.data():
            documents.open(Path(action.data()))

    return open_file
