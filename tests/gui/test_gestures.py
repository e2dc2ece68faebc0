"""Cards into links, links led elsewhere, wires that heal, and the menu under the mouse."""

from __future__ import annotations

from itertools import combinations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGraphicsPathItem, QMenu

from engine.network.edits import Connect, MoveNodes
from engine.network.layers import new_node
from engine.network.model import Link
from gui.actions import Actions
from gui.canvas import CanvasView, blocks
from gui.canvas.geometry import NODE_HEIGHT, NODE_WIDTH, node_rect
from gui.commands.drawing import DrawingCommands
from gui.editor import Editor
from tests.gui.choosing import the_chooser
from tests.gui.drive import PaletteDrag, at, click, drag, drop_layer, middle, move, port, press, release

SHIFT = Qt.KeyboardModifier.ShiftModifier


def on_link(view: CanvasView, link: Link) -> QPoint:
    return view.mapFromScene(view.scene().link_item(link).label.pos())


def glows(view: CanvasView) -> bool:
    """Whether a link is lit up as a target."""
    return any(type(item) is QGraphicsPathItem for item in view.scene().items())


def overlapping(editor: Editor) -> list[tuple[str, str]]:
    """Pairs of nodes of one block."""
    network = editor.network
    return [
        (one.id, other.id)
        for one, other in combinations(network.nodes.values(), 2)
        if one.block == other.block and node_rect(network, one).intersects(node_rect(network, other))
    ]


# A card dropped on a link


def test_a_layer_from_the_palette_goes_into_the_link_it_is_dropped_on(
    view: CanvasView, editor: Editor
) -> None:
    before, link = editor.network, Link("relu-1", "flatten-1")
    carried = PaletteDrag(view.viewport(), "Dropout")
    carried.enter(at(view, 500, 100))
    assert not glows(view)
    carried.move(on_link(view, link))
    assert glows(view)
    carried.move(at(view, 500, 100))
    assert not glows(view)
    assert carried.drop(on_link(view, link))
    links = editor.network.links
    assert Link("relu-1", "dropout-1") in links and Link("dropout-1", "flatten-1") in links
    assert link not in links and not glows(view)
    assert editor.selection == {"dropout-1"} and editor.undo_stack.count() == 1
    assert not overlapping(editor)
    nodes = editor.network.nodes
    assert nodes["dropout-1"].x == nodes["relu-1"].x
    assert nodes["relu-1"].y < nodes["dropout-1"].y < nodes["flatten-1"].y < nodes["linear-1"].y
    editor.undo_stack.undo()
    assert editor.network == before


def test_what_no_tensor_runs_through_is_only_dropped(view: CanvasView, editor: Editor) -> None:
    links = editor.network.links
    assert drop_layer(view, "Input", on_link(view, Link("relu-1", "flatten-1")))
    assert "input-2" in editor.network.nodes and editor.network.links == links


def test_a_loose_card_goes_into_the_link_it_is_dragged_onto(view: CanvasView, editor: Editor) -> None:
    drop_layer(view, "Tanh", at(view, 400, 100))
    before, link = editor.network, Link("relu-1", "flatten-1")
    start = middle(view, "tanh-1")
    grip = start - view.mapFromScene(
        view.scene().node_item("tanh-1").pos() + QPointF(NODE_WIDTH / 2, NODE_HEIGHT / 2)
    )
    end = on_link(view, link) + grip
    press(view, start)
    move(view, (start + end) / 2)
    move(view, end)
    assert glows(view)
    release(view, end)
    links = editor.network.links
    assert Link("relu-1", "tanh-1") in links and Link("tanh-1", "flatten-1") in links
    assert editor.undo_stack.count() == 2 and not overlapping(editor) and not glows(view)
    editor.undo_stack.undo()
    assert editor.network == before


def test_escape_over_a_link_puts_the_card_back(view: CanvasView, editor: Editor) -> None:
    drop_layer(view, "Tanh", at(view, 400, 100))
    before, start = editor.network, middle(view, "tanh-1")
    press(view, start)
    move(view, start - QPoint(100, 0))
    move(view, on_link(view, Link("relu-1", "flatten-1")) + QPoint(40, 0))
    assert glows(view)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    release(view, start)
    assert editor.network is before and not glows(view)


