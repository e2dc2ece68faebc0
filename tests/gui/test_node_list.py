"""The list of nodes: it follows every edit, row by row, and finds what is looked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy, QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from engine.build.report import NodeShape, ShapeReport
from engine.network.block_edits import GroupNodes, UngroupBlock
from engine.network.edits import (
    AddNode,
    Connect,
    Disconnect,
    Edit,
    EditError,
    MoveNodes,
    RemoveNodes,
    RenameNode,
    SetParameter,
)
from engine.network.layers import new_node
from engine.network.model import Link, Network, Node
from engine.network.problem import Problem
from engine.project.project import Project
from gui.editor import Editor
from gui.node_list.model import NAME, OUTPUT, PARAMETERS, NodeModel
from gui.node_list.node_list import NodeList
from gui.theme import THEMES, appearance
from gui.window import MainWindow
from tests.gui.networks import chain
from tests.pictures import assert_looks_like

Role = Qt.ItemDataRole
LEFT = Qt.MouseButton.LeftButton
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def nodes(editor: Editor, qtbot: QtBot) -> Iterator[NodeList]:
    nodes = NodeList(editor)
    qtbot.addWidget(nodes)
    nodes.resize(400, 600)
    nodes.show()
    qtbot.waitExposed(nodes)
    nodes.activateWindow()
    yield nodes
    appearance.use("light")


def names(model: QAbstractItemModel, parent: QModelIndex | None = None, depth: int = 0) -> list[str]:
    """Every row from top to bottom, indented as it lies."""
    around = QModelIndex() if parent is None else parent
    found = []
    for row in range(model.rowCount(around)):
        index = model.index(row, NAME, around)
        found.append("  " * depth + index.data())
        found += names(model, index, depth + 1)
    return found


def row(nodes: NodeList, node_id: str) -> list[str]:
    return [nodes.model.index_of(node_id, column).data() for column in (NAME, OUTPUT, PARAMETERS)]


def selected(nodes: NodeList) -> set[str]:
    return {nodes.model.id_of(index) for index in nodes.tree.selectionModel().selectedRows()}


def place(nodes: NodeList, node_id: str) -> QPoint:
    return nodes.tree.visualRect(nodes.model.index_of(node_id)).center()


def report() -> ShapeReport:
    shapes = {
        "input-1": NodeShape((1, 28, 28)),
        "conv2d-1": NodeShape((32, 26, 26), parameters=320),
        "linear-1": NodeShape((10,), parameters=12_345_678),
    }
    problem = Problem("input_missing", "conv2d-1", cause="input-1", values={"node": "Conv2d 1"})
    return ShapeReport(shapes, (problem,), 320)


# What it lists


def test_nodes_stand_in_the_order_of_computation(nodes: NodeList, editor: Editor) -> None:
    assert names(nodes.model) == ["Input 1", "Conv2d 1", "ReLU 1", "Flatten 1", "Linear 1"]
    editor.edit(Disconnect(frozenset({Link("conv2d-1", "relu-1")})), "Unlink")
    editor.edit(Disconnect(frozenset({Link("input-1", "conv2d-1")})), "Unlink")
    editor.edit(Connect(Link("input-1", "relu-1")), "Link")
    editor.edit(Connect(Link("linear-1", "conv2d-1")), "Link")
    assert names(nodes.model) == ["Input 1", "ReLU 1", "Flatten 1", "Linear 1", "Conv2d 1"]


def test_what_lies_in_a_block_is_listed_beneath_it(nodes: NodeList, editor: Editor) -> None:
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    inside = ["  Input 1", "  Conv2d 1", "  ReLU 1", "  ReLU 1"]
    assert names(nodes.model) == ["Input 1", "Stem", *inside, "Flatten 1", "Linear 1"]
    editor.edit(UngroupBlock("block-1"), "Ungroup")
    assert names(nodes.model) == ["Input 1", "Conv2d 1", "ReLU 1", "Flatten 1", "Linear 1"]


def test_comments_and_frames_come_last(nodes: NodeList, editor: Editor) -> None:
    editor.edit(AddNode(new_node(editor.network, "Comment")), "Add")
    assert names(nodes.model)[-1] == "Comment 1"


def test_a_row_shows_output_and_parameters(nodes: NodeList, editor: Editor) -> None:
    assert row(nodes, "conv2d-1") == ["Conv2d 1", "", ""]
    editor.take_shapes(report())
    assert row(nodes, "conv2d-1") == ["Conv2d 1", "N × 32 × 26 × 26", "320"]
    assert row(nodes, "linear-1")[PARAMETERS] == "12.3 M"
    assert row(nodes, "relu-1")[OUTPUT] == ""


def test_a_row_tells_a_screen_reader_all_of_it(nodes: NodeList, editor: Editor) -> None:
    editor.take_shapes(report())
    index = nodes.model.index_of("conv2d-1")
    spoken = "Conv2d 1, Conv2d, output N × 32 × 26 × 26, 320 parameters, 1 problem"
    assert index.data(Role.AccessibleTextRole) == spoken
    assert "no input" in index.data(Role.AccessibleDescriptionRole)
    assert nodes.model.index_of("relu-1").data(Role.AccessibleTextRole) == "ReLU 1, ReLU"
    assert nodes.tree.accessibleName() and nodes.search.accessibleName()


def test_a_problem_marks_the_icon(nodes: NodeList, editor: Editor) -> None:
    def icon(node_id: str) -> int:
        return nodes.model.index_of(node_id).data(Role.DecorationRole).cacheKey()

    editor.edit(AddNode(new_node(editor.network, "Conv2d")), "Add")
    assert icon("conv2d-1") == icon("conv2d-2")
    editor.take_shapes(report())
    assert icon("conv2d-1") != icon("conv2d-2")
    editor.take_shapes(ShapeReport())
    assert icon("conv2d-1") == icon("conv2d-2")


def test_words_of_a_file_are_plain_text(nodes: NodeList, editor: Editor) -> None:
    editor.open(Project(network=Network({"x": Node("x", "Mamba", "<b>a</b>\u202e\n" + "y" * 999)})), {})
    index = nodes.model.index_of("x")
    assert index.data().startswith("<b>a</b>��y") and len(index.data()) == 80
    assert "&lt;b&gt;" in index.data(Role.ToolTipRole)


# Following


def edit_for(network: Network, draw: st.DataObject) -> Edit:
    some = st.sampled_from(sorted(network.nodes) or ["nobody"])
    kinds = st.sampled_from(["ReLU", "Add", "Comment", "Input"])
    blocks = [node.id for node in network.nodes.values() if node.kind == "Block"]
    return draw.draw(
        st.one_of(
            st.builds(
                lambda kind, block: AddNode(replace(new_node(network, kind), block=block)),
                kinds,
                st.sampled_from(["", *blocks]),
            ),
            st.builds(lambda ids: RemoveNodes(frozenset(ids)), st.sets(some, max_size=3)),
            st.builds(lambda a, b: Connect(Link(a, b)), some, some),
            st.builds(lambda links: Disconnect(frozenset(links)), st.just(network.links[1:3])),
            st.builds(RenameNode, some, st.text(min_size=1, max_size=4)),
            st.builds(lambda ids: GroupNodes(frozenset(ids), "Block"), st.sets(some, max_size=3)),
            st.builds(UngroupBlock, st.sampled_from(blocks or ["nobody"])),
        )
    )


@given(draw=st.data())
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_after_any_edits_the_rows_are_those_of_a_fresh_list(
    qapp: QApplication, draw: st.DataObject
) -> None:
    """Qt's own tester watches that every signal tells the truth."""
    editor = Editor()
    editor.open(Project(network=chain("Input", "Conv2d", "ReLU", "Linear", "Softmax")), {})
    model = NodeModel(editor)
    model.reset()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    editor.changed.connect(model.follow)
    words = draw.draw(st.sampled_from(["", "", "relu", "1"]))
    model.search(words)
    for _ in range(draw.draw(st.integers(1, 8))):
        try:
            edit = edit_for(editor.network, draw)
            edit.apply(editor.network)
        except EditError:
            continue
        editor.edit(edit, "Edit")
        if draw.draw(st.integers(0, 4)) == 0:
            editor.undo_stack.undo()
        fresh = NodeModel(editor)
        fresh.search(words)
        assert names(model) == names(fresh)
        for node_id in editor.network.nodes:
            index = model.index_of(node_id)
            assert not index.isValid() or model.id_of(index) == node_id
    editor.changed.disconnect(model.follow)
    del tester


