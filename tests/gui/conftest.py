"""A canvas with a small network, and the whole window, on screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.project.project import Project
from gui.canvas import CanvasView
from gui.editor import Editor
from gui.settings import Settings
from gui.theme import appearance
from gui.window import MainWindow
from tests.gui.networks import chain


@pytest.fixture
def editor(qapp: QApplication) -> Editor:
    editor = Editor()
    editor.open(Project(network=chain("Input", "Conv2d", "ReLU", "Flatten", "Linear")), {})
    return editor


@pytest.fixture
def view(editor: Editor, qtbot: QtBot) -> Iterator[CanvasView]:
    view = CanvasView(editor)
    qtbot.addWidget(view)
    view.resize(900, 800)
    view.show()
    qtbot.waitExposed(view)
    view.zoom_reset()
    yield view
    appearance.use("light")


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    """Ready to train. Gone for good at the end: a window left over would take the next one's keys."""
    window = MainWindow(Settings())
    window.show()
    qtbot.waitUntil(lambda: window.engine.state == "idle", timeout=30_000)
    yield window
    window.shut_down()
    window.hide()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    appearance.use("light")
