"""Copy, cut, paste and duplicate as a person does them; between windows, and through an editor."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from engine.network.block_edits import GroupNodes, OpenBlock
from engine.network.edits import AddNode
from engine.network.model import Link, Network, Node
from engine.network.problem import Problem
from engine.project import limits
from engine.project.fragment import to_text
from engine.project.project import Project
from gui.actions import Actions
from gui.canvas import CanvasView
from gui.canvas.copying import STEP
from gui.canvas.gestures.duplicate import Ghosts
from gui.canvas.items.node_item import NodeItem
from gui.commands.clipboard import ClipboardCommands
from gui.editor import Editor
from gui.inspector.node_form import NodeForm
from gui.theme import GRID
from gui.window import MainWindow
from tests.gui.drive import at, drag, middle, move, press, release
from tests.gui.networks import chain

CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def commands(view: CanvasView) -> Actions:
    """The commands, with their keys, on the canvas alone."""
    actions = Actions(view)
    ClipboardCommands(actions, view, view)
    QGuiApplication.clipboard().clear()
    view.activateWindow()
    return actions


@pytest.fixture
def refused(editor: Editor) -> list[Problem]:
    problems: list[Problem] = []
    editor.refused.connect(problems.append)
    return problems


def keys(widget: QWidget, key: Qt.Key) -> None:
    QTest.keyClick(widget, key, CONTROL)


def clipboard_text() -> str:
    return QGuiApplication.clipboard().text()


def places(editor: Editor, *ids: str) -> list[tuple[float, float]]:
    return [(editor.network.nodes[key].x, editor.network.nodes[key].y) for key in ids]


# Copy and paste


def test_copies_come_beside_their_originals_with_the_links_among_them(
    view: CanvasView, editor: Editor, commands: Actions
) -> None:
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    keys(view, Qt.Key.Key_C)
    before = editor.network
    keys(view, Qt.Key.Key_V)
    added = editor.network.nodes.keys() - before.nodes.keys()
    assert added == editor.selection == {"conv2d-2", "relu-2"}
    assert Link("conv2d-2", "relu-2") in editor.network.links
    assert len(editor.network.links) == len(before.links) + 1
    assert [editor.network.nodes[key].name for key in ("conv2d-2", "relu-2")] == ["Conv2d 2", "ReLU 2"]
    for original, copy in (("conv2d-1", "conv2d-2"), ("relu-1", "relu-2")):
        (x, y), there = places(editor, original, copy)
        assert there == (x + STEP, y + STEP)
    assert editor.undo_stack.count() == 1 and editor.undo_stack.undoText() == "Paste"
    editor.undo_stack.undo()
    assert editor.network == before


def test_repeated_pastes_step_on(view: CanvasView, editor: Editor, commands: Actions) -> None:
    editor.select(frozenset({"relu-1"}))
    keys(view, Qt.Key.Key_C)
    for _ in range(3):
        keys(view, Qt.Key.Key_V)
    x, y = places(editor, "relu-1")[0]
    found = places(editor, "relu-2", "relu-3", "relu-4")
    assert found == [(x + n * STEP, y + n * STEP) for n in (1, 2, 3)]
    assert editor.undo_stack.count() == 3


def test_out_of_sight_of_the_originals_copies_come_into_the_middle(
    view: CanvasView, editor: Editor, commands: Actions
) -> None:
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    keys(view, Qt.Key.Key_C)
    view.centerOn(20_000, 20_000)
    keys(view, Qt.Key.Key_V)
    item = view.scene().node_item("relu-2").sceneBoundingRect()
    other = view.scene().node_item("conv2d-2").sceneBoundingRect()
    away = item.united(other).center() - QPointF(20_000, 20_000)
    assert away.manhattanLength() < 60
    x, y = places(editor, "conv2d-2")[0]
    assert x % GRID == 0 and y % GRID == 0
    before, after = places(editor, "conv2d-1", "relu-1"), places(editor, "conv2d-2", "relu-2")
    assert after[1][1] - after[0][1] == before[1][1] - before[0][1]


def test_pastes_that_step_out_of_sight_are_shown(
    view: CanvasView, editor: Editor, commands: Actions
) -> None:
    editor.select(frozenset({"linear-1"}))
    keys(view, Qt.Key.Key_C)
    for _ in range(40):
        keys(view, Qt.Key.Key_V)
    (newest,) = editor.selection
    assert view.rect().contains(middle(view, newest))


def test_cut_nodes_come_back_where_they_were(
    view: CanvasView, editor: Editor, commands: Actions
) -> None:
    before = editor.network
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    keys(view, Qt.Key.Key_X)
    assert editor.network.nodes.keys() == {"input-1", "flatten-1", "linear-1"}
    assert editor.undo_stack.undoText() == "Cut"
    keys(view, Qt.Key.Key_V)
    assert editor.network.nodes == before.nodes, "their names and ids are free again"
    editor.undo_stack.undo()
    editor.undo_stack.undo()
    assert editor.network == before


def test_a_block_is_pasted_with_all_that_lies_in_it(
    view: CanvasView, editor: Editor, commands: Actions
) -> None:
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    editor.select(frozenset({"block-1"}))
    keys(view, Qt.Key.Key_C)
    keys(view, Qt.Key.Key_V)
    network = editor.network
    assert editor.selection == {"block-2"} and network.nodes["block-2"].name == "Stem 1"
    assert len(list(network.inside("block-2"))) == len(list(network.inside("block-1"))) == 4


def test_ports_cannot_leave_their_block(
    view: CanvasView, editor: Editor, commands: Actions, refused: list[Problem]
) -> None:
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    ports = [node.id for node in editor.network.nodes.values() if node.kind == "BlockInput"]
    editor.select(frozenset(ports))
    keys(view, Qt.Key.Key_C)
    before = editor.network
    keys(view, Qt.Key.Key_V)
    assert editor.network is before and [p.code for p in refused] == ["only_in_a_block"]
    editor.select(frozenset({*ports, "conv2d-1"}))
    keys(view, Qt.Key.Key_C)
    keys(view, Qt.Key.Key_V)
    assert editor.selection == {"conv2d-2"} and editor.network.nodes["conv2d-2"].block == ""


def test_the_commands_say_why_they_are_disabled(editor: Editor, commands: Actions) -> None:
    editor.select(frozenset())
    for name in ("copy", "cut", "duplicate"):
        assert not commands[name].isEnabled()
        assert "Nothing is selected" in commands[name].toolTip()
    assert commands["paste"].isEnabled()
    editor.select(frozenset({"relu-1"}))
    assert all(commands[name].isEnabled() for name in ("copy", "cut", "duplicate"))


def test_a_node_that_cannot_be_written_is_not_copied(view: CanvasView, editor: Editor) -> None:
    editor.open(Project(network=Network({"a": Node("a", "ReLU", "a", {"p": float("nan")})})), {})
    actions = Actions(view)
    commands = ClipboardCommands(actions, view, view)
    said: list[str] = []
    commands.message.connect(lambda text, level: said.append(f"{level}: {text}"))
    QGuiApplication.clipboard().setText("before")
    editor.select(frozenset({"a"}))
    commands.cut()
    assert clipboard_text() == "before" and "a" in editor.network.nodes
    assert len(said) == 1 and said[0].startswith("error: clipboard: ")


# As text


def test_the_text_travels_through_an_editor_and_into_another_window(
    view: CanvasView, editor: Editor, commands: Actions, qtbot: QtBot
) -> None:
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    keys(view, Qt.Key.Key_C)
    written = clipboard_text().replace("Conv2d 1", "First layer")
    QGuiApplication.clipboard().setText(written)
    other = Editor()
    canvas = CanvasView(other)
    qtbot.addWidget(canvas)
    ClipboardCommands(Actions(canvas), canvas, canvas).paste()
    assert [node.name for node in other.network.nodes.values()] == ["First layer", "ReLU 1"]
    assert other.network.links == (Link("conv2d-1", "relu-1"),)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Shopping: milk, bread", "no_fragment"),
        ("", "no_fragment"),
        (to_text(Network()), "no_fragment"),
        (to_text(chain("ReLU"))[:-20], "bad_fragment"),
        (to_text(chain("ReLU")).replace("ReLU 1", "x" * 30_000), "bad_fragment"),
    ],
)
def test_what_cannot_be_pasted_says_why(
    view: CanvasView,
    editor: Editor,
    commands: Actions,
    refused: list[Problem],
    text: str,
    code: str,
) -> None:
    QGuiApplication.clipboard().setText(text)
    before = editor.network
    keys(view, Qt.Key.Key_V)
    assert [problem.code for problem in refused] == [code]
    assert editor.network is before and editor.undo_stack.count() == 0


def test_more_than_a_file_holds_is_refused(
    view: CanvasView,
    editor: Editor,
    commands: Actions,
    refused: list[Problem],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "NODES", 6)
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    keys(view, Qt.Key.Key_C)
    for command in (Qt.Key.Key_V, Qt.Key.Key_D):
        keys(view, command)
    start = middle(view, "relu-1")
    drag(view, start, start + QPoint(240, 0), ALT)
    assert [problem.code for problem in refused] == ["too_many_nodes"] * 3
    assert "7" in str(refused[0].values["count"]) and len(editor.network.nodes) == 5


# Duplicate


def test_duplicate_leaves_the_clipboard_alone(
    view: CanvasView, editor: Editor, commands: Actions
) -> None:
    QGuiApplication.clipboard().setText("mine")
    editor.select(frozenset({"relu-1"}))
    keys(view, Qt.Key.Key_D)
    assert clipboard_text() == "mine" and editor.selection == {"relu-2"}
    (x, y), there = places(editor, "relu-1", "relu-2")
    assert there == (x + STEP, y + STEP)
    editor.select(frozenset({"relu-1"}))
    keys(view, Qt.Key.Key_D)
    assert places(editor, "relu-3") == [(x + 2 * STEP, y + 2 * STEP)]
    assert editor.undo_stack.count() == 2


def test_a_duplicate_stays_in_its_block(editor: Editor, commands: Actions) -> None:
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    editor.select(frozenset({"relu-1"}))
    commands["duplicate"].trigger()
    assert editor.network.nodes["relu-2"].block == "block-1"


# Alt and drag


def ghosts(view: CanvasView) -> list[Ghosts]:
    return [item for item in view.scene().items() if isinstance(item, Ghosts)]


def test_alt_and_drag_leaves_the_originals_and_moves_copies(view: CanvasView, editor: Editor) -> None:
    before = editor.network
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    start = middle(view, "conv2d-1")
    press(view, start, ALT)
    assert ghosts(view) == []
    move(view, start + QPoint(120, 32))
    move(view, start + QPoint(240, 64))
    (ghost,) = ghosts(view)
    assert ghost.pos() == QPointF(240, 64)
    assert editor.network is before, "a preview is no edit"
    assert view.viewport().cursor().shape() == Qt.CursorShape.DragCopyCursor
    release(view, start + QPoint(240, 64), ALT)
    assert ghosts(view) == []
    assert view.viewport().cursor().shape() == Qt.CursorShape.ArrowCursor
    assert editor.selection == {"conv2d-2", "relu-2"}
    assert places(editor, "conv2d-1", "relu-1") == [
        (before.nodes[key].x, before.nodes[key].y) for key in ("conv2d-1", "relu-1")
    ]
    (x, y), copy = places(editor, "relu-1", "relu-2")
    assert copy == (x + 240, y + 64)
    assert Link("conv2d-2", "relu-2") in editor.network.links
    assert editor.undo_stack.count() == 1
    editor.undo_stack.undo()
    assert editor.network == before


def test_alt_and_drag_of_a_card_that_is_not_selected_copies_it_alone(
    view: CanvasView, editor: Editor
) -> None:
    editor.select(frozenset({"conv2d-1"}))
    start = middle(view, "relu-1")
    drag(view, start, start + QPoint(240, 0), ALT)
    assert editor.selection == {"relu-2"} and len(editor.network.nodes) == 6


def test_copies_fall_in_line_with_their_originals(view: CanvasView, editor: Editor) -> None:
    start = middle(view, "relu-1")
    drag(view, start, start + QPoint(240, 5), ALT)
    assert places(editor, "relu-2")[0][1] == places(editor, "relu-1")[0][1]


@pytest.mark.parametrize("way", [QPoint(2, 1), QPoint(0, 0)])
def test_alt_and_click_copies_nothing(view: CanvasView, editor: Editor, way: QPoint) -> None:
    view.select_all()
    start = middle(view, "relu-1")
    drag(view, start, start + way, ALT)
    assert editor.undo_stack.count() == 0 and editor.selection == {"relu-1"}


def test_escape_and_undo_end_the_drag_of_copies(view: CanvasView, editor: Editor) -> None:
    start = middle(view, "linear-1")
    drag(view, start, start + QPoint(80, 0))
    for end in (lambda: QTest.keyClick(view, Qt.Key.Key_Escape), editor.undo_stack.undo):
        start = middle(view, "linear-1")
        press(view, start, ALT)
        move(view, start + QPoint(120, 0))
        assert len(ghosts(view)) == 1
        end()
        assert ghosts(view) == []
        release(view, start + QPoint(120, 0), ALT)
    assert len(editor.network.nodes) == 5
    cards = [item for item in view.scene().items() if isinstance(item, NodeItem)]
    assert len(cards) == 5


# In the window


def text_field(form: NodeForm) -> QWidget:
    return form.name_edit


def spin_box(form: NodeForm) -> QWidget:
    return form.field("out_features").editor


@pytest.mark.parametrize(("find", "written"), [(text_field, "Linear 1"), (spin_box, "64")])
def test_text_fields_keep_their_keys(
    window: MainWindow, qtbot: QtBot, find: Callable[[NodeForm], QWidget], written: str
) -> None:
    window.editor.open(Project(network=chain("Input", "Linear", "ReLU")), {})
    window.activateWindow()
    window.editor.select(frozenset({"linear-1"}))
    before = window.editor.network
    assert isinstance(window.tools.inspector.form, NodeForm)
    field = find(window.tools.inspector.form)
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    for key in (Qt.Key.Key_A, Qt.Key.Key_C, Qt.Key.Key_V, Qt.Key.Key_A, Qt.Key.Key_X):
        keys(field, key)
    assert clipboard_text() == written
    keys(field, Qt.Key.Key_V)
    assert window.editor.network is before and window.editor.selection == {"linear-1"}
    window.canvas.setFocus()
    qtbot.waitUntil(window.canvas.hasFocus)
    keys(window.canvas, Qt.Key.Key_C)
    assert '"linear-1"' in clipboard_text()
    keys(window.canvas, Qt.Key.Key_V)
    assert window.editor.selection == {"linear-2"}


def test_words_selected_in_a_label_are_copied(window: MainWindow, qtbot: QtBot) -> None:
    window.editor.open(Project(network=chain("Input", "Linear")), {})
    window.activateWindow()
    window.editor.select(frozenset({"linear-1"}))
    label = next(
        label for label in window.tools.inspector.findChildren(QLabel) if "y = x" in label.text()
    )
    label.setFocus()
    qtbot.waitUntil(label.hasFocus)
    label.setSelection(0, 5)
    keys(label, Qt.Key.Key_C)
    assert clipboard_text() == label.text()[:5]


def test_a_problem_with_the_clipboard_stands_in_the_message_bar(
    window: MainWindow, qtbot: QtBot
) -> None:
    QGuiApplication.clipboard().setText(to_text(chain("ReLU")).replace('"kind"', '"kin"'))
    window.commands["paste"].trigger()
    assert window.message_bar.isVisible()
    assert "nodes/0/kind" in window.message_bar.text()
    assert QApplication.activeModalWidget() is None


# With blocks


def test_a_paste_goes_into_the_block_one_has_stepped_into(
    view: CanvasView, editor: Editor, commands: Actions
) -> None:
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    editor.select(frozenset({"flatten-1"}))
    keys(view, Qt.Key.Key_C)
    editor.enter("block-1")
    keys(view, Qt.Key.Key_V)
    assert editor.selection == {"flatten-2"}
    assert editor.network.nodes["flatten-2"].block == "block-1"
    view.select_all()
    keys(view, Qt.Key.Key_C)
    keys(view, Qt.Key.Key_V)
    kinds = sorted(editor.network.nodes[key].kind for key in editor.selection)
    assert kinds == ["BlockInput", "BlockOutput", "Conv2d", "Flatten", "ReLU"]
    assert {editor.network.nodes[key].block for key in editor.selection} == {"block-1"}


def test_copies_dragged_in_an_opened_block_stay_in_it(view: CanvasView, editor: Editor) -> None:
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stem"), "Group")
    editor.edit(OpenBlock("block-1", True), "Open")
    view.fit()
    start = middle(view, "relu-1")
    drag(view, start, start + QPoint(200, 0), ALT)
    assert editor.selection == {"relu-2"}
    original, copy = editor.network.nodes["relu-1"], editor.network.nodes["relu-2"]
    assert copy.block == "block-1" and copy.y == original.y and copy.x > original.x + 100


def test_what_lies_on_a_frame_is_copied_with_it(view: CanvasView, editor: Editor) -> None:
    size = {"width": 320, "height": 272}
    x, y = places(editor, "conv2d-1")[0]
    frame = Node("frame-1", "Frame", "Frame 1", size, x - 48, y - 48)
    editor.edit(AddNode(frame), "Add")
    start = at(view, x - 40, y - 32)
    drag(view, start, start + QPoint(400, 0), ALT)
    kinds = sorted(editor.network.nodes[key].kind for key in editor.selection)
    assert kinds == ["Conv2d", "Frame", "ReLU"]
    assert editor.undo_stack.count() == 2


def test_the_process_ends_well_with_nodes_on_the_clipboard() -> None:
    """A QMimeData made in Python that is still there when the process ends crashes it."""
    code = """
from gui.application import make_application
from gui.actions import Actions
from gui.canvas import CanvasView
from gui.commands.clipboard import ClipboardCommands
from gui.editor import Editor
from engine.project.project import Project
from tests.gui.networks import chain
application = make_application(["test"])
editor = Editor()
editor.open(Project(network=chain("ReLU")), {})
view = CanvasView(editor)
view.select_all()
ClipboardCommands(Actions(view), view, view).copy()
assert "relu-1" in application.clipboard().text()
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
