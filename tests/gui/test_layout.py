"""Arranging, aligning, guides, the map, and the picture of the diagram."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from engine.network.edits import MoveNodes
from engine.project.errors import FileProblem
from engine.project.project import Project
from gui.canvas import CanvasView, blocks
from gui.canvas.align import aligned, distributed, move_to
from gui.canvas.export import contents, save_diagram
from gui.canvas.geometry import NODE_WIDTH
from gui.canvas.guides import GuideLines
from gui.editor import Editor
from gui.theme import GRID, THEMES, appearance
from gui.window import MainWindow
from tests.gui.drive import drag, middle, move, press, release
from tests.gui.networks import chain


def places(editor: Editor) -> dict[str, tuple[float, float]]:
    return {key: (node.x, node.y) for key, node in editor.network.nodes.items()}


def scattered(editor: Editor) -> None:
    editor.edit(
        MoveNodes({key: (n % 3 * 501.0, n * 97.0) for n, key in enumerate(editor.network.nodes)}), ""
    )


# Arranging


def test_arrange_is_one_step_and_glides(view: CanvasView, editor: Editor, qtbot: QtBot) -> None:
    scattered(editor)
    before = places(editor)
    steps = editor.undo_stack.count()
    view.arranger.arrange()
    assert editor.undo_stack.count() == steps + 1
    after = places(editor)
    assert len({x for x, _ in after.values()}) == 1
    assert view.glide.running
    moving = view.scene().node_item("conv2d-1").pos()
    assert (moving.x(), moving.y()) == before["conv2d-1"]  # the picture is still on its way
    qtbot.waitUntil(lambda: not view.glide.running)
    there = view.scene().node_item("conv2d-1").pos()
    assert (there.x(), there.y()) == after["conv2d-1"]
    editor.undo_stack.undo()
    assert places(editor) == before


def test_arrange_without_motion(
    view: CanvasView, editor: Editor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appearance, "reduce_motion", True)
    scattered(editor)
    view.arranger.arrange()
    assert not view.glide.running


def test_an_edit_ends_the_glide_where_the_network_is(view: CanvasView, editor: Editor) -> None:
    scattered(editor)
    view.arranger.arrange()
    editor.undo_stack.undo()
    assert not view.glide.running
    for key, place in places(editor).items():
        assert view.scene().node_item(key).pos() == QPointF(*place)


def test_arrange_two_selected_leaves_the_others(view: CanvasView, editor: Editor) -> None:
    scattered(editor)
    before = places(editor)
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    view.arranger.arrange()
    after = places(editor)
    assert {key for key in after if after[key] != before[key]} <= {"conv2d-1", "relu-1"}
    assert after["conv2d-1"][0] == after["relu-1"][0]


def test_arrange_makes_room_for_an_opened_block(view: CanvasView, editor: Editor) -> None:
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    blocks.group(view.scene())
    block = editor.selected
    assert block is not None
    blocks.toggle(view.scene(), block)
    scattered(editor)
    view.arranger.arrange()
    view.glide.end()
    cards = [
        item.scene_card
        for item in view.scene().node_items()
        if editor.network.nodes[item.node.id].block == ""
    ]
    for at, card in enumerate(cards):
        assert not any(card.intersects(other) for other in cards[at + 1 :])


# Aligning


CARDS = {"a": QRectF(0, 0, 100, 40), "b": QRectF(50, 100, 60, 80), "c": QRectF(300, 300, 100, 40)}


@pytest.mark.parametrize(
    ("side", "value"),
    [
        ("left", {"a": 0, "b": 0, "c": 0}),
        ("center", {"a": 150, "b": 170, "c": 150}),
        ("right", {"a": 300, "b": 340, "c": 300}),
    ],
)
def test_align_in_a_column(side: str, value: dict[str, float]) -> None:
    found = aligned(CARDS, side)  # type: ignore[arg-type]
    assert {key: place.x() for key, place in found.items()} == value
    assert {key: place.y() for key, place in found.items()} == {"a": 0, "b": 100, "c": 300}


def test_distribute_gives_equal_gaps() -> None:
    found = distributed(CARDS, "vertically")
    tops = {key: place.y() for key, place in found.items()}
    assert tops["a"] == 0 and tops["c"] == 300
    assert tops["b"] - 40 == 300 - (tops["b"] + 80)


def test_align_is_one_step_and_needs_two(view: CanvasView, editor: Editor) -> None:
    scattered(editor)
    steps = editor.undo_stack.count()
    editor.select(frozenset({"conv2d-1"}))
    move_to(view.glide, aligned, "left", "Align")
    assert editor.undo_stack.count() == steps
    editor.select(frozenset({"conv2d-1", "relu-1", "flatten-1"}))
    move_to(view.glide, aligned, "left", "Align")
    assert editor.undo_stack.count() == steps + 1
    assert len({editor.network.nodes[key].x for key in editor.selection}) == 1


def test_commands_say_why_they_cannot(window: MainWindow) -> None:
    window.editor.open(Project(network=chain("Input", "Conv2d", "ReLU")), {})
    assert not window.commands["align_left"].isEnabled()
    assert "two nodes" in window.commands["align_left"].toolTip()
    window.editor.select(frozenset({"conv2d-1", "relu-1"}))
    assert window.commands["align_left"].isEnabled()
    assert not window.commands["distribute_vertically"].isEnabled()


# Guides


def test_a_dragged_card_falls_in_line_and_shows_with_what(view: CanvasView, editor: Editor) -> None:
    editor.edit(MoveNodes({"linear-1": (403.0, 440.0)}), "Move")
    start = middle(view, "relu-1")
    place = start + QPoint(400, 0)  # 3 px beside the line of Linear's sides
    press(view, start)
    move(view, start + QPoint(30, 0))
    move(view, place)
    lines = [item for item in view.scene().items() if isinstance(item, GuideLines)]
    assert lines and not lines[0].boundingRect().isEmpty()
    release(view, place)
    assert editor.network.nodes["relu-1"].x == 403.0
    assert not any(isinstance(item, GuideLines) for item in view.scene().items())


# The map


def test_the_map_is_there_when_not_all_is_in_sight(view: CanvasView, editor: Editor) -> None:
    view.fit()
    assert view.minimap.rect.isEmpty()
    editor.edit(MoveNodes({"linear-1": (4000.0, 3000.0)}), "Move")
    assert not view.minimap.rect.isEmpty()
    view.minimap.set_wanted(False)
    assert view.minimap.rect.isEmpty()


def test_a_click_on_the_map_goes_there(view: CanvasView, editor: Editor) -> None:
    editor.edit(MoveNodes({"linear-1": (4000.0, 3000.0)}), "Move")
    view.zoom_reset()
    view.centerOn(0, 0)
    rect = view.minimap.rect
    wanted = QPointF(4000 + NODE_WIDTH / 2, 3024)
    scale = 1 / (view.minimap.scene_point(QPointF(1, 0)) - view.minimap.scene_point(QPointF())).x()
    place = QRectF(rect).center() + (wanted - view.minimap.world.center()) * scale
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place.toPoint())
    seen = view.mapToScene(view.viewport().rect()).boundingRect()
    assert seen.contains(wanted)
    assert editor.selection == frozenset()


def test_it_shows_the_inside_of_a_block_one_steps_into(view: CanvasView, editor: Editor) -> None:
    editor.edit(MoveNodes({"linear-1": (4000.0, 3000.0)}), "Move")
    assert view.minimap.world.right() > 4000
    editor.select(frozenset({"conv2d-1", "relu-1"}))
    blocks.group(view.scene())
    assert editor.selected is not None
    editor.enter(editor.selected)
    assert view.minimap.world.right() < 4000


# The picture


@pytest.mark.parametrize("theme", THEMES)
def test_png_has_twice_the_size(view: CanvasView, tmp_path: Path, theme: str) -> None:
    appearance.use(theme)
    area = contents(view.scene())
    assert save_diagram(view.scene(), tmp_path / "net.png") == 2.0
    picture = QImage(str(tmp_path / "net.png"))
    assert (picture.width(), picture.height()) == (2 * area.width(), 2 * area.height())
    item = view.scene().node_item("conv2d-1")
    band = (item.pos() + QPointF(4, 40) - area.topLeft()) * 2
    assert picture.pixelColor(band.toPoint()).name() == "#e69f00"


def test_svg_keeps_words_as_words(view: CanvasView, tmp_path: Path) -> None:
    save_diagram(view.scene(), tmp_path / "net.svg")
    root = ElementTree.parse(tmp_path / "net.svg").getroot()
    words = "".join("".join(text.itertext()) for text in root.iter("{http://www.w3.org/2000/svg}text"))
    assert "Conv2d" in words and root.tag.endswith("svg")


def test_pdf_is_one_page_of_the_diagrams_size(view: CanvasView, tmp_path: Path) -> None:
    save_diagram(view.scene(), tmp_path / "net.pdf")
    data = (tmp_path / "net.pdf").read_bytes()
    assert data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")
    area = contents(view.scene())
    assert f"/MediaBox [0 0 {area.width() * 0.75:.0f}".encode()[:16] in data


def test_nothing_is_selected_in_the_picture_and_all_is_after(
    view: CanvasView, editor: Editor, tmp_path: Path
) -> None:
    save_diagram(view.scene(), tmp_path / "one.png")
    editor.select(frozenset({"conv2d-1"}))
    save_diagram(view.scene(), tmp_path / "two.png")
    assert QImage(str(tmp_path / "one.png")) == QImage(str(tmp_path / "two.png"))
    assert view.scene().node_item("conv2d-1").selected


def test_a_folder_that_is_gone_is_said(view: CanvasView, tmp_path: Path) -> None:
    with pytest.raises(FileProblem):
        save_diagram(view.scene(), tmp_path / "gone" / "net.png")


def test_the_command_asks_where_to(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.editor.open(Project(network=chain("Input", "Conv2d", "ReLU")), {})
    asked = str(tmp_path / "net")
    kinds = lambda *_: (asked, "SVG drawing (*.svg)")  # noqa: E731
    monkeypatch.setattr(QFileDialog, "getSaveFileName", kinds)
    window.commands["export_diagram"].trigger()
    assert (tmp_path / "net.svg").exists()


def test_snapped_drag_stays_on_the_grid(view: CanvasView, editor: Editor) -> None:
    start = middle(view, "relu-1")
    drag(view, start, start + QPoint(301, 203))
    node = editor.network.nodes["relu-1"]
    assert node.x % GRID == 0
