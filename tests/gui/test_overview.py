"""The diagram from afar: drawn all at once, it shows what the items show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.build.report import NodeShape, ShapeReport
from engine.network.edits import AddNode, MoveNodes, RemoveNodes, SetParameter
from engine.network.layers import new_node
from engine.network.model import Link, Network
from engine.network.problem import Problem
from engine.project.project import Project
from gui.canvas import CanvasView
from gui.canvas.cells import Cells
from gui.canvas.geometry import NODE_HEIGHT, NODE_WIDTH
from gui.canvas.items.link_item import LinkItem
from gui.canvas.items.node_item import READABLE, NodeItem
from gui.editor import Editor
from gui.theme import appearance, color, family_color
from tests.gui.drive import at, click, drag, middle, move, press, release
from tests.gui.networks import chain
from tests.pictures import differing_share, pixels

FAR = 0.39


@pytest.fixture
def far(editor: Editor, view: CanvasView) -> Iterator[CanvasView]:
    """From so far away that words cannot be read, and as near as that can be."""
    network = chain("Input", "Conv2d", "ReLU", "Conv2d", "ReLU", "Flatten", "Linear")
    skip = Link("relu-1", "linear-1")
    aside = replace(new_node(network, "Dropout", 304.0, 200.0), id="aside")
    network = network.with_nodes([aside]).with_links([*network.links, skip, Link("input-1", "aside")])
    editor.open(Project(network=network), {})
    view.zoom_to(FAR)
    view.centerOn(QPointF(200, 400))
    assert view.zoom < READABLE
    yield view
    appearance.use("light")


def picture(view: CanvasView) -> QImage:
    QApplication.processEvents()
    return view.viewport().grab().toImage()


def shade(view: CanvasView, x: float, y: float) -> QColor:
    """What is on screen at a scene point."""
    place = at(view, x, y)
    return picture(view).pixelColor(place)


def on_card(view: CanvasView, node_id: str, x: float = 100, y: float = 24) -> QColor:
    corner = view.scene().node_item(node_id).pos()
    return shade(view, corner.x() + x, corner.y() + y)


def near(found: QColor, expected: QColor, within: int = 12) -> bool:
    pairs = zip(found.getRgb()[:3], expected.getRgb()[:3], strict=True)
    return all(abs(one - other) <= within for one, other in pairs)


def edged(view: CanvasView, node_id: str, y: float, token: str) -> bool:
    """Whether a line of this colour runs here; it may share two rows of pixels."""
    corner = view.scene().node_item(node_id).pos()
    place, shown = at(view, corner.x() + 100, corner.y() + y), picture(view)
    rows = [shown.pixelColor(place.x(), place.y() + row) for row in (-1, 0, 1)]
    return any(near(found, color(token), within=110) for found in rows)


def painted_by_items(view: CanvasView) -> QImage:
    """The same part of the scene as each item paints itself."""
    image = QImage(view.viewport().size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    painter.setRenderHints(view.renderHints())
    painter.setTransform(view.viewportTransform())
    area = view.mapToScene(view.viewport().rect()).boundingRect()
    view.drawBackground(painter, area)
    painter.resetTransform()
    view.scene().render(painter, QRectF(image.rect()), area)
    painter.end()
    return image


# What it shows


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_looks_like_the_items(far: CanvasView, editor: Editor, theme: str) -> None:
    appearance.use(theme)
    editor.select(frozenset({"conv2d-1"}))
    frame = new_node(editor.network, "Frame", 280.0, 320.0)
    comment = new_node(editor.network, "Comment", 300.0, 380.0)
    editor.edit(AddNode(frame), "Add")
    editor.edit(AddNode(comment), "Add")
    far.minimap.set_wanted(False)
    far.zoom_to(FAR)

    assert differing_share(pixels(picture(far)), pixels(painted_by_items(far))) < 0.01


def test_cards_have_their_ground_and_their_family(far: CanvasView) -> None:
    assert near(on_card(far, "relu-1"), color("surface"))
    assert near(on_card(far, "relu-1", x=14), family_color("activation"))
    assert near(on_card(far, "conv2d-1", x=14), family_color("convolution"))
    assert near(shade(far, -60, 24), color("canvas"))


def test_selected_cards_have_a_ring(far: CanvasView) -> None:
    click(far, middle(far, "relu-1"))

    assert edged(far, "relu-1", -3, "accent")
    far.scene().editor.select(frozenset())
    assert not edged(far, "relu-1", -3, "accent")


def test_what_is_under_the_mouse_lights_up(far: CanvasView) -> None:
    before = on_card(far, "relu-1", y=0)
    move(far, middle(far, "relu-1"))

    assert not near(on_card(far, "relu-1", y=0), before)
    move(far, at(far, -150, 24))
    assert near(on_card(far, "relu-1", y=0), before)


def test_problems_and_their_causes_are_marked(far: CanvasView, editor: Editor) -> None:
    problem = Problem("input_missing", "relu-2", "conv2d-1")
    editor.take_shapes(ShapeReport(problems=(problem,)))

    assert edged(far, "relu-2", 0, "error")
    assert not edged(far, "conv2d-2", 0, "error")
    editor.take_shapes(ShapeReport())
    assert not edged(far, "relu-2", 0, "error")


def test_the_theme_changes_all_of_it(far: CanvasView) -> None:
    picture(far)
    appearance.use("dark")

    assert near(on_card(far, "relu-1"), color("surface"))
    assert near(shade(far, -60, 24), color("canvas"))


# Edits and gestures


def test_it_follows_edits_and_undo(far: CanvasView, editor: Editor) -> None:
    card = far.scene().card_rect("aside").center()
    assert near(shade(far, card.x() + 20, card.y()), color("surface"))

    editor.edit(MoveNodes({"aside": (304.0, 520.0)}), "Move")
    assert near(shade(far, card.x() + 20, card.y()), color("canvas"))
    assert near(on_card(far, "aside"), color("surface"))

    editor.undo_stack.undo()
    assert near(shade(far, card.x() + 20, card.y()), color("surface"))

    editor.edit(RemoveNodes(frozenset({"aside"})), "Delete")
    assert near(shade(far, card.x() + 20, card.y()), color("canvas"))


def test_a_dragged_card_leaves_nothing_behind(far: CanvasView, editor: Editor) -> None:
    card = far.scene().card_rect("aside").center()
    picture(far)
    start = middle(far, "aside")
    press(far, start)
    move(far, start + at(far, 0, 120) - at(far, 0, 0))
    assert near(shade(far, card.x() + 20, card.y()), color("canvas"))
    assert near(on_card(far, "aside", y=36), color("surface"))  # its middle may lie on a guide
    release(far, start + at(far, 0, 120) - at(far, 0, 0))

    assert editor.network.nodes["aside"].y > 200
    assert near(on_card(far, "aside"), color("surface"))


def test_the_rubber_band_is_seen_and_goes(far: CanvasView, editor: Editor) -> None:
    before = picture(far)
    press(far, at(far, 260, 330))
    move(far, at(far, 400, 500))
    move(far, at(far, 500, 600))

    assert near(shade(far, 380, 330), color("accent"), within=120)
    release(far, at(far, 500, 600))
    assert picture(far) == before


def test_a_rubber_band_selects(far: CanvasView, editor: Editor) -> None:
    drag(far, at(far, 290, 180), at(far, 500, 260))

    assert editor.selection == {"aside"}


class Paints(QObject):
    """The rectangles that were painted in a widget."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.rects: list[QRect] = []
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.rects.append(event.rect())
        return False


