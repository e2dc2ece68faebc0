"""The palette as a person uses it."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListWidgetItem
from pytestqt.qtbot import QtBot

from engine.network.layers import FAMILIES, LAYERS
from engine.network.model import Link
from engine.project.project import Project
from gui.canvas.geometry import node_rect
from gui.editor import Editor
from gui.palette import Palette
from gui.theme import appearance
from tests.gui.networks import chain


@pytest.fixture
def editor(qapp: QApplication) -> Editor:
    return Editor()


@pytest.fixture
def palette(editor: Editor, qtbot: QtBot) -> Palette:
    palette = Palette(editor)
    qtbot.addWidget(palette)
    palette.resize(220, 700)
    palette.show()
    qtbot.waitExposed(palette)
    return palette


def kinds(palette: Palette) -> list[str]:
    """The layers on show, without the titles of families."""
    rows = (palette.layers.item(row) for row in range(palette.layers.count()))
    return [row.text() for row in rows if row.data(Qt.ItemDataRole.UserRole)]


def row_of(palette: Palette, kind: str) -> QListWidgetItem:
    return next(iter(palette.layers.findItems(kind, Qt.MatchFlag.MatchExactly)[::-1]))


def middle(palette: Palette, kind: str) -> QPoint:
    return palette.layers.visualItemRect(row_of(palette, kind)).center()


def double_click(palette: Palette, kind: str) -> None:
    viewport, place = palette.layers.viewport(), middle(palette, kind)
    QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=place)


def test_it_lists_every_layer_under_its_family(palette: Palette) -> None:
    assert kinds(palette) == list(LAYERS)
    texts = [palette.layers.item(row).text() for row in range(palette.layers.count())]
    assert set(FAMILIES.values()) <= set(texts)


def test_a_layer_explains_itself(palette: Palette) -> None:
    tip = row_of(palette, "ReLU").toolTip()
    assert LAYERS["ReLU"].help in tip and LAYERS["ReLU"].formula in tip


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("conv", ["Conv2d"]),
        ("dense", ["Linear"]),
        ("pooling", ["MaxPool2d", "AvgPool2d"]),
        ("max pool", ["MaxPool2d"]),
        ("residual", ["Add"]),
    ],
)
def test_search_knows_kinds_families_and_keywords(
    palette: Palette, typed: str, found: list[str]
) -> None:
    QTest.keyClicks(palette.search, typed)
    assert kinds(palette)[: len(found)] == found


def test_a_search_without_result_says_so_and_escape_clears_it(palette: Palette) -> None:
    QTest.keyClicks(palette.search, "zzz")
    assert palette.nothing.isVisible() and "zzz" in palette.nothing.text()
    assert not palette.layers.isVisible()
    QTest.keyClick(palette.search, Qt.Key.Key_Escape)
    assert palette.layers.isVisible() and kinds(palette) == list(LAYERS)


def test_arrow_keys_in_the_search_walk_the_list_and_enter_adds(
    palette: Palette, editor: Editor
) -> None:
    QTest.keyClicks(palette.search, "pool")
    QTest.keyClick(palette.search, Qt.Key.Key_Down)
    assert palette.layers.currentItem().text() == "AvgPool2d"
    QTest.keyClick(palette.search, Qt.Key.Key_Up)
    QTest.keyClick(palette.search, Qt.Key.Key_Up)
    assert palette.layers.currentItem().text() == "MaxPool2d"
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert list(editor.network.nodes) == ["maxpool2d-1"]


def test_double_clicks_build_a_chain_one_undo_step_each(palette: Palette, editor: Editor) -> None:
    for kind in ("Input", "Linear", "ReLU"):
        double_click(palette, kind)
    assert editor.network.links == (Link("input-1", "linear-1"), Link("linear-1", "relu-1"))
    assert editor.selection == {"relu-1"}
    assert editor.undo_stack.count() == 3
    places = [(node.x, node.y) for node in editor.network.nodes.values()]
    assert places == [(0, 0), (0, 128), (0, 256)]


def test_a_second_successor_goes_beside_the_first(palette: Palette, editor: Editor) -> None:
    editor.open(Project(network=chain("Input", "Linear")), {})
    editor.select(frozenset({"input-1"}))
    double_click(palette, "ReLU")
    assert Link("input-1", "relu-1") in editor.network.links
    network = editor.network
    first, second = (node_rect(network, network.nodes[key]) for key in ("linear-1", "relu-1"))
    assert not first.intersects(second) and second.top() == first.top()


def test_an_input_is_added_without_a_link(palette: Palette, editor: Editor) -> None:
    editor.open(Project(network=chain("Input")), {})
    editor.select(frozenset({"input-1"}))
    double_click(palette, "Input")
    assert len(editor.network.nodes) == 2 and editor.network.links == ()


def test_titles_can_be_neither_chosen_nor_added(palette: Palette, editor: Editor) -> None:
    title = palette.layers.item(0)
    place = palette.layers.visualItemRect(title).center()
    QTest.mouseDClick(palette.layers.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert not editor.network.nodes


def test_both_themes_draw_without_complaint(palette: Palette, caplog: pytest.LogCaptureFixture) -> None:
    for theme in ("dark", "light"):
        appearance.use(theme)
        palette.grab()
    assert not caplog.records
