"""A canvas on screen, with a small network on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.project.project import Project
from gui.canvas import CanvasView
from gui.editor import Editor
from gui.theme import appearance
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
