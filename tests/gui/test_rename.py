"""Renaming where the name stands, with the mouse and the keyboard."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from engine.network.block_edits import GroupNodes, OpenBlock
from engine.network.edits import MoveNodes, RemoveNodes, RenameNode
from engine.project.project import Project
from gui.canvas import CanvasView
from gui.canvas.rename import NameField
from gui.editor import Editor
from gui.naming import LONGEST_NAME
from gui.window import MainWindow
from tests.gui.drive import LEFT, click, middle
from tests.gui.networks import chain


@pytest.fixture(autouse=True)
def active(view: CanvasView) -> None:
    """Focus is given to widgets of an active window only."""
    view.activateWindow()
    view.setFocus()


def name_place(view: CanvasView, node_id: str) -> QPoint:
    item = view.scene().node_item(node_id)
    # Left of the middle: there a port may lie near.
    return view.mapFromScene(item.pos() + item.name_box.center() - QPointF(40, 0))


def double_click(view: CanvasView, place: QPoint) -> None:
    click(view, place)
    QTest.mouseDClick(view.viewport(), LEFT, pos=place)


def started(view: CanvasView, node_id: str) -> NameField:
    double_click(view, name_place(view, node_id))
    assert view.renamer.field is not None
    return view.renamer.field


def names(editor: Editor) -> list[str]:
    return [node.name for node in editor.network.nodes.values()]


def test_a_double_click_on_the_name_and_enter(view: CanvasView, editor: Editor) -> None:
    field = started(view, "conv2d-1")
    assert field.text() == field.selectedText() == "Conv2d 1" and field.hasFocus()
    QTest.keyClicks(field, "  edges ")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert view.renamer.field is None and view.hasFocus()
    assert editor.network.nodes["conv2d-1"].name == "edges"
    assert editor.undo_stack.count() == 1 and editor.undo_stack.undoText() == "Rename"
    assert editor.selection == {"conv2d-1"}
    editor.undo_stack.undo()
    assert editor.network.nodes["conv2d-1"].name == "Conv2d 1"


def test_escape_leaves_the_name_as_it_was(view: CanvasView, editor: Editor) -> None:
    field = started(view, "conv2d-1")
    QTest.keyClicks(field, "edges")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert view.renamer.field is None and editor.undo_stack.count() == 0
    assert editor.selection == {"conv2d-1"}, "Escape was meant for the field"


def test_a_click_elsewhere_keeps_what_was_typed(view: CanvasView, editor: Editor) -> None:
    field = started(view, "conv2d-1")
    QTest.keyClicks(field, "edges")
    click(view, middle(view, "flatten-1"))
    assert editor.network.nodes["conv2d-1"].name == "edges" and view.renamer.field is None
    assert editor.selection == {"flatten-1"}


def test_a_double_click_on_another_name_keeps_the_first(view: CanvasView, editor: Editor) -> None:
    QTest.keyClicks(started(view, "conv2d-1"), "edges")
    second = started(view, "relu-1")
    QTest.keyClicks(second, "gate")
    QTest.keyClick(second, Qt.Key.Key_Enter)
    assert names(editor)[1:3] == ["edges", "gate"]


@pytest.mark.parametrize("blank", ["", "   "])
def test_a_blank_name_is_refused(view: CanvasView, editor: Editor, blank: str) -> None:
    field = started(view, "conv2d-1")
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    QTest.keyClicks(field, blank)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert view.renamer.field is field and "name" in field.toolTip()
    QTest.keyClicks(field, "x")
    assert field.toolTip() == ""
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    click(view, middle(view, "flatten-1"))
    assert names(editor)[1] == "Conv2d 1" and editor.undo_stack.count() == 0


def test_a_name_that_stays_is_no_edit(view: CanvasView, editor: Editor) -> None:
    QTest.keyClick(started(view, "conv2d-1"), Qt.Key.Key_Return)
    assert editor.undo_stack.count() == 0


def test_names_have_an_end(view: CanvasView, editor: Editor) -> None:
    field = started(view, "conv2d-1")
    field.insert("x" * (LONGEST_NAME + 50))
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert names(editor)[1] == "x" * LONGEST_NAME


def test_a_name_of_a_file_that_is_longer_is_not_cut(view: CanvasView, editor: Editor) -> None:
    long = "y" * 5000
    editor.edit(RenameNode("conv2d-1", long), "Rename")
    QTest.keyClick(started(view, "conv2d-1"), Qt.Key.Key_Return)
    assert names(editor)[1] == long


def test_a_double_click_elsewhere_on_a_card_renames_nothing(view: CanvasView, editor: Editor) -> None:
    double_click(view, middle(view, "conv2d-1") + QPoint(0, 12))
    assert view.renamer.field is None
    view.zoom_to(0.3)
    double_click(view, name_place(view, "conv2d-1"))
    assert view.renamer.field is None, "a name that cannot be read cannot be meant"
    assert editor.undo_stack.count() == 0


def test_the_field_follows_zoom_pan_and_the_card(view: CanvasView, editor: Editor) -> None:
    field = started(view, "conv2d-1")

    def off() -> QPoint:
        item = view.scene().node_item("conv2d-1")
        name = view.mapFromScene(item.pos() + item.name_box.center())
        return field.geometry().center() - name

    width = field.width()
    assert off().manhattanLength() < 8
    view.zoom_to(2.0)
    assert off().manhattanLength() < 8 and field.width() > 1.8 * width
    assert field.font().pixelSize() == 26
    view.pan(QPoint(60, 30))
    assert off().manhattanLength() < 8
    editor.edit(MoveNodes({"conv2d-1": (200.0, 104.0)}), "Move")
    assert off().manhattanLength() < 8
    view.zoom_to(0.1)
    assert field.font().pixelSize() == 11 and field.width() >= 100
    assert view.renamer.field is field and field.hasFocus()


def test_a_node_that_goes_takes_the_field_along(view: CanvasView, editor: Editor) -> None:
    started(view, "conv2d-1")
    editor.edit(RemoveNodes(frozenset({"conv2d-1"})), "Delete")
    assert view.renamer.field is None
    started(view, "relu-1")
    editor.open(Project(network=chain("Input")), {})
    assert view.renamer.field is None and names(editor) == ["Input 1"]


def test_keys_that_the_field_does_not_use_move_nothing(view: CanvasView, editor: Editor) -> None:
    field = started(view, "conv2d-1")
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageDown, Qt.Key.Key_Space):
        QTest.keyClick(field, key)
    assert editor.undo_stack.count() == 0 and view.renamer.field is field


def test_the_title_of_an_opened_block_is_a_name(view: CanvasView, editor: Editor) -> None:
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    for opened in (False, True):
        editor.edit(OpenBlock("block-1", opened), "Open")
        field = started(view, "block-1")
        QTest.keyClicks(field, f"open {opened}")
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert editor.network.nodes["block-1"].name == f"open {opened}"
        assert editor.level == "", "a double click beside the name steps in"


def test_stepping_into_a_block_ends_it(view: CanvasView, editor: Editor) -> None:
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    started(view, "linear-1")
    editor.enter("block-1")
    assert view.renamer.field is None


def test_f2_renames_the_selected_node(window: MainWindow, qtbot: QtBot) -> None:
    window.editor.open(Project(network=chain("Input", "Linear")), {})
    window.activateWindow()
    window.canvas.setFocus()
    qtbot.waitUntil(window.canvas.hasFocus)
    QTest.keyClick(window.canvas, Qt.Key.Key_F2)
    assert window.canvas.renamer.field is None
    assert not window.commands["rename"].isEnabled()
    assert "Select one node" in window.commands["rename"].toolTip()
    window.editor.select(frozenset({"linear-1"}))
    window.canvas.centerOn(5000, 5000)
    QTest.keyClick(window.canvas, Qt.Key.Key_F2)
    field = window.canvas.renamer.field
    assert field is not None and window.canvas.viewport().rect().contains(field.geometry())
    QTest.keyClicks(field, "head")
    QTest.keyClick(field, Qt.Key.Key_Delete)
    assert "linear-1" in window.editor.network.nodes, "Del belongs to the field"
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.editor.network.nodes["linear-1"].name == "head"


def test_f2_steps_to_a_node_that_is_out_of_sight(window: MainWindow) -> None:
    window.editor.open(Project(network=chain("Input", "Linear", "ReLU")), {})
    window.editor.edit(GroupNodes(frozenset({"linear-1", "relu-1"}), "Stem"), "Group")
    window.editor.select(frozenset({"relu-1"}))
    window.commands["rename"].trigger()
    assert window.editor.level == "block-1" and window.editor.selection == {"relu-1"}
    assert window.canvas.renamer.field is not None
    assert window.canvas.renamer.field.text() == "ReLU 1"


def test_the_field_tells_a_screen_reader_what_it_is(view: CanvasView) -> None:
    field: QWidget = started(view, "conv2d-1")
    assert field.accessibleName() == "Name"
