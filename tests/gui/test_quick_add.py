"""Layers added by typing: after a node, into a link, at a point, at the end of a wire."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QGraphicsPathItem
from pytestqt.qtbot import QtBot

from engine.build.report import NodeShape, ShapeReport
from engine.network.layers import LAYERS
from engine.network.model import Link
from engine.project.project import Project
from gui.actions import Actions
from gui.canvas import CanvasView, blocks
from gui.canvas.geometry import NODE_WIDTH, room
from gui.choosing.chooser import Chooser
from gui.choosing.rows import Choice
from gui.commands.drawing import DrawingCommands
from gui.editor import Editor
from tests.gui.choosing import key, open_chooser, rows, the_chooser, titles, type_and_enter
from tests.gui.drive import LEFT, at, click, drag, port
from tests.gui.networks import chain


@pytest.fixture
def canvas(view: CanvasView, editor: Editor) -> CanvasView:
    """With its commands, and shapes up to the ReLU."""
    DrawingCommands(Actions(view), view, view)
    QApplication.setActiveWindow(view)
    view.setFocus()
    image, vector = ("channel", "height", "width"), ("feature",)
    shapes = {
        "input-1": NodeShape((1, 28, 28), axes=image),
        "conv2d-1": NodeShape((32, 26, 26), axes=image),
        "relu-1": NodeShape((32, 26, 26), axes=image),
        "flatten-1": NodeShape((21632,), axes=vector),
        "linear-1": NodeShape((64,), axes=vector),
    }
    editor.take_shapes(ShapeReport(shapes))
    return view


def tab(canvas: CanvasView) -> Chooser:
    """Press Tab on the canvas, out of an open chooser if need be."""
    chooser = open_chooser(canvas)
    if chooser is not None:
        key(chooser, Qt.Key.Key_Escape)
    QTest.keyClick(canvas, Qt.Key.Key_Tab)
    return the_chooser(canvas)


def groups(chooser: Chooser) -> dict[str, list[str]]:
    result: dict[str, list[str]] = {}
    for row in rows(chooser):
        if isinstance(row, Choice):
            result.setdefault(row.group, []).append(row.title)
    return result


def double_click(canvas: CanvasView, place: QPoint) -> None:
    click(canvas, place)
    QTest.mouseDClick(canvas.viewport(), LEFT, pos=place)


# After a node


def test_what_fits_the_tensor_comes_first_the_usual_before_the_rest(
    canvas: CanvasView, editor: Editor
) -> None:
    editor.select(frozenset({"relu-1"}))
    found = groups(tab(canvas))
    fitting, others = found["Fits N × 32 × 26 × 26"], found["Does not fit as it is"]
    assert fitting[:3] == ["MaxPool2d", "Conv2d", "Flatten"]
    assert "MultiheadAttention" in others and "Embedding" in others
    assert "Input" not in fitting + others
    editor.select(frozenset({"linear-1"}))
    found = groups(tab(canvas))
    assert found["Fits N × 64"][0] == "ReLU" and "Conv2d" in found["Does not fit as it is"]
    needs = next(row for row in rows(the_chooser(canvas)) if getattr(row, "title", "") == "Conv2d")
    assert isinstance(needs, Choice) and needs.about == "Needs N × channel × height × width"


def test_whole_numbers_and_unknown_shapes(canvas: CanvasView, editor: Editor) -> None:
    editor.take_shapes(ShapeReport({"input-1": NodeShape((16,), dtype="int64", axes=("time",))}))
    editor.select(frozenset({"input-1"}))
    found = groups(tab(canvas))
    assert found["Fits N × 16"][0] == "Embedding" and "Linear" in found["Does not fit as it is"]
    editor.select(frozenset({"linear-1"}))
    found = groups(tab(canvas))
    assert list(found) == ["The shape is not known yet"]
    assert set(found["The shape is not known yet"]) == {
        kind for kind, layer in LAYERS.items() if layer.computes and layer.inputs
    }


def test_enter_adds_it_below_and_linked_in_one_step(canvas: CanvasView, editor: Editor) -> None:
    before = editor.network
    editor.select(frozenset({"linear-1"}))
    chooser = tab(canvas)
    assert chooser.effect.text() == "Adds ReLU below Linear 1 and links the two."
    type_and_enter(canvas, "soft")
    assert Link("linear-1", "softmax-1") in editor.network.links
    assert editor.selection == {"softmax-1"} and editor.undo_stack.count() == 1
    assert open_chooser(canvas) is None and canvas.hasFocus()
    editor.undo_stack.undo()
    assert editor.network == before


def test_without_a_selection_an_input_comes_first_while_there_is_none(
    canvas: CanvasView, editor: Editor
) -> None:
    assert titles(tab(canvas))[0] != "Input" and titles(the_chooser(canvas))[-1] == "Input"
    editor.open(Project(), {})
    assert open_chooser(canvas) is None  # what it was opened for is gone
    chooser = tab(canvas)
    assert titles(chooser)[0] == "Input" and chooser.effect.text() == "Adds Input."
    assert not {"Block", "BlockInput", "BlockOutput"} & set(titles(chooser))
    key(chooser, Qt.Key.Key_Return)
    assert list(editor.network.nodes) == ["input-1"]


def test_a_name_with_braces_is_only_a_name(canvas: CanvasView, editor: Editor) -> None:
    from engine.network.edits import RenameNode

    editor.edit(RenameNode("linear-1", "{kind} {0}"), "Rename")
    editor.select(frozenset({"linear-1"}))
    assert tab(canvas).effect.text() == "Adds ReLU below {kind} {0} and links the two."


# Into a link


def test_with_a_link_selected_it_goes_into_it(canvas: CanvasView, editor: Editor) -> None:
    canvas.scene().select_links(frozenset({Link("conv2d-1", "relu-1")}))
    chooser = tab(canvas)
    assert chooser.effect.text() == "Puts ReLU between Conv2d 1 and ReLU 1."
    type_and_enter(canvas, "batchnorm")
    links = editor.network.links
    assert Link("conv2d-1", "batchnorm2d-1") in links and Link("batchnorm2d-1", "relu-1") in links
    assert Link("conv2d-1", "relu-1") not in links and editor.undo_stack.count() == 1


# At a point


def test_a_double_click_on_the_canvas_adds_there(canvas: CanvasView, editor: Editor) -> None:
    double_click(canvas, at(canvas, 500, 300))
    assert the_chooser(canvas).effect.text().endswith("here.")
    type_and_enter(canvas, "dropout")
    node = editor.network.nodes["dropout-1"]
    assert (node.x, node.y) == (416, 272)
    assert not editor.network.incoming["dropout-1"] and editor.undo_stack.count() == 1


def test_a_double_click_on_a_card_adds_nothing(canvas: CanvasView) -> None:
    double_click(canvas, at(canvas, 100, 20))
    assert open_chooser(canvas) is None


def test_inside_a_block_it_goes_into_the_block_with_ports_on_offer(
    canvas: CanvasView, editor: Editor
) -> None:
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    blocks.group(canvas.scene())
    block = editor.selected
    assert block is not None
    blocks.toggle(canvas.scene(), block)
    canvas.fit()
    frame = canvas.scene().card_rect(block)
    inside = canvas.mapFromScene(frame.bottomRight() - QPointF(20, 40))
    double_click(canvas, inside)
    assert {"BlockInput", "BlockOutput"} <= set(titles(the_chooser(canvas)))
    assert "Input" not in titles(the_chooser(canvas))
    type_and_enter(canvas, "tanh")
    assert editor.network.nodes["tanh-1"].block == block
    middle = canvas.scene().node_item("tanh-1").scene_card.center()
    assert (middle - canvas.mapToScene(inside)).manhattanLength() <= 16
    editor.enter(block)
    tab(canvas)
    type_and_enter(canvas, "gelu")
    assert editor.network.nodes["gelu-1"].block == block
    editor.select(frozenset({"relu-1"}))
    assert "BlockOutput" in titles(tab(canvas))
    type_and_enter(canvas, "dropout")
    assert editor.network.nodes["dropout-1"].block == block
    assert Link("relu-1", "dropout-1") in editor.network.links


# At the end of a wire


def test_a_wire_from_an_output_dropped_on_the_canvas(canvas: CanvasView, editor: Editor) -> None:
    before = editor.network
    drag(canvas, port(canvas, "linear-1", True), at(canvas, 400, 500))
    chooser = the_chooser(canvas)
    assert "Input" not in titles(chooser) and titles(chooser)[0] == "ReLU"
    assert preview(canvas), "the wire stays while one chooses"
    type_and_enter(canvas, "tanh")
    assert editor.network.links == (*before.links, Link("linear-1", "tanh-1"))
    end = canvas.scene().node_item("tanh-1").pos() + QPointF(NODE_WIDTH / 2, 0)
    assert (end - QPointF(400, 500)).manhattanLength() <= 8
    assert editor.undo_stack.count() == 1 and not preview(canvas)
    editor.undo_stack.undo()
    assert editor.network == before


def test_a_wire_from_an_input_offers_what_has_an_output(canvas: CanvasView, editor: Editor) -> None:
    editor.open(Project(network=chain("Conv2d")), {})
    drag(canvas, port(canvas, "conv2d-1", False), at(canvas, 88, -120))
    chooser = the_chooser(canvas)
    assert titles(chooser)[0] == "Input" and not {"Comment", "BlockOutput"} & set(titles(chooser))
    key(chooser, Qt.Key.Key_Return)
    assert editor.network.links == (Link("input-1", "conv2d-1"),)
    end = canvas.scene().node_item("input-1").pos() + QPointF(NODE_WIDTH / 2, room("Input"))
    assert (end - QPointF(88, -120)).manhattanLength() <= 8


def test_escape_leaves_all_as_it_was(canvas: CanvasView, editor: Editor, qtbot: QtBot) -> None:
    before, items = editor.network, len(canvas.scene().items())
    drag(canvas, port(canvas, "linear-1", True), at(canvas, 400, 500))
    key(the_chooser(canvas), Qt.Key.Key_Escape)
    assert editor.network is before and editor.undo_stack.count() == 0
    assert len(canvas.scene().items()) == items and canvas.hasFocus()


def preview(canvas: CanvasView) -> bool:
    return any(type(item) is QGraphicsPathItem for item in canvas.scene().items())