def test_every_change_is_painted_by_itself(far: CanvasView, editor: Editor, qtbot: QtBot) -> None:
    scene, whole = far.scene(), far.viewport().rect()
    comment = new_node(editor.network, "Comment", 300.0, 380.0)
    editor.edit(AddNode(comment), "Add")
    changes: dict[str, Callable[[], object]] = {
        "select": lambda: editor.select(frozenset({"relu-1"})),
        "select a link": lambda: scene.select_links(frozenset({Link("input-1", "aside")})),
        "drag": lambda: scene.place({"relu-1": (40.0, 200.0)}),
        "drag on": lambda: scene.place({"relu-1": (48.0, 200.0)}),
        "drag a comment": lambda: scene.place({comment.id: (320.0, 400.0)}),
        "report": lambda: editor.take_shapes(ShapeReport(problems=(Problem("x", "relu-1"),))),
        "fault": lambda: scene.show_fault("relu-2"),
        "delete": lambda: editor.edit(RemoveNodes(frozenset({"aside"})), "Delete"),
        "undo": editor.undo_stack.undo,
    }
    paints = Paints(far.viewport())
    for name, change in changes.items():
        far.viewport().update()
        qtbot.waitUntil(lambda: whole in paints.rects)
        QApplication.processEvents()
        paints.rects.clear()
        change()
        qtbot.waitUntil(lambda: whole in paints.rects)
        assert paints.rects, name


