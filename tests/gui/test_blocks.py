"""Blocks, comments and frames as a person uses them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot

from engine.network.edits import SetParameter
from engine.network.expand import expand
from engine.network.model import Network
from engine.project.project import Project
from gui.breadcrumb import Breadcrumb
from gui.canvas import CanvasView, blocks, notes
from gui.canvas.items.block_item import BlockItem, ClosedBlockItem, OpenBlockItem
from gui.canvas.items.note_items import FrameItem
from gui.editor import Editor
from gui.inspector.inspector import Inspector
from gui.window import MainWindow
from tests.gui.drive import at, click, drag, middle
from tests.gui.networks import chain

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def block(view: CanvasView, editor: Editor) -> str:
    """Conv2d and ReLU in a closed block."""
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    assert blocks.group(view.scene())
    assert editor.selected is not None
    return editor.selected


def shown(view: CanvasView) -> set[str]:
    return {item.node.id for item in view.scene().node_items()}


def sign(view: CanvasView, block: str) -> QPoint:
    """Viewport pixel of the sign that opens or closes a block."""
    item = view.scene().node_item(block)
    assert isinstance(item, BlockItem)
    return view.mapFromScene(item.pos() + item.toggle.center())


def computed(network: Network) -> list[tuple[str, list[str]]]:
    """What is computed, whatever the ids: kinds with the kinds that feed them."""
    flat = expand(network).network
    kind = {key: node.kind for key, node in flat.nodes.items()}
    return sorted((kind[key], [kind[link.source] for link in flat.incoming[key]]) for key in flat.nodes)


def test_a_selection_becomes_a_closed_block_and_comes_back(view: CanvasView, editor: Editor) -> None:
    before = editor.network
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    blocks.group(view.scene())
    block = editor.selected
    assert block is not None
    assert shown(view) == {"input-1", block, "flatten-1", "linear-1"}
    assert isinstance(view.scene().node_item(block), ClosedBlockItem)
    assert {link.touches for link in editor.network.links if block in link.touches} == {
        ("input-1", block),
        (block, "flatten-1"),
    }
    assert computed(editor.network) == computed(before)
    blocks.ungroup(view.scene())
    assert shown(view) == set(before.nodes)
    assert {key: (node.x, node.y) for key, node in editor.network.nodes.items()} == {
        key: (node.x, node.y) for key, node in before.nodes.items()
    }
    for _ in range(2):
        editor.undo_stack.undo()
    assert editor.network == before


def test_it_opens_in_place_and_what_lies_below_makes_room(
    view: CanvasView, editor: Editor, block: str
) -> None:
    below = editor.network.nodes["flatten-1"].y
    click(view, sign(view, block))
    assert editor.network.nodes[block].open
    assert {"conv2d-1", "relu-1"} <= shown(view)
    frame = view.scene().node_item(block)
    assert isinstance(frame, OpenBlockItem)
    for inside in editor.network.children[block]:
        assert frame.scene_card.contains(view.scene().node_item(inside).scene_card)
    assert not frame.scene_card.intersects(view.scene().node_item("flatten-1").scene_card)
    assert editor.network.nodes["flatten-1"].y > below
    click(view, sign(view, block))
    assert not editor.network.nodes[block].open
    assert editor.network.nodes["flatten-1"].y == below
    assert "conv2d-1" not in shown(view)


def test_inside_an_opened_block_nodes_are_edited_like_others(
    view: CanvasView, editor: Editor, block: str
) -> None:
    blocks.toggle(view.scene(), block)
    view.fit()
    before = editor.network.nodes["relu-1"]
    frame = view.scene().node_item(block).scene_card
    start = middle(view, "relu-1")
    drag(view, start, start + QPoint(160, 0))
    after = editor.network.nodes["relu-1"]
    assert after.block == block and after.x > before.x
    assert view.scene().node_item(block).scene_card.right() > frame.right()
    # Its frame carries all that lies in it.
    item = view.scene().node_item("relu-1").scene_card
    title = view.mapFromScene(view.scene().node_item(block).pos() + QPointF(80, 16))
    drag(view, title, title + QPoint(80, 80))
    assert editor.network.nodes["relu-1"] == after
    assert view.scene().node_item("relu-1").scene_card.topLeft() != item.topLeft()


def test_a_link_across_the_border_is_refused_in_words(
    view: CanvasView, editor: Editor, block: str, qtbot: QtBot
) -> None:
    blocks.toggle(view.scene(), block)
    view.fit()
    with qtbot.waitSignal(editor.refused) as caught:
        item = view.scene().node_item("input-1")
        other = view.scene().node_item("relu-1")
        drag(
            view,
            view.mapFromScene(item.anchor(item.ports[-1])),
            view.mapFromScene(other.anchor(other.ports[0])),
        )
    assert caught.args[0].code == "other_block"


def test_double_click_steps_inside_and_the_breadcrumb_leads_back(
    view: CanvasView, editor: Editor, block: str, qtbot: QtBot
) -> None:
    crumbs = Breadcrumb(editor)
    qtbot.addWidget(crumbs)
    assert crumbs.isHidden()
    place = middle(view, block) + QPoint(-30, 6)
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert editor.level == block and not crumbs.isHidden()
    assert shown(view) == set(editor.network.children[block])
    assert [button.text() for button in crumbs.buttons] == ["Network", "Block 1"]
    QTest.mouseClick(crumbs.buttons[0], Qt.MouseButton.LeftButton)
    assert editor.level == "" and block in shown(view)
    assert crumbs.isHidden()


def test_undo_of_the_block_one_is_in_leads_out_of_it(
    view: CanvasView, editor: Editor, block: str
) -> None:
    editor.enter(block)
    editor.undo_stack.undo()
    assert editor.level == "" and shown(view) == set(editor.network.nodes)


def test_a_repeated_block_says_so_and_counts(window: MainWindow, qtbot: QtBot) -> None:
    editor = window.editor
    editor.open(Project(network=chain("Input", "Flatten", "Linear", "ReLU", "Linear")), {})
    editor.edit(SetParameter("linear-1", "out_features", 784), "Set")
    editor.select(frozenset({"linear-1", "relu-1"}))
    assert window.commands["group"].isEnabled()
    window.commands["group"].trigger()
    block = editor.selected
    assert block is not None
    with qtbot.waitSignal(editor.shapes_changed, timeout=30_000):
        editor.edit(SetParameter(block, "repeat", 3), "Repeat")
    qtbot.waitUntil(lambda: editor.report.nodes[block].parameters == 3 * (784 * 784 + 784))
    item = window.canvas.scene().node_item(block)
    assert isinstance(item, ClosedBlockItem)
    assert "× 3 · 2 layers" in window.canvas.scene().node_item(block).second_line
    leaves = expand(editor.network).network
    assert sum(node.kind == "Linear" for node in leaves.nodes.values()) == 4


def test_a_problem_inside_is_gone_to(window: MainWindow, qtbot: QtBot) -> None:
    editor = window.editor
    editor.open(Project(network=chain("Input", "Conv2d", "ReLU", "Flatten", "Linear")), {})
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    window.commands["group"].trigger()
    with qtbot.waitSignal(editor.shapes_changed, timeout=30_000):
        editor.edit(SetParameter("conv2d-1", "kernel_size", 99), "Set")
    qtbot.waitUntil(lambda: bool(editor.report.problems_of("conv2d-1")))
    window.commands["next_problem"].trigger()
    qtbot.waitUntil(lambda: editor.selected == "conv2d-1")
    assert editor.level and "conv2d-1" in shown(window.canvas)


def test_a_parameter_is_raised_and_set_on_the_face(
    view: CanvasView, editor: Editor, block: str, qtbot: QtBot
) -> None:
    inspector = Inspector(editor)
    qtbot.addWidget(inspector)
    inspector.show()
    editor.select(frozenset({block}))
    titles = inspector.form.face.findChildren(QLabel)  # type: ignore[union-attr]
    assert not any(title.isVisible() for title in titles), "there is nothing on its face yet"
    editor.select(frozenset({"conv2d-1"}))
    button = inspector.findChild(QToolButton, "raise-out_channels")
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert editor.network.nodes[block].raised == {"out_channels": (("conv2d-1", "out_channels"),)}
    assert "32 · 2 layers" in view.scene().node_item(block).second_line
    editor.select(frozenset({block}))
    assert inspector.form is not None
    field = inspector.form.face.fields["out_channels"].editor  # type: ignore[union-attr]
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_A, CONTROL)
    QTest.keyClicks(field, "48")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert editor.network.nodes["conv2d-1"].parameters["out_channels"] == 48
    assert "48 · 2 layers" in view.scene().node_item(block).second_line


def test_a_comment_says_what_was_typed(view: CanvasView, editor: Editor, qtbot: QtBot) -> None:
    inspector = Inspector(editor)
    qtbot.addWidget(inspector)
    inspector.show()
    notes.add_comment(view.scene(), QPointF(300, 0))
    comment = editor.selected
    assert comment is not None
    low = view.scene().card_rect(comment).height()
    words = inspector.form.field("text").editor  # type: ignore[union-attr]
    words.setFocus()
    QTest.keyClicks(words, "Edges first. " * 20)
    QTest.keyClick(words, Qt.Key.Key_Return, CONTROL)
    assert str(editor.network.nodes[comment].parameters["text"]).startswith("Edges first.")
    assert view.scene().card_rect(comment).height() > low
    assert computed(editor.network) == computed(chain("Input", "Conv2d", "ReLU", "Flatten", "Linear"))


def test_a_frame_carries_what_lies_on_it_and_is_resized(view: CanvasView, editor: Editor) -> None:
    editor.select(frozenset({"relu-1", "flatten-1"}))
    notes.add_frame(view.scene())
    frame = editor.selected
    assert frame is not None
    item = view.scene().node_item(frame)
    assert isinstance(item, FrameItem)
    view.fit()
    before = {key: (node.x, node.y) for key, node in editor.network.nodes.items()}
    title = view.mapFromScene(item.pos() + QPointF(100, 12))
    drag(view, title, title + QPoint(200, 0))
    moved = {key for key, node in editor.network.nodes.items() if (node.x, node.y) != before[key]}
    assert moved == {frame, "relu-1", "flatten-1"}
    width = editor.network.nodes[frame].parameters["width"]
    corner = view.mapFromScene(item.scene_card.bottomRight() - QPointF(5, 5))
    drag(view, corner, corner + QPoint(90, 40))
    assert editor.network.nodes[frame].parameters["width"] > width
    editor.undo_stack.undo()
    assert view.scene().node_item(frame).card.width() == width


def test_what_is_drawn_on_the_ground_of_a_frame_reaches_the_canvas(
    view: CanvasView, editor: Editor
) -> None:
    editor.select(frozenset({"relu-1"}))
    notes.add_frame(view.scene())
    frame = editor.selected
    assert frame is not None
    ground = view.scene().node_item(frame).scene_card
    click(view, at(view, ground.left() + 12, ground.bottom() - 20))
    assert editor.selection == frozenset()
