"""Layers that keep their weights: by command, by menu, in the inspector, and on the cards."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton
from pytestqt.qtbot import QtBot

from engine.build.diagnosis import Diagnosis
from engine.network.block_edits import GroupNodes
from engine.network.edits import RemoveNodes
from engine.project.project import Project
from engine.recipe.frozen import freeze, frozen_nodes, unfreeze
from gui.canvas import CanvasView
from gui.editor import Editor
from gui.theme import THEMES, appearance
from gui.window import MainWindow
from tests.gui.drive import click, middle
from tests.gui.networks import chain
from tests.pictures import assert_looks_like

WAIT = 30_000
LAYERS = ("Input", "Conv2d", "ReLU", "Flatten", "Linear")


@pytest.fixture
def drawn(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """With a small network whose shapes are known."""
    with qtbot.waitSignal(window.editor.shapes_changed, timeout=WAIT):
        window.editor.open(Project(network=chain(*LAYERS)), {})
    window.canvas.zoom_reset()
    window.canvas.fit()
    return window


def frozen(window: MainWindow) -> tuple[str, ...]:
    return window.editor.project.recipe.frozen


def press_freeze(window: MainWindow) -> None:
    QApplication.setActiveWindow(window)
    window.canvas.setFocus()
    QTest.keyClick(window, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)


def test_a_key_freezes_what_is_selected_and_undo_thaws_it(drawn: MainWindow) -> None:
    canvas, command = drawn.canvas, drawn.commands["freeze"]
    assert not command.isEnabled() and "weights" in command.toolTip()
    click(canvas, middle(canvas, "conv2d-1"))
    press_freeze(drawn)
    card = canvas.scene().node_item("conv2d-1")
    assert frozen(drawn) == ("conv2d-1",) and card.frozen
    assert "keeps its weights" in canvas.scene().explanation(card)
    assert command.text() == "Un&freeze"
    drawn.editor.undo_stack.undo()
    assert frozen(drawn) == () and not card.frozen and command.text() == "&Freeze"
    drawn.editor.undo_stack.redo()
    press_freeze(drawn)
    assert frozen(drawn) == () and drawn.editor.undo_stack.count() == 2


def test_the_menu_of_a_card_offers_it_where_there_are_weights(drawn: MainWindow, qtbot: QtBot) -> None:
    for node_id, offered in (("relu-1", False), ("linear-1", True)):
        place = middle(drawn.canvas, node_id)
        viewport = drawn.canvas.viewport()
        reason = QContextMenuEvent.Reason.Mouse
        QApplication.sendEvent(viewport, QContextMenuEvent(reason, place, viewport.mapToGlobal(place)))
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        assert (drawn.commands["freeze"] in menu.actions()) is offered
        if offered:
            area = menu.actionGeometry(drawn.commands["freeze"])
            QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=area.center())
        menu.close()
    assert frozen(drawn) == ("linear-1",)


def test_the_inspector_says_and_changes_it(drawn: MainWindow, qtbot: QtBot) -> None:
    drawn.editor.select(frozenset({"linear-1"}))
    form = drawn.tools.inspector.form
    assert form is not None
    button = form.findChild(QToolButton, "freeze")
    qtbot.waitUntil(button.isVisible)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(8, 8))
    assert frozen(drawn) == ("linear-1",) and button.isChecked()
    drawn.editor.undo_stack.undo()
    assert not button.isChecked() and button.accessibleName() == "Freeze"
    drawn.editor.select(frozenset({"relu-1"}))
    assert drawn.tools.inspector.form.findChild(QToolButton, "freeze").isHidden()  # type: ignore[union-attr]


def test_a_block_freezes_all_that_learns_in_it(editor: Editor, view: CanvasView) -> None:
    from gui import freezing

    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    block = next(key for key, node in editor.network.nodes.items() if node.kind == "Block")
    editor.take_shapes(Diagnosis().of(editor.project, {}))
    freezing.toggle(editor, {block})
    assert editor.project.recipe.frozen == ("conv2d-1",)
    assert view.scene().node_item(block).frozen
    freezing.toggle(editor, {"linear-1"})
    editor.edit(RemoveNodes(frozenset({"linear-1"})), "Delete")
    assert editor.project.recipe.frozen == ("conv2d-1", "linear-1"), "it may come back"
    editor.undo_stack.undo()
    assert view.scene().node_item("linear-1").frozen
    freezing.toggle(editor, {block})
    assert not view.scene().node_item(block).frozen


def test_a_frozen_block_holds_frozen_nodes() -> None:
    network = GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem").apply(chain(*LAYERS))
    block = next(key for key, node in network.nodes.items() if node.kind == "Block")
    inside = frozen_nodes(network, (block, "gone"))
    assert {"conv2d-1", "relu-1", block} <= inside and "gone" not in inside
    rest = unfreeze(network, (block, "gone"), {"conv2d-1"})
    assert "conv2d-1" not in frozen_nodes(network, rest) and "relu-1" in rest and "gone" in rest
    assert set(freeze(network, ("linear-1",), {block})) >= {"linear-1", "conv2d-1", "relu-1"}


@pytest.mark.parametrize("theme", THEMES)
def test_a_frozen_card_wears_a_snowflake(editor: Editor, view: CanvasView, theme: str) -> None:
    appearance.use(theme)
    network = chain("Input", "Flatten", "Linear", "ReLU", "Linear")
    network = GroupNodes(frozenset({"linear-1", "relu-1"}), "Stem").apply(network)
    editor.open(Project(network=network), {})
    editor.take_shapes(Diagnosis().of(editor.project, {}))
    editor.set_recipe("x", frozen=("linear-1", "linear-2"))
    view.legend.set_open(False)
    view.minimap.set_wanted(False)
    view.resize(320, 320)
    view.zoom_reset()
    view.center_on("flatten-1")
    assert_looks_like(view, f"training-frozen-{theme}")