# How much is looked at


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[type, str], list[Any]]:
    """Replaces a method by itself and a list of the objects that it was called on."""

    def count(owner: type, name: str) -> list[Any]:
        method, calls = getattr(owner, name), []

        def call(self: Any, *arguments: Any, **named: Any) -> Any:
            calls.append(self)
            return method(self, *arguments, **named)

        monkeypatch.setattr(owner, name, call)
        return calls

    return count


def long_chain(count: int) -> Network:
    return chain("Input", *["Conv2d", "ReLU"] * (count // 2))


def test_no_item_paints_itself_and_no_word_is_laid_out(
    counted: Callable[[type, str], list[Any]], editor: Editor, qtbot: QtBot
) -> None:
    painted, written = counted(NodeItem, "_draw_card"), counted(NodeItem, "_write")
    editor.open(Project(network=long_chain(200)), {})
    view = CanvasView(editor)
    qtbot.addWidget(view)
    view.resize(900, 800)
    view.show()
    qtbot.waitExposed(view)
    picture(view)
    assert view.zoom < READABLE
    assert (painted, written) == ([], [])

    view.zoom_reset()
    picture(view)
    assert 0 < len(set(written)) < 30
    assert set(painted) == set(written)


def test_an_edit_touches_only_what_it_changes(
    counted: Callable[[type, str], list[Any]], editor: Editor, view: CanvasView
) -> None:
    network = long_chain(200)
    editor.open(Project(network=network), {})
    shape = NodeShape(output=(1, 8, 8))
    nodes = dict.fromkeys(network.nodes, shape)
    editor.take_shapes(ShapeReport(nodes))
    run, told = counted(LinkItem, "run_between"), counted(NodeItem, "show_report")
    labelled = counted(LinkItem, "show_shape")

    editor.edit(SetParameter("conv2d-50", "out_channels", 3), "Edit")
    assert run == []

    other = NodeShape(output=(3, 8, 8))
    editor.take_shapes(ShapeReport({**nodes, "conv2d-50": other}))
    assert [item.node.id for item in told] == ["conv2d-50"]
    assert {"conv2d-50"} == {key for item in labelled for key in item.link.touches} - {
        "relu-49",
        "relu-50",
    }

    editor.edit(MoveNodes({"conv2d-50": (48.0, 64.0)}), "Move")
    assert all("conv2d-50" in item.link.touches for item in run)


def test_cells_find_what_looking_through_all_would() -> None:
    cells: Cells[int] = Cells()
    rects = {
        number: QRectF(number * 397 % 5000 - 2500, number * 811 % 4000, NODE_WIDTH, NODE_HEIGHT)
        for number in range(200)
    }
    rects[200] = QRectF(-1e6, -1e6, 2e6, 2e6)  # a frame around everything
    for number, rect in rects.items():
        cells.put(number, rect)
    cells.put(7, rects[8])
    cells.drop(9)
    rects[7] = rects[8]
    del rects[9]

    for area in (QRectF(-300, 100, 700, 500), QRectF(-5e5, -5e5, 1e6, 1e6), QRectF(10, 10, 1, 1)):
        expected = {number for number, rect in rects.items() if rect.intersects(area)}
        assert cells.touching(area) == expected
