"""The list of problems: going there, fixing with one click, by mouse and by keyboard."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QLabel
from pytestqt.qtbot import QtBot

from engine.network.edits import Disconnect, SetParameter
from engine.network.layers import new_node
from engine.network.model import Link, Network
from engine.network.problem import Problem
from engine.project.project import Project
from gui.canvas.geometry import node_rect
from gui.fixes import FixButton
from gui.inspector.node_form import NodeForm
from gui.problems import MOST_ROWS, ProblemRow
from gui.theme import THEMES, appearance
from gui.window import MainWindow
from tests.gui.drive import click
from tests.gui.networks import chain
from tests.pictures import assert_looks_like, settled

WAIT = 30_000
both = pytest.mark.parametrize("theme", THEMES)


def broken() -> Network:
    """A shortcut of another width, and a pooling larger than the image."""
    network = chain("Input", "Conv2d", "ReLU", "Conv2d", "ReLU", "Add", "Flatten", "Linear", "Softmax")
    for node, name, value in (
        ("conv2d-1", "out_channels", 16),
        ("conv2d-1", "padding", 1),
        ("conv2d-2", "padding", 1),
        ("linear-1", "out_features", 10),
    ):
        network = SetParameter(node, name, value).apply(network)
    network = network.with_links([*network.links, Link("relu-1", "add-1")])
    pool = new_node(network, "MaxPool2d", 264.0, network.nodes["relu-1"].y)
    pool = replace(pool, parameters={**pool.parameters, "kernel_size": 30})
    network = network.with_nodes([pool])
    return network.with_links([*network.links, Link("conv2d-1", pool.id)])


def show(window: MainWindow, network: Network, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.editor.fixes_changed, timeout=WAIT):
        window.editor.open(Project(network=network), {})
    window.canvas.fit()


def fixed(window: MainWindow, qtbot: QtBot, button: FixButton) -> None:
    """Click it, and wait for what then is known."""
    with qtbot.waitSignal(window.editor.fixes_changed, timeout=WAIT):
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def row_of(window: MainWindow, node_id: str) -> ProblemRow:
    return next(row for row in window.problems.rows if row.problem.node == node_id)


def button(row: ProblemRow, title: str) -> FixButton:
    return next(button for button in row.fixes.buttons if button.full_text == title)


def dock_title(window: MainWindow) -> str:
    dock = window.findChild(QDockWidget, "problems")
    assert isinstance(dock, QDockWidget)
    return dock.windowTitle()


def test_the_status_bar_counts_them_and_opens_the_list(window: MainWindow, qtbot: QtBot) -> None:
    assert not window.problem_count.isVisible()
    show(window, broken(), qtbot)
    assert window.problem_count.text() == "2 problems"
    assert not window.problems.isVisible()
    QTest.mouseClick(window.problem_count, Qt.MouseButton.LeftButton)
    assert window.problems.isVisible()
    assert dock_title(window) == "Problems (2)"
    assert [row.problem.node for row in window.problems.rows] == ["maxpool2d-1", "add-1"]


def test_one_click_inserts_what_was_missing(window: MainWindow, qtbot: QtBot) -> None:
    show(window, broken(), qtbot)
    before = window.editor.network
    window.show_problems()
    row = row_of(window, "add-1")
    insert = button(row, "Insert Conv2d 1 × 1 after ReLU 1")
    fixed(window, qtbot, insert)
    network = window.editor.network
    new = network.nodes["conv2d-3"]
    assert (new.parameters["kernel_size"], new.parameters["out_channels"]) == (1, 32)
    assert Link("relu-1", "conv2d-3") in network.links
    assert Link("conv2d-3", "add-1") in network.links
    others = [node_rect(network, node) for node in network.nodes.values() if node.id != new.id]
    assert not any(node_rect(network, new).intersects(rect) for rect in others)
    assert [row.problem.node for row in window.problems.rows] == ["maxpool2d-1"]
    assert window.problem_count.text() == "1 problem"
    with qtbot.waitSignal(window.editor.fixes_changed, timeout=WAIT):
        window.commands["undo"].trigger()
    assert window.editor.network == before
    assert len(window.problems.rows) == 2
    assert window.editor.undo_stack.redoText() == "Insert Conv2d 1 × 1 after ReLU 1"


def test_when_all_is_well_it_says_so(window: MainWindow, qtbot: QtBot) -> None:
    show(window, broken(), qtbot)
    window.show_problems()
    fixed(window, qtbot, row_of(window, "add-1").fixes.buttons[0])
    fixed(window, qtbot, button(row_of(window, "maxpool2d-1"), "Remove MaxPool2d 1"))
    assert window.problems.rows == ()
    labels = [label for label in window.problems.findChildren(QLabel) if label.isVisible()]
    assert [label.text() for label in labels] == ["No problems: every shape fits."]
    assert not window.problem_count.isVisible()
    assert dock_title(window) == "Problems"
    assert window.commands["train"].isEnabled()


def test_a_click_goes_to_the_node(window: MainWindow, qtbot: QtBot) -> None:
    show(window, broken(), qtbot)
    window.show_problems()
    window.canvas.zoom_reset()
    row = row_of(window, "maxpool2d-1")
    QTest.mouseClick(
        row, Qt.MouseButton.LeftButton, pos=row.rect().topRight() + QPointF(-9, 9).toPoint()
    )
    assert window.editor.selected == "maxpool2d-1"
    card = window.canvas.scene().node_item("maxpool2d-1").sceneBoundingRect()
    seen = window.canvas.mapToScene(window.canvas.viewport().rect().center())
    assert card.contains(seen)
    assert row.is_current


def test_the_keyboard_walks_it_and_fixes(window: MainWindow, qtbot: QtBot) -> None:
    show(window, broken(), qtbot)
    QApplication.setActiveWindow(window)
    QTest.keyClick(window, Qt.Key.Key_F8)
    first, second = window.problems.rows
    assert first.hasFocus() and window.editor.selected == "maxpool2d-1"
    QTest.keyClick(first, Qt.Key.Key_Down)
    assert second.hasFocus() and second.is_current and not first.is_current
    QTest.keyClick(second, Qt.Key.Key_Return)
    assert window.editor.selected == "add-1"
    QTest.keyClick(second, Qt.Key.Key_Tab)
    chosen = second.fixes.buttons[0]
    assert chosen.hasFocus()
    assert window.problems.effect.startswith("out_channels of Conv2d 1: 16 → 32.")
    with qtbot.waitSignal(window.editor.fixes_changed, timeout=WAIT):
        QTest.keyClick(chosen, Qt.Key.Key_Space)
    assert window.editor.network.nodes["conv2d-1"].parameters["out_channels"] == 32
    assert window.problems.rows[0].hasFocus()
    QTest.keyClick(window.problems.rows[0], Qt.Key.Key_Escape)
    assert window.canvas.hasFocus()


def test_pointing_at_a_fix_says_what_it_changes(window: MainWindow, qtbot: QtBot) -> None:
    show(window, broken(), qtbot)
    window.show_problems()
    window.problems.go_to("add-1")  # into sight
    QApplication.processEvents()
    insert = button(row_of(window, "add-1"), "Insert Conv2d 1 × 1 after ReLU 1")
    with qtbot.waitSignal(insert.pointed, timeout=WAIT):
        QTest.mouseMove(insert, insert.rect().center())
    said = "Conv2d 1 × 1 between ReLU 1 and Add 1: N × 32 × 28 × 28."
    assert window.problems.effect == said
    assert insert.toolTip() == said


def test_the_mark_on_a_card_opens_the_list_at_its_problem(window: MainWindow, qtbot: QtBot) -> None:
    show(window, broken(), qtbot)
    window.canvas.zoom_reset()
    window.canvas.center_on("add-1")
    card = window.canvas.scene().node_item("add-1")
    place = next(
        card.pos() + QPointF(x, y)
        for x in range(0, 176, 4)
        for y in range(0, 48, 4)
        if card.on_badge(card.pos() + QPointF(x, y))
    )
    click(window.canvas, window.canvas.mapFromScene(place))
    assert window.problems.isVisible()
    assert row_of(window, "add-1").is_current
    assert window.editor.selected == "add-1"


def test_the_inspector_has_the_same_fixes(window: MainWindow, qtbot: QtBot) -> None:
    show(window, broken(), qtbot)
    window.editor.select(frozenset({"add-1"}))
    form = window.tools.inspector.form
    assert isinstance(form, NodeForm)
    titles = [button.full_text for button in form.fixes.buttons]
    assert titles == [button.full_text for button in row_of(window, "add-1").fixes.buttons]
    fixed(window, qtbot, form.fixes.buttons[1])
    assert window.editor.network.nodes["conv2d-2"].parameters["out_channels"] == 16
    assert form.fixes.buttons == ()
    assert not form.fixes.isVisible()


def test_a_fix_of_an_older_network_does_nothing(window: MainWindow, qtbot: QtBot) -> None:
    """Between an edit and what is proven for it, the old buttons still stand there."""
    show(window, broken(), qtbot)
    window.show_problems()
    old = row_of(window, "add-1").fixes.buttons[0]
    with qtbot.waitSignal(window.editor.fixes_changed, timeout=WAIT):
        link = next(link for link in window.editor.network.links if link.source == "relu-1")
        window.editor.edit(Disconnect(frozenset({link})), "Unlink")
        before = window.editor.network
        QTest.mouseClick(old, Qt.MouseButton.LeftButton)
        assert window.editor.network is before


def test_repairs_are_listed_until_the_next_file(window: MainWindow, qtbot: QtBot) -> None:
    show(window, chain("Input", "Flatten", "Linear"), qtbot)
    values = {"source": "A", "target": "B", "id": "b"}
    window.problems.show_repairs((Problem("link_without_node", None, values=values),))
    assert "there is no node b" in window.problems.rows[-1].accessibleName()
    window.editor.open(Project(), {})
    assert window.problems.rows == ()


def test_thousands_of_problems_are_counted_not_listed(window: MainWindow, qtbot: QtBot) -> None:
    network = Network()
    for at in range(300):
        network = network.with_nodes([new_node(network, "ReLU", 0.0, 88.0 * at)])
    show(window, network, qtbot)
    assert len(window.problems.rows) == MOST_ROWS
    assert window.problem_count.text() == "300 problems"


@both
def test_two_problems_and_their_fixes(window: MainWindow, qtbot: QtBot, theme: str) -> None:
    appearance.use(theme)
    window.resize(1280, 800)
    window.show_problems()
    show(window, broken(), qtbot)
    window.editor.select(frozenset({"add-1"}))
    window.canvas.fit()
    qtbot.waitUntil(lambda: window.previews.is_current, timeout=WAIT)
    settled(window)
    window.problems.go_to("add-1")
    assert_looks_like(window, f"window-fixes-{theme}")
