"""Networks built from blocks, and one of thousands of nodes from afar, in both themes."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from engine.build.diagnosis import Diagnosis
from engine.project.examples import find
from engine.project.project import Project
from engine.project.project_file import read
from gui.canvas import CanvasView, blocks
from gui.editor import Editor
from gui.theme import THEMES, appearance
from tests.benchmarks.diagrams import residual
from tests.pictures import assert_looks_like

both = pytest.mark.parametrize("theme", THEMES)


@pytest.fixture
def wide(qtbot: QtBot) -> CanvasView:
    view = CanvasView(Editor())
    qtbot.addWidget(view)
    view.resize(960, 960)
    view.show()
    qtbot.waitExposed(view)
    return view


def show(view: CanvasView, project: Project) -> Editor:
    editor = view.scene().editor
    editor.open(project, {})
    editor.take_shapes(Diagnosis().of(project, {}))
    view.fit()
    return editor


@both
@pytest.mark.parametrize("name", ["resnet-18", "gpt2-small"])
def test_built_from_blocks(wide: CanvasView, name: str, theme: str) -> None:
    """With one of its blocks opened in place."""
    appearance.use(theme)
    editor = show(wide, read(find(name)).project)
    nodes = editor.network.nodes.values()
    block = next(node.id for node in nodes if node.kind == "Block" and not node.block)
    blocks.toggle(wide.scene(), block)
    editor.take_shapes(Diagnosis().of(editor.project, {}))
    wide.fit()
    assert_looks_like(wide, f"blocks-{name}-{theme}")
    appearance.use("light")


@both
def test_five_thousand_nodes_from_afar(wide: CanvasView, theme: str) -> None:
    appearance.use(theme)
    wide.scene().editor.open(residual(5_000), {})
    wide.fit()
    assert_looks_like(wide, f"overview-{theme}")
    appearance.use("light")