def test_an_edit_of_a_node_touches_only_its_row(nodes: NodeList, editor: Editor) -> None:
    model = nodes.model
    spies = [
        QSignalSpy(signal)
        for signal in (model.modelReset, model.layoutChanged, model.rowsInserted, model.rowsRemoved)
    ]
    changed = QSignalSpy(model.dataChanged)
    editor.edit(SetParameter("conv2d-1", "out_channels", 8), "Set")
    editor.edit(MoveNodes({"relu-1": (80.0, 80.0)}), "Move")
    editor.edit(RenameNode("linear-1", "head"), "Rename")
    assert [spy.count() for spy in spies] == [0, 0, 0, 0]
    assert [model.id_of(changed.at(n)[0]) for n in range(changed.count())] == [
        "conv2d-1",
        "relu-1",
        "linear-1",
    ]
    assert row(nodes, "linear-1")[NAME] == "head"
    editor.edit(AddNode(new_node(editor.network, "Tanh")), "Add")
    editor.edit(RemoveNodes(frozenset({"flatten-1"})), "Delete")
    assert [spy.count() for spy in spies] == [0, 0, 1, 1]


def test_rows_that_stay_keep_their_selection_and_what_is_unfolded(
    nodes: NodeList, editor: Editor
) -> None:
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    nodes.tree.expand(nodes.model.index_of("block-1"))
    editor.select(frozenset({"linear-1", "relu-1"}))
    editor.edit(RemoveNodes(frozenset({"input-1"})), "Delete")
    editor.edit(AddNode(new_node(editor.network, "Input")), "Add")
    assert selected(nodes) == editor.selection == {"linear-1", "relu-1"}
    assert nodes.tree.isExpanded(nodes.model.index_of("block-1"))


