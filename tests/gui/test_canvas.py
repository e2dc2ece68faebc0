"""The canvas as a person uses it: mouse, keys, and what is on screen."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.network.edits import MoveNodes, connection_problem
from engine.network.model import Link, Network, Node
from engine.project.project import Project
from gui.canvas import CanvasView
from gui.canvas.items.link_item import LinkItem
from gui.canvas.items.node_item import NodeItem
from gui.canvas.items.summary import summary
from gui.canvas.ports import PortLook, link_between
from gui.editor import Editor
from gui.theme import GRID
from tests.gui.drive import (
    LEFT,
    NONE,
    PaletteDrag,
    at,
    click,
    drag,
    drop_layer,
    middle,
    move,
    port,
    press,
    release,
)

SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


def positions(editor: Editor) -> dict[str, tuple[float, float]]:
    return {key: (node.x, node.y) for key, node in editor.network.nodes.items()}


def pictured(view: CanvasView) -> tuple[set[str], set[Link]]:
    """What the scene shows, read off its items."""
    items = view.scene().items()
    return (
        {item.node.id for item in items if isinstance(item, NodeItem)},
        {item.link for item in items if isinstance(item, LinkItem)},
    )


# Following the network


def test_the_scene_shows_the_network(view: CanvasView, editor: Editor) -> None:
    assert pictured(view) == (set(editor.network.nodes), set(editor.network.links))


def test_the_scene_follows_edits_undo_and_another_project(view: CanvasView, editor: Editor) -> None:
    editor.select(frozenset({"conv2d-1"}))
    view.delete_selection()
    assert "conv2d-1" not in pictured(view)[0]
    assert pictured(view) == (set(editor.network.nodes), set(editor.network.links))
    editor.undo_stack.undo()
    assert pictured(view) == (set(editor.network.nodes), set(editor.network.links))
    editor.open(Project(), {})
    assert pictured(view) == (set(), set())


def test_an_edit_touches_only_the_items_it_names(view: CanvasView, editor: Editor) -> None:
    before = {key: view.scene().node_item(key) for key in editor.network.nodes}
    editor.edit(MoveNodes({"relu-1": (400.0, 0.0)}), "Move")
    assert all(view.scene().node_item(key) is item for key, item in before.items())
    assert before["relu-1"].pos() == QPointF(400, 0)


def test_a_kind_of_a_newer_version_is_shown_as_unknown(qtbot: QtBot) -> None:
    editor = Editor()
    view = CanvasView(editor)
    qtbot.addWidget(view)
    node = Node("x-1", "Mamba", "<b>Mamba</b>", x=float("nan"), y=1e300)
    editor.open(Project(network=Network({"x-1": node})), {})
    assert summary(node) == "unknown kind"
    assert view.scene().node_item("x-1").pos().y() <= 1e6
    view.show()
    qtbot.waitExposed(view)
    view.grab()
    assert "Mamba" in view.scene().explanation(view.scene().node_item("x-1"))


# Selecting


def test_click_shift_click_and_click_beside(view: CanvasView, editor: Editor) -> None:
    click(view, middle(view, "conv2d-1"))
    assert editor.selection == {"conv2d-1"}
    click(view, middle(view, "relu-1"), SHIFT)
    assert editor.selection == {"conv2d-1", "relu-1"}
    click(view, middle(view, "relu-1"), CONTROL)
    assert editor.selection == {"conv2d-1"}
    click(view, at(view, -200, 100))
    assert editor.selection == frozenset()


def test_a_click_into_a_selection_selects_one(view: CanvasView, editor: Editor) -> None:
    view.select_all()
    click(view, middle(view, "relu-1"))
    assert editor.selection == {"relu-1"}


def test_the_rubber_band_selects_what_it_touches(view: CanvasView, editor: Editor) -> None:
    top = editor.network.nodes["relu-1"].y
    drag(view, at(view, -60, top - 4), at(view, 60, top + 60))
    assert editor.selection == {"relu-1"}
    assert editor.undo_stack.count() == 0
    assert not any(item.zValue() == 10 for item in view.scene().items())


def test_select_all_and_escape(view: CanvasView, editor: Editor) -> None:
    QTest.keyClick(view, Qt.Key.Key_A, CONTROL)
    assert editor.selection == set(editor.network.nodes)
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert editor.selection == frozenset()


# Moving


def test_a_drag_moves_the_selection_along_the_grid_as_one_step(
    view: CanvasView, editor: Editor
) -> None:
    before = positions(editor)
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    start = middle(view, "conv2d-1")
    drag(view, start, start + QPoint(101, 27))
    after = positions(editor)
    assert after["conv2d-1"] == (before["conv2d-1"][0] + 104, before["conv2d-1"][1] + 24)
    assert after["relu-1"][0] % GRID == after["relu-1"][1] % GRID == 0
    assert after["input-1"] == before["input-1"]
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert positions(editor) == before
    assert view.scene().node_item("conv2d-1").pos() == QPointF(*before["conv2d-1"])


def test_escape_puts_dragged_nodes_back(view: CanvasView, editor: Editor) -> None:
    before = positions(editor)
    start = middle(view, "conv2d-1")
    press(view, start)
    move(view, start + QPoint(80, 80))
    assert view.scene().node_item("conv2d-1").pos() != QPointF(*before["conv2d-1"])
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert view.scene().node_item("conv2d-1").pos() == QPointF(*before["conv2d-1"])
    release(view, start + QPoint(80, 80))
    assert positions(editor) == before and editor.undo_stack.count() == 0


def test_a_trembling_click_is_no_move(view: CanvasView, editor: Editor) -> None:
    start = middle(view, "conv2d-1")
    drag(view, start, start + QPoint(2, 1))
    assert editor.undo_stack.count() == 0


def test_undo_in_the_middle_of_a_drag_ends_it(view: CanvasView, editor: Editor) -> None:
    start = middle(view, "linear-1")
    drag(view, start, start + QPoint(80, 0))
    press(view, middle(view, "linear-1"))
    move(view, middle(view, "linear-1") + QPoint(0, 40))
    editor.undo_stack.undo()
    release(view, start)
    assert positions(editor)["linear-1"][0] == 0
    assert view.scene().node_item("linear-1").pos().x() == 0


def test_arrow_keys_nudge_one_step_a_run(view: CanvasView, editor: Editor) -> None:
    click(view, middle(view, "relu-1"))
    x, y = positions(editor)["relu-1"]
    for _ in range(3):
        QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Up)
    assert positions(editor)["relu-1"] == (x + 3 * GRID, y - GRID)
    assert editor.undo_stack.count() == 1
    click(view, middle(view, "relu-1"))
    QTest.keyClick(view, Qt.Key.Key_Down)
    assert editor.undo_stack.count() == 2


# Deleting


def test_delete_takes_nodes_and_links_in_one_step(view: CanvasView, editor: Editor) -> None:
    before = editor.network
    click(view, link_middle(view, Link("input-1", "conv2d-1")))
    assert view.scene().selected_links == {Link("input-1", "conv2d-1")}
    click(view, middle(view, "linear-1"), SHIFT)
    QTest.keyClick(view, Qt.Key.Key_Delete)
    assert "linear-1" not in editor.network.nodes
    assert Link("input-1", "conv2d-1") not in editor.network.links
    assert editor.undo_stack.count() == 1 and not editor.selection
    editor.undo_stack.undo()
    assert editor.network == before
    editor.select(frozenset({"relu-1"}))
    QTest.keyClick(view, Qt.Key.Key_Backspace)
    assert "relu-1" not in editor.network.nodes


def link_middle(view: CanvasView, link: Link) -> QPoint:
    return view.mapFromScene(view.scene().link_item(link).label.pos())


# Linking


def test_a_drag_from_port_to_port_links(view: CanvasView, editor: Editor) -> None:
    assert drop_layer(view, "Tanh", at(view, 320, 200))
    drag(view, port(view, "relu-1", True), port(view, "tanh-1", False) + QPoint(15, -10))
    assert Link("relu-1", "tanh-1") in editor.network.links
    assert Link("relu-1", "tanh-1") in pictured(view)[1]


def test_a_wire_may_begin_at_the_input(view: CanvasView, editor: Editor) -> None:
    drop_layer(view, "Tanh", at(view, 320, 200))
    drag(view, port(view, "tanh-1", False), port(view, "conv2d-1", True))
    assert Link("conv2d-1", "tanh-1") in editor.network.links


def test_a_wire_dropped_on_a_card_finds_its_port(view: CanvasView, editor: Editor) -> None:
    drop_layer(view, "Tanh", at(view, 320, 200))
    drag(view, port(view, "conv2d-1", True), middle(view, "tanh-1"))
    assert Link("conv2d-1", "tanh-1") in editor.network.links


def test_a_wire_dropped_near_its_port_or_escaped_leaves_all_as_it_was(
    view: CanvasView, editor: Editor
) -> None:
    before, items = editor.network, len(view.scene().items())
    drag(view, port(view, "linear-1", True), port(view, "linear-1", True) + QPoint(20, 20))
    press(view, port(view, "input-1", True))
    move(view, port(view, "linear-1", False))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    release(view, port(view, "linear-1", False))
    assert editor.network is before and len(view.scene().items()) == items


def test_a_loop_is_refused_with_the_reason(view: CanvasView, editor: Editor, qtbot: QtBot) -> None:
    before = editor.network
    with qtbot.waitSignal(editor.refused) as refused:
        drag(view, port(view, "relu-1", True), port(view, "conv2d-1", False))
    assert refused.args[0].code == "would_cycle"
    assert editor.network is before


def test_an_end_of_a_link_can_be_put_elsewhere_in_one_step(view: CanvasView, editor: Editor) -> None:
    before = editor.network
    drop_layer(view, "Tanh", at(view, 320, 200))
    drag(view, port(view, "relu-1", False), port(view, "tanh-1", False))
    assert Link("conv2d-1", "tanh-1") in editor.network.links
    assert Link("conv2d-1", "relu-1") not in editor.network.links
    editor.undo_stack.undo()
    assert editor.network.links == before.links
    drag(view, port(view, "relu-1", False), port(view, "relu-1", False) + QPoint(-30, 0))
    assert editor.network.links == before.links
    assert not view.scene().link_item(Link("conv2d-1", "relu-1")).lifted


def test_ports_show_what_a_wire_may_reach_as_the_edit_will_decide(
    view: CanvasView, editor: Editor
) -> None:
    drop_layer(view, "Add", at(view, 320, 200))
    press(view, port(view, "relu-1", True))
    item = view.scene().node_item("relu-1")
    start = next(dot for dot in item.ports if dot.output)
    for other in view.scene().node_items():
        for dot in other.ports:
            link = link_between(start, dot)
            look = other._looks[dot]
            if dot != start:
                possible = link is not None and not connection_problem(editor.network, link)
                assert (look is PortLook.READY) == possible, dot
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert not item._looks


# Dropping layers


def test_a_layer_dropped_from_the_palette_lies_under_the_cursor_on_the_grid(
    view: CanvasView, editor: Editor
) -> None:
    assert drop_layer(view, "Dropout", at(view, 403, 251))
    node = editor.network.nodes["dropout-1"]
    assert (node.x, node.y) == (312, 224)
    assert editor.selection == {"dropout-1"} and editor.undo_stack.count() == 1


def test_what_is_no_layer_is_not_taken_and_leaving_leaves_nothing(
    view: CanvasView, editor: Editor
) -> None:
    assert not PaletteDrag(view.viewport(), "Nonsense").enter(at(view, 300, 300))
    items = len(view.scene().items())
    carried = PaletteDrag(view.viewport(), "Linear")
    assert carried.enter(at(view, 300, 300))
    assert len(view.scene().items()) == items + 1
    carried.leave()
    assert len(view.scene().items()) == items and editor.undo_stack.count() == 0


# Zoom and pan


@pytest.mark.parametrize("keys", [NONE, CONTROL])
def test_the_wheel_zooms_about_the_cursor(view: CanvasView, keys: Qt.KeyboardModifier) -> None:
    cursor = middle(view, "relu-1")
    before = view.mapToScene(cursor)
    wheel(view, cursor, 240, keys)
    assert view.zoom == pytest.approx(1.44)
    away = view.mapToScene(cursor) - before
    assert abs(away.x()) <= 1 and abs(away.y()) <= 1
    wheel(view, cursor, -120 * 100, keys)
    assert view.zoom == pytest.approx(0.05)


def test_shift_and_the_wheel_pan(view: CanvasView) -> None:
    before = view.mapToScene(0, 0)
    wheel(view, QPoint(100, 100), -120, SHIFT)
    assert view.zoom == 1.0 and view.mapToScene(0, 0).x() == before.x() + 120


def wheel(view: CanvasView, place: QPoint, turn: int, keys: Qt.KeyboardModifier) -> None:
    event = QWheelEvent(
        QPointF(place),
        QPointF(view.viewport().mapToGlobal(place)),
        QPoint(),
        QPoint(0, turn),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), event)


@pytest.mark.parametrize("hand", ["middle", "space"])
def test_the_middle_button_and_space_pan(view: CanvasView, editor: Editor, hand: str) -> None:
    start = middle(view, "relu-1")
    before = view.mapToScene(start)
    button = Qt.MouseButton.MiddleButton if hand == "middle" else LEFT
    if hand == "space":
        QTest.keyPress(view, Qt.Key.Key_Space)
    QTest.mousePress(view.viewport(), button, NONE, start)
    move(view, start + QPoint(50, 30))
    move(view, start + QPoint(90, 40))
    QTest.mouseRelease(view.viewport(), button, NONE, start + QPoint(90, 40))
    QTest.keyRelease(view, Qt.Key.Key_Space)
    assert view.mapToScene(start + QPoint(90, 40)) == before
    assert not editor.selection


def test_fit_shows_every_node_and_center_on_one(view: CanvasView, editor: Editor) -> None:
    editor.edit(MoveNodes({"linear-1": (4000.0, 3000.0)}), "Move")
    view.fit()
    seen = view.mapToScene(view.viewport().rect()).boundingRect()
    assert all(seen.contains(item.sceneBoundingRect()) for item in view.scene().node_items())
    view.zoom_reset()
    view.center_on("linear-1")
    view.center_on("gone")
    assert view.viewport().rect().contains(middle(view, "linear-1"))


def test_a_node_appended_out_of_sight_is_brought_into_it(view: CanvasView, editor: Editor) -> None:
    view.centerOn(5000, 5000)
    editor.edit(MoveNodes({"relu-1": (8.0, 8.0)}), "Move")
    assert view.mapToScene(0, 0).x() > 1000
    editor.undo_stack.undo()
    editor.select(frozenset({"relu-1"}))
    view.delete_selection()
    editor.undo_stack.undo()
    assert (
        view.viewport()
        .rect()
        .intersects(
            view.mapFromScene(view.scene().node_item("relu-1").sceneBoundingRect()).boundingRect()
        )
    )