def test_a_linked_card_and_several_cards_are_only_moved(view: CanvasView, editor: Editor) -> None:
    links = editor.network.links
    drag(view, middle(view, "linear-1"), on_link(view, Link("input-1", "conv2d-1")))
    drop_layer(view, "Tanh", at(view, 400, 100))
    drop_layer(view, "GELU", at(view, 400, 200))
    editor.select(frozenset({"tanh-1", "gelu-1"}))
    drag(view, middle(view, "tanh-1"), on_link(view, Link("relu-1", "flatten-1")))
    assert editor.network.links == links


def test_a_card_stays_where_there_is_room_for_it(view: CanvasView, editor: Editor) -> None:
    editor.edit(MoveNodes({"linear-1": (0.0, 1000.0)}), "Move")
    view.fit()
    drop_layer(view, "ReLU", at(view, 88, 700))
    nodes = editor.network.nodes
    assert nodes["linear-1"].y == 1000 and abs(nodes["relu-2"].y + NODE_HEIGHT / 2 - 700) <= 8


def test_inside_an_opened_block_all_around_it_makes_room(view: CanvasView, editor: Editor) -> None:
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    blocks.group(view.scene())
    block = editor.selected
    assert block is not None
    blocks.toggle(view.scene(), block)
    view.fit()
    before = editor.network
    assert drop_layer(view, "BatchNorm2d", on_link(view, Link("conv2d-1", "relu-1")))
    links = editor.network.links
    assert Link("conv2d-1", "batchnorm2d-1") in links and Link("batchnorm2d-1", "relu-1") in links
    assert editor.network.nodes["batchnorm2d-1"].block == block
    assert not overlapping(editor)
    editor.undo_stack.undo()
    assert editor.network == before
    drop_layer(view, "Tanh", at(view, 600, 100))
    drag(view, middle(view, "tanh-1"), on_link(view, Link("conv2d-1", "relu-1")) + QPoint(20, 0))
    assert not editor.network.incoming["tanh-1"], "a card does not go into a block by itself"


# Links led elsewhere


def test_the_nearer_end_of_a_link_can_be_dragged_to_another_port(
    view: CanvasView, editor: Editor
) -> None:
    drop_layer(view, "Tanh", at(view, 400, 60))
    start = port(view, "relu-1", True)
    click(view, at(view, 500, 500))
    near_source = start + QPoint(0, 13)
    drag(view, near_source, port(view, "tanh-1", True))
    assert Link("tanh-1", "flatten-1") in editor.network.links
    assert Link("relu-1", "flatten-1") not in editor.network.links
    assert editor.undo_stack.count() == 2 and editor.undo_stack.undoText() == "Link"
    near_target = port(view, "linear-1", False) - QPoint(0, 13)
    drag(view, near_target, port(view, "tanh-1", False))
    assert Link("flatten-1", "linear-1") in editor.network.links, "it would close a loop"


def test_a_link_of_an_add_keeps_its_place_when_it_is_led_elsewhere(
    view: CanvasView, editor: Editor
) -> None:
    node = new_node(editor.network, "Concat", 320, 400)
    from engine.network.edits import AddNode

    editor.edit(AddNode(node), "Add")
    for source in ("conv2d-1", "relu-1"):
        editor.edit(Connect(Link(source, "concat-1")), "Link")
    first = view.scene().link_item(Link("conv2d-1", "concat-1"))
    start = port(view, "conv2d-1", True)
    below = next(
        start + QPoint(x, y)
        for y in range(12, 40)
        for x in range(0, 60)
        if view.scene().target_at(view.mapToScene(start + QPoint(x, y))) is first
    )
    drag(view, below, port(view, "input-1", True))
    into = editor.network.incoming["concat-1"]
    assert into == (Link("input-1", "concat-1"), Link("relu-1", "concat-1"))


