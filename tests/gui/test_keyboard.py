"""A network is built, walked and linked without a mouse."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu

from engine.network.edits import AddNode, Connect
from engine.network.layers import new_node
from engine.network.model import Link
from engine.project.project import Project
from gui.actions import Actions
from gui.canvas import CanvasView
from gui.choosing.rows import Choice
from gui.commands.drawing import DrawingCommands
from gui.editor import Editor
from gui.window import MainWindow
from tests.gui.choosing import key, open_chooser, rows, the_chooser, titles, type_and_enter
from tests.gui.networks import chain

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
MLP = ("Input", "Flatten", "Linear", "ReLU", "Linear", "Softmax")


@pytest.fixture
def canvas(view: CanvasView) -> CanvasView:
    DrawingCommands(Actions(view), view, view)
    QApplication.setActiveWindow(view)
    view.setFocus()
    return view


def go(canvas: CanvasView, *keys: Qt.Key) -> None:
    for each in keys:
        QTest.keyClick(canvas, each, CONTROL)


def test_a_two_layer_network_is_built_with_keys_only(canvas: CanvasView, editor: Editor) -> None:
    editor.open(Project(), {})
    for kind in MLP:
        QTest.keyClick(canvas, Qt.Key.Key_Tab)
        type_and_enter(canvas, kind.lower())
    assert editor.network == chain(*MLP)
    assert editor.undo_stack.count() == len(MLP)


def test_a_link_taken_away_and_drawn_again_with_keys(canvas: CanvasView, editor: Editor) -> None:
    editor.open(Project(network=chain(*MLP)), {})
    go(canvas, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down)
    assert editor.selection == {"linear-1"}
    QTest.keyClick(canvas, Qt.Key.Key_K, CONTROL | SHIFT)
    assert not editor.network.incoming["linear-1"] and not editor.network.outgoing["linear-1"]
    assert editor.undo_stack.count() == 1
    QTest.keyClick(canvas, Qt.Key.Key_K, CONTROL)
    assert the_chooser(canvas).effect.text() == "Links Linear 1 to ReLU 1."
    key(the_chooser(canvas), Qt.Key.Key_Return)
    assert editor.selection == {"linear-1"} and canvas.hasFocus()
    editor.select(frozenset({"flatten-1"}))
    QTest.keyClick(canvas, Qt.Key.Key_K, CONTROL)
    type_and_enter(canvas, "linear 1")
    assert set(editor.network.links) == set(chain(*MLP).links)


def test_link_to_ranks_the_nearest_below_and_explains_the_impossible(
    canvas: CanvasView, editor: Editor
) -> None:
    editor.select(frozenset({"relu-1"}))
    QTest.keyClick(canvas, Qt.Key.Key_K, CONTROL)
    chooser = the_chooser(canvas)
    assert titles(chooser) == ["Linear 1", "Flatten 1", "Conv2d 1"]
    reasons = {row.title: row.reason for row in rows(chooser) if isinstance(row, Choice)}
    assert not reasons["Linear 1"] and "linked already" in reasons["Flatten 1"]
    assert "close a loop" in reasons["Conv2d 1"]
    key(chooser, Qt.Key.Key_Up, Qt.Key.Key_Return)
    assert open_chooser(canvas) is chooser and chooser.effect.text() == reasons["Conv2d 1"]
    key(chooser, Qt.Key.Key_Escape)
    assert editor.undo_stack.count() == 0


def test_each_port_of_a_node_can_be_linked_to(canvas: CanvasView, editor: Editor) -> None:
    editor.edit(AddNode(new_node(editor.network, "MultiheadAttention", 300, 600)), "Add")
    editor.select(frozenset({"linear-1"}))
    QTest.keyClick(canvas, Qt.Key.Key_K, CONTROL)
    type_and_enter(canvas, "multi key")
    assert Link("linear-1", "multiheadattention-1", "out", "key") in editor.network.links


def test_keys_lead_along_links_and_between_branches(canvas: CanvasView, editor: Editor) -> None:
    node = new_node(editor.network, "Tanh", 320, editor.network.nodes["relu-1"].y)
    editor.edit(AddNode(node), "Add")
    editor.edit(Connect(Link("conv2d-1", "tanh-1")), "Link")
    walked = []
    for step in ("Down", "Down", "Down", "Right", "Left", "Down", "Up", "Up", "Up", "Up"):
        go(canvas, Qt.Key[f"Key_{step}"])
        walked.append(editor.selected)
    assert walked == [
        *("input-1", "conv2d-1", "relu-1", "tanh-1", "relu-1"),
        *("flatten-1", "relu-1", "conv2d-1", "input-1", "input-1"),
    ]
    assert editor.undo_stack.count() == 2, "walking moves nothing"


def test_walking_brings_a_node_into_sight_and_an_empty_network_has_no_way(
    canvas: CanvasView, editor: Editor
) -> None:
    canvas.centerOn(9000, 9000)
    go(canvas, Qt.Key.Key_Down)
    seen = canvas.mapToScene(canvas.viewport().rect()).boundingRect()
    assert seen.contains(canvas.scene().card_rect("input-1"))
    editor.open(Project(), {})
    go(canvas, Qt.Key.Key_Down, Qt.Key.Key_Left)
    assert not editor.selection


def test_shift_delete_does_not_heal(canvas: CanvasView, editor: Editor) -> None:
    editor.select(frozenset({"relu-1"}))
    QTest.keyClick(canvas, Qt.Key.Key_Delete, SHIFT)
    assert "relu-1" not in editor.network.nodes and not editor.network.outgoing["conv2d-1"]


def test_the_menu_opens_by_key_at_what_is_selected(canvas: CanvasView, editor: Editor) -> None:
    editor.select(frozenset({"input-1"}))
    QTest.keyClick(canvas, Qt.Key.Key_F10, SHIFT)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    card = canvas.mapFromScene(canvas.scene().card_rect("input-1")).boundingRect()
    place = canvas.viewport().mapFromGlobal(menu.pos())
    assert abs(place.x() - card.left()) <= 16 and abs(place.y() - card.bottom()) <= 16
    menu.close()


def test_tab_adds_on_the_canvas_only_and_shift_tab_leaves_it(window: MainWindow) -> None:
    QApplication.setActiveWindow(window)
    search = window.findChild(QLineEdit, "palette-search")
    search.setFocus()
    QTest.keyClick(search, Qt.Key.Key_Tab)
    assert not search.hasFocus() and open_chooser(window) is None
    window.canvas.setFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Tab)
    key(the_chooser(window), Qt.Key.Key_Escape)
    assert window.canvas.hasFocus()
    QTest.keyClick(window.canvas, Qt.Key.Key_Backtab, SHIFT)
    assert not window.canvas.hasFocus() and open_chooser(window) is None
