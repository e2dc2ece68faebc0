"""What the canvas shows: shapes, problems, feature maps, gradients, every kind of card."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from engine.build.report import NodeShape, ShapeReport
from engine.network.edits import Connect, Disconnect, MoveNodes
from engine.network.layers import LAYERS
from engine.network.model import Link, Node
from engine.network.problem import Problem
from engine.project.project import Project
from engine.telemetry.frame import Frame
from engine.telemetry.thumbnail import Thumbnail
from gui.canvas import CanvasView
from gui.canvas.geometry import NODE_HEIGHT, NODE_WIDTH, STRIP_HEIGHT, free_place, wire
from gui.canvas.health import Health, health, width
from gui.canvas.items.summary import summary
from gui.editor import Editor
from gui.theme import appearance
from tests.gui.networks import chain

# Shapes, problems, training


def test_a_skip_link_runs_beside_the_cards_it_skips(view: CanvasView, editor: Editor) -> None:
    skip = Link("input-1", "linear-1")
    editor.edit(Disconnect(frozenset({Link("flatten-1", "linear-1")})), "Delete")
    editor.edit(Connect(skip), "Link")
    line = view.scene().link_item(skip)
    assert line.label.pos().x() > NODE_WIDTH
    ids = frozenset({"conv2d-1", "relu-1", "flatten-1"})
    editor.edit(MoveNodes(dict.fromkeys(ids, (600.0, 0.0))), "Move")
    assert line.label.pos().x() == NODE_WIDTH / 2


def report() -> ShapeReport:
    axes = ("channel", "height", "width")
    shapes = {
        "input-1": NodeShape((1, 28, 28), axes=axes),
        "conv2d-1": NodeShape((32, 26, 26), parameters=320, axes=axes),
        "relu-1": NodeShape((32, 26, 26), axes=axes),
        "flatten-1": NodeShape(None),
    }
    values = {"node": "Flatten 1", "expected": "N × C", "received": "?", "cause": "ReLU 1"}
    values |= {"needed": "2", "found": "4"}
    problem = Problem("wrong_axes", "flatten-1", cause="relu-1", values=values)
    return ShapeReport(shapes, (problem,), 320)


def test_links_carry_the_shape_and_explain_its_axes(view: CanvasView, editor: Editor) -> None:
    link = view.scene().link_item(Link("conv2d-1", "relu-1"))
    assert link.label.text == ""
    editor.take_shapes(report())
    assert link.label.text == "N × 32 × 26 × 26"
    assert view.scene().link_item(Link("flatten-1", "linear-1")).label.text == "?"
    text = view.scene().explanation(link)
    assert "32  channels" in text and "26  height" in text and "26  width" in text


def test_a_problem_marks_its_node_and_its_cause(view: CanvasView, editor: Editor) -> None:
    editor.take_shapes(report())
    scene = view.scene()
    assert scene.node_item("flatten-1").problem and scene.node_item("relu-1").cause
    assert "needs 2 axes, N × C" in scene.explanation(scene.node_item("flatten-1"))
    editor.take_shapes(ShapeReport())
    assert not scene.node_item("flatten-1").problem and not scene.node_item("relu-1").cause


def test_a_fault_shows_at_its_node(view: CanvasView) -> None:
    view.scene().show_fault("conv2d-1")
    assert view.scene().node_item("conv2d-1").fault
    view.scene().show_fault(None)
    assert not view.scene().node_item("conv2d-1").fault


def test_a_frame_shows_maps_and_gradients_and_goes_again(view: CanvasView, editor: Editor) -> None:
    scene = view.scene()
    assert scene.thumbnail_nodes() == {"input-1", "conv2d-1", "relu-1", "linear-1"}
    maps = np.linspace(-1, 1, 4 * 26 * 26, dtype=np.float32).reshape(4, 26, 26)
    flow = {"input-1": 1e-9, "conv2d-1": 1.0, "relu-1": 1e9, "flatten-1": float("nan")}
    thumbnails = {"conv2d-1": Thumbnail("maps", maps, (32, 26, 26), -1.0, 1.0, 0)}
    scene.show_frame(Frame(1, 1, 1, flow=flow, flow_reference=1.0, thumbnails=thumbnails))
    assert scene.node_item("conv2d-1").height == NODE_HEIGHT + STRIP_HEIGHT
    tokens = [scene.link_item(link).token() for link in editor.network.links]
    assert tokens == ["vanishing", "good", "exploding", "error"]
    widths = [scene.link_item(link).width for link in editor.network.links]
    assert widths == [1.5, 4.0, 5.0, 5.0]
    appearance.use("dark")
    view.grab()
    scene.clear_frame()
    assert scene.node_item("conv2d-1").height == NODE_HEIGHT
    assert {scene.link_item(link).token() for link in editor.network.links} == {"muted"}


def test_far_away_no_thumbnails_are_asked_for(view: CanvasView) -> None:
    view.zoom_to(0.2)
    assert view.scene().thumbnail_nodes() == frozenset()
    view.zoom_reset()
    view.centerOn(9000, 9000)
    assert view.scene().thumbnail_nodes() == frozenset()
    view.hide()
    assert view.scene().thumbnail_nodes() == frozenset()


@pytest.mark.parametrize(
    ("flow", "reference", "expected"),
    [
        (1.0, 1.0, Health.GOOD),
        (1.1e-3, 1.0, Health.GOOD),
        (0.9e-3, 1.0, Health.VANISHING),
        (0.0, 0.0, Health.VANISHING),
        (1.0, 0.0, Health.GOOD),
        (0.9e3, 1.0, Health.GOOD),
        (1.1e3, 1.0, Health.EXPLODING),
        (float("nan"), 1.0, Health.NOT_FINITE),
        (float("inf"), 1.0, Health.NOT_FINITE),
        (1.0, float("nan"), Health.NOT_FINITE),
    ],
)
def test_health_compares_with_the_output(flow: float, reference: float, expected: Health) -> None:
    assert health(flow, reference) is expected


def test_width_grows_with_the_power_of_ten() -> None:
    assert width(0.0) == width(1e-9) == 1.5
    assert width(1e-2) == 3.25
    assert width(1e5) == width(float("inf")) == 5.0


# Small parts


def test_a_card_says_what_matters_in_short() -> None:
    conv = Node("c", "Conv2d", "Conv2d 1", {"out_channels": 32, "stride": (2, 1), "bias": False})
    assert summary(conv) == "32 · 3×3 · s 2×1 · bias off"
    assert summary(Node("l", "Linear", "Linear 1", {})) == "out 64"
    assert summary(Node("d", "Dropout", "Dropout 1", {})) == "p 0.5"
    assert summary(Node("i", "Input", "Input 1", {})) == "1 × 28 × 28"
    assert summary(Node("r", "ReLU", "gate", {})) == "ReLU"


@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_layer_can_be_drawn(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture, kind: str, theme: str
) -> None:
    editor = Editor()
    view = CanvasView(editor)
    qtbot.addWidget(view)
    appearance.use(theme)
    editor.open(Project(network=chain(kind)), {})
    view.show()
    qtbot.waitExposed(view)
    view.grab()
    appearance.use("light")
    assert not caplog.records


def test_a_new_card_never_lies_on_another() -> None:
    network = chain("Input", "Conv2d")
    assert free_place(network, 3, 3) == (NODE_WIDTH + 40, 0)
    assert free_place(network, 0, -400) == (0, -400)


def test_a_climbing_link_goes_around_its_cards() -> None:
    path, label = wire(QPointF(88, 400), QPointF(408, 0))
    assert 88 + NODE_WIDTH / 2 < label.x() < 408 - NODE_WIDTH / 2
    assert path.boundingRect().bottom() == 420 and path.boundingRect().top() == -20