def test_an_end_dropped_on_the_canvas_is_unlinked_and_near_its_port_is_not(
    view: CanvasView, editor: Editor
) -> None:
    before, link = editor.network, Link("relu-1", "flatten-1")
    start = port(view, "flatten-1", False)
    drag(view, start, start + QPoint(-30, 4))
    assert editor.network is before
    drag(view, start, start + QPoint(-200, 10))
    assert link not in editor.network.links and editor.undo_stack.undoText() == "Unlink"
    editor.undo_stack.undo()
    assert editor.network == before
    press(view, start)
    move(view, start + QPoint(-200, 10))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert editor.network == before and not view.scene().link_item(link).lifted


def test_a_click_on_a_link_selects_it_and_lifts_nothing(view: CanvasView, editor: Editor) -> None:
    link = Link("relu-1", "flatten-1")
    press(view, on_link(view, link))
    move(view, on_link(view, link) + QPoint(1, 1))
    assert not view.scene().link_item(link).lifted
    release(view, on_link(view, link))
    assert view.scene().selected_links == {link} and editor.undo_stack.count() == 0


# Deleting


def test_a_wire_heals_where_a_node_is_deleted(view: CanvasView, editor: Editor) -> None:
    editor.select(frozenset({"relu-1", "flatten-1"}))
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert editor.network.links[-1] == Link("conv2d-1", "linear-1")
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    editor.select(frozenset({"relu-1"}))
    QTest.keyClick(view, Qt.Key.Key_Backspace, SHIFT)
    assert editor.network.links == (Link("input-1", "conv2d-1"), Link("flatten-1", "linear-1"))


def test_a_link_deleted_with_its_node_does_not_heal(view: CanvasView, editor: Editor) -> None:
    view.scene().select_links(frozenset({Link("relu-1", "flatten-1")}))
    editor.select(frozenset({"relu-1"}))
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert editor.network.links == (Link("input-1", "conv2d-1"), Link("flatten-1", "linear-1"))


# The menu


@pytest.fixture
def commands(view: CanvasView) -> Actions:
    actions = Actions(view)
    DrawingCommands(actions, view, view)
    return actions


def menu_at(view: CanvasView, place: QPoint) -> QMenu:
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, view.viewport().mapToGlobal(place))
    QApplication.sendEvent(view.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def names(menu: QMenu) -> set[str]:
    return {action.objectName() for action in menu.actions() if action.objectName()}


def test_the_menu_is_about_what_is_under_the_mouse(
    view: CanvasView, editor: Editor, commands: Actions
) -> None:
    menu = menu_at(view, middle(view, "relu-1"))
    assert editor.selection == {"relu-1"}
    assert {"link_to", "unlink", "delete", "arrange"} <= names(menu) and "fit" not in names(menu)
    menu.close()
    view.select_all()
    menu_at(view, middle(view, "relu-1")).close()
    assert len(editor.selection) == 5, "a selection stays when the menu opens on it"
    menu = menu_at(view, on_link(view, Link("relu-1", "flatten-1")))
    assert view.scene().selected_links and not editor.selection
    assert commands["unlink"].isEnabled() and not commands["link_to"].isEnabled()
    menu.close()
    commands["unlink"].trigger()
    assert Link("relu-1", "flatten-1") not in editor.network.links


def test_the_menu_of_the_empty_canvas_adds_where_it_was_opened(
    view: CanvasView, editor: Editor, commands: Actions
) -> None:
    view.select_all()
    menu = menu_at(view, at(view, 400, 100))
    assert not editor.selection and {"select_all", "fit"} <= names(menu)
    menu.actions()[0].trigger()
    menu.close()
    QTest.keyClicks(the_chooser(view).search, "tanh")
    QTest.keyClick(the_chooser(view).search, Qt.Key.Key_Return)
    node = editor.network.nodes["tanh-1"]
    assert abs(node.x + NODE_WIDTH / 2 - 400) <= 8 and abs(node.y + NODE_HEIGHT / 2 - 100) <= 8