def test_out_of_sight_it_does_nothing_and_catches_up(nodes: NodeList, editor: Editor) -> None:
    nodes.hide()
    spy = QSignalSpy(nodes.model.rowsInserted)
    editor.edit(AddNode(new_node(editor.network, "Tanh")), "Add")
    editor.select(frozenset({"tanh-1"}))
    assert spy.count() == 0 and "Tanh 1" not in names(nodes.model)
    nodes.show()
    assert "Tanh 1" in names(nodes.model) and selected(nodes) == {"tanh-1"}
    editor.open(Project(network=chain("Input")), {})
    assert names(nodes.model) == ["Input 1"]


# Selecting


def test_the_selection_is_one_in_both_directions(nodes: NodeList, editor: Editor) -> None:
    changes = QSignalSpy(editor.selection_changed)
    editor.select(frozenset({"conv2d-1", "flatten-1"}))
    assert selected(nodes) == {"conv2d-1", "flatten-1"} and changes.count() == 1
    QTest.mouseClick(nodes.tree.viewport(), LEFT, pos=place(nodes, "relu-1"))
    assert editor.selection == {"relu-1"} and changes.count() == 2
    QTest.mouseClick(nodes.tree.viewport(), LEFT, CONTROL, place(nodes, "linear-1"))
    assert editor.selection == {"relu-1", "linear-1"} and changes.count() == 3
    editor.select(frozenset())
    assert selected(nodes) == set() and changes.count() == 4


def test_a_node_in_a_folded_block_is_shown_when_it_is_selected(nodes: NodeList, editor: Editor) -> None:
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    assert not nodes.tree.isExpanded(nodes.model.index_of("block-1"))
    editor.select(frozenset({"conv2d-1"}))
    assert nodes.tree.isExpanded(nodes.model.index_of("block-1"))
    assert selected(nodes) == {"conv2d-1"}


def test_the_arrows_walk_the_rows_and_the_selection_goes_along(nodes: NodeList, editor: Editor) -> None:
    editor.select(frozenset({"input-1"}))
    nodes.tree.setFocus()
    QTest.keyClick(nodes.tree, Qt.Key.Key_Down)
    QTest.keyClick(nodes.tree, Qt.Key.Key_Down)
    assert editor.selection == {"relu-1"}


def test_enter_and_double_click_go_to_the_node(nodes: NodeList, editor: Editor, qtbot: QtBot) -> None:
    editor.select(frozenset({"relu-1"}))
    with qtbot.waitSignal(nodes.chosen) as chosen:
        QTest.keyClick(nodes.tree, Qt.Key.Key_Return)
    assert chosen.args == ["relu-1"]
    with qtbot.waitSignal(nodes.chosen) as chosen:
        QTest.mouseClick(nodes.tree.viewport(), LEFT, pos=place(nodes, "linear-1"))
        QTest.mouseDClick(nodes.tree.viewport(), LEFT, pos=place(nodes, "linear-1"))
    assert chosen.args == ["linear-1"]
    with qtbot.waitSignal(nodes.left):
        QTest.keyClick(nodes.tree, Qt.Key.Key_Escape)


# Finding


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("conv", ["Conv2d 1"]),
        ("FLATTEN", ["Flatten 1"]),
        ("activation", ["ReLU 1"]),
        ("dense", ["Linear 1"]),
        ("problem", ["Conv2d 1"]),
        ("cause", ["Input 1"]),
        ("problem conv2d", ["Conv2d 1"]),
        ("problem linear", []),
    ],
)
def test_words_find_names_kinds_and_problems(
    nodes: NodeList, editor: Editor, words: str, found: list[str]
) -> None:
    editor.take_shapes(report())
    QTest.keyClicks(nodes.search, words)
    assert names(nodes.model) == found
    assert nodes.found.isVisible()
    assert (str(len(found)) if found else words) in nodes.found.text()
    nodes.search.clear()
    assert len(names(nodes.model)) == 5 and not nodes.found.isVisible()


def test_a_find_in_a_block_is_shown_with_its_block(nodes: NodeList, editor: Editor) -> None:
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    QTest.keyClicks(nodes.search, "conv2d")
    assert names(nodes.model) == ["Stem", "  Conv2d 1"]
    assert nodes.tree.isExpanded(nodes.model.index_of("block-1"))
    assert nodes.found.text() == "1 node"


def test_enter_and_the_arrows_go_through_what_was_found(nodes: NodeList, editor: Editor) -> None:
    editor.open(Project(network=chain("Input", "ReLU", "Tanh", "ReLU", "ReLU")), {})
    nodes.chosen.connect(lambda node_id: editor.select(frozenset({node_id})))
    went = QSignalSpy(nodes.chosen)
    nodes.search.setFocus()
    QTest.keyClicks(nodes.search, "relu")
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Down):
        QTest.keyClick(nodes.search, key)
    QTest.keyClick(nodes.search, Qt.Key.Key_Up)
    QTest.keyClick(nodes.search, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert [went.at(n)[0] for n in range(went.count())] == [
        f"relu-{number}" for number in (1, 2, 3, 1, 3, 2)
    ]
    assert nodes.search.hasFocus(), "so that Enter can be pressed again"


def test_the_finds_follow_edits_and_reports(nodes: NodeList, editor: Editor) -> None:
    QTest.keyClicks(nodes.search, "problem")
    assert names(nodes.model) == []
    editor.take_shapes(report())
    assert names(nodes.model) == ["Conv2d 1"] and nodes.found.text() == "1 node"
    editor.take_shapes(ShapeReport())
    assert names(nodes.model) == []
    nodes.search.setText("head")
    editor.edit(RenameNode("linear-1", "head"), "Rename")
    assert names(nodes.model) == ["head"]


def test_escape_ends_the_search(nodes: NodeList, qtbot: QtBot) -> None:
    QTest.keyClicks(nodes.search, "relu")
    with qtbot.waitSignal(nodes.left):
        QTest.keyClick(nodes.search, Qt.Key.Key_Escape)
    assert nodes.search.text() == "" and len(names(nodes.model)) == 5


# In the window


@pytest.fixture
def ready(window: MainWindow, qtbot: QtBot) -> MainWindow:
    window.editor.open(Project(network=chain("Input", "Linear", "ReLU", "Linear", "ReLU")), {})
    window.activateWindow()
    window.canvas.setFocus()
    qtbot.waitUntil(window.canvas.hasFocus)
    return window


def test_control_f_finds_a_node_and_centres_it(ready: MainWindow, qtbot: QtBot) -> None:
    nodes, canvas = ready.tools.nodes, ready.canvas
    assert not nodes.isVisible()
    QTest.keyClick(canvas, Qt.Key.Key_F, CONTROL)
    qtbot.waitUntil(nodes.search.hasFocus)
    assert nodes.isVisible()
    QTest.keyClicks(nodes.search, "linear 2")
    QTest.keyClick(nodes.search, Qt.Key.Key_Return)
    assert ready.editor.selection == {"linear-2"}
    item = canvas.scene().card_rect("linear-2").center()
    assert (canvas.mapFromScene(item) - canvas.viewport().rect().center()).manhattanLength() < 4
    QTest.keyClick(nodes.search, Qt.Key.Key_Escape)
    assert canvas.hasFocus() and nodes.search.text() == ""


def test_enter_steps_into_the_block_of_a_node(ready: MainWindow) -> None:
    editor, nodes = ready.editor, ready.tools.nodes
    editor.edit(GroupNodes(frozenset({"linear-1", "relu-1"}), "Stem"), "Group")
    ready.commands["find"].trigger()
    QTest.keyClicks(nodes.search, "linear 1")
    QTest.keyClick(nodes.search, Qt.Key.Key_Return)
    assert editor.level == "block-1" and editor.selection == selected(nodes) == {"linear-1"}


def test_delete_and_f2_work_in_the_list(ready: MainWindow, qtbot: QtBot) -> None:
    nodes, editor = ready.tools.nodes, ready.editor
    ready.commands["find"].trigger()
    QTest.mouseClick(nodes.tree.viewport(), LEFT, pos=place(nodes, "relu-1"))
    assert nodes.tree.hasFocus()
    QTest.keyClick(nodes.tree, Qt.Key.Key_F2)
    field = nodes.tree.findChild(QLineEdit)
    assert field is not None and field.text() == "ReLU 1"
    QTest.keyClicks(field, "gate")
    editor.take_shapes(ShapeReport())
    assert field.text() == "gate", "a report that comes in leaves the field alone"
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: editor.network.nodes["relu-1"].name == "gate")
    assert editor.undo_stack.undoText() == "Rename"
    nodes.tree.setFocus()
    QTest.keyClick(nodes.tree, Qt.Key.Key_Delete)
    assert "relu-1" not in editor.network.nodes
    QTest.keyClick(nodes.tree, Qt.Key.Key_A, CONTROL)
    assert editor.selection == set(editor.network.nodes) == selected(nodes)


def test_a_blank_name_is_not_taken(ready: MainWindow) -> None:
    model = ready.tools.nodes.model
    ready.commands["find"].trigger()
    assert not model.setData(model.index_of("relu-1"), "  ")
    assert not model.setData(model.index_of("relu-1", OUTPUT), "x")
    assert ready.editor.undo_stack.count() == 0


def test_the_view_menu_shows_and_hides_it(ready: MainWindow) -> None:
    titles = [action.text() for menu in ready.menuBar().actions() for action in menu.menu().actions()]
    assert "Nodes" in titles


@pytest.mark.parametrize("theme", THEMES)
def test_it_looks_right(
    nodes: NodeList, editor: Editor, theme: str, caplog: pytest.LogCaptureFixture
) -> None:
    appearance.use(theme)
    nodes.resize(360, 240)
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    editor.take_shapes(report())
    nodes.search.setText("1")
    editor.select(frozenset({"conv2d-1"}))
    nodes.setFocus()
    assert_looks_like(nodes, f"node-list-{theme}")
    assert not caplog.records
