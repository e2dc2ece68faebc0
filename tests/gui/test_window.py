"""The program as a person uses it: drag, link, train, break, save, open again."""

from __future__ import annotations

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QFileDialog,
    QLineEdit,
    QMessageBox,
    QSpinBox,
    QTabBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine.network.block_edits import GroupNodes
from engine.network.edits import SetParameter
from engine.network.model import Link
from engine.project.examples import find
from engine.project.project_file import read, write
from gui.inspector.node_form import NodeForm
from gui.settings import Settings
from gui.theme import appearance
from gui.window import MainWindow
from tests.gui.drive import click, drag, drop_layer, middle, port
from tests.networks import points_project

WAIT = 30_000


def load(window: MainWindow, path: Path, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.editor.shapes_changed, timeout=WAIT):
        window.documents.load(path)
    qtbot.waitUntil(lambda: window.engine.state == "idle", timeout=WAIT)


def press(window: MainWindow, action: str) -> None:
    """The toolbar button of an action, clicked."""
    bar = window.findChild(object, "tools")
    button = bar.widgetForAction(window.commands[action])
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def wait_state(window: MainWindow, state: str, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.engine.state == state, timeout=WAIT)


def shortcut(
    window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    """Press a key. Off-screen no window manager makes the window active, so this does."""
    QApplication.setActiveWindow(window)
    assert QApplication.activeWindow() is window
    QTest.keyClick(window, key, modifier)


def answer(button: QMessageBox.StandardButton) -> list[str]:
    """Press `button` of the next question; the list receives its text."""
    asked: list[str] = []

    def press_it() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):
            QTimer.singleShot(20, press_it)
            return
        asked.append(box.text())
        QTest.mouseClick(box.button(button), Qt.MouseButton.LeftButton)

    QTimer.singleShot(20, press_it)
    return asked


def small_project(path: Path) -> Path:
    write(path, points_project(epochs=100_000), {})
    return path


def test_a_network_drawn_by_hand_learns(window: MainWindow, qtbot: QtBot) -> None:
    """From the empty canvas to a trained network, with the mouse and the keyboard alone."""
    window.documents.new()
    canvas, editor = window.canvas, window.editor
    canvas.zoom_reset()
    for row, kind in enumerate(("Input", "Flatten", "Linear", "Softmax")):
        drop_layer(canvas, kind, canvas.mapToScene(canvas.viewport().rect().topLeft()).toPoint()
                   + QPointF(200, 80 + 120 * row).toPoint())  # fmt: skip
    ids = list(editor.network.nodes)
    assert ids == ["input-1", "flatten-1", "linear-1", "softmax-1"]
    for source, target in itertools.pairwise(ids):
        drag(canvas, port(canvas, source, True), port(canvas, target, False))
    assert editor.network.links == tuple(
        Link(source, target) for source, target in itertools.pairwise(ids)
    )
    # Reports of the steps on the way here may still come in.
    qtbot.waitUntil(
        lambda: [problem.code for problem in editor.report.blocking] == ["outputs_unlike_classes"],
        timeout=WAIT,
    )
    assert not window.commands["train"].isEnabled()
    assert "10" in window.commands["train"].toolTip()

    click(canvas, middle(canvas, "linear-1"))
    form = window.tools.inspector.form
    assert isinstance(form, NodeForm)
    spin = form.field("out_features").editor
    assert isinstance(spin, QSpinBox)
    spin.selectAll()
    QTest.keyClicks(spin, "10")
    QTest.keyClick(spin, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not editor.report.blocking, timeout=WAIT)
    assert editor.report.nodes["softmax-1"].output == (10,)

    qtbot.waitUntil(window.commands["train"].isEnabled, timeout=WAIT)
    with qtbot.waitSignal(window.training.started, timeout=WAIT) as started:
        press(window, "train")
    recorder = started.args[0]
    qtbot.waitUntil(lambda: len(recorder.scalars["loss"]) > 300, timeout=WAIT)
    press(window, "stop")
    wait_state(window, "idle", qtbot)
    losses = recorder.scalars["loss"].view().mean
    assert losses[-50:].mean() < 0.7 * losses[:20].mean()


def test_train_pause_step_stop(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    load(window, small_project(tmp_path / "a.backlit"), qtbot)
    enabled = {name: window.commands[name].isEnabled for name in ("train", "pause", "step", "stop")}
    qtbot.waitUntil(lambda: [check() for check in enabled.values()] == [True, False, True, False])
    with qtbot.waitSignal(window.training.started, timeout=WAIT) as started:
        press(window, "train")
    recorder = started.args[0]
    wait_state(window, "running", qtbot)
    qtbot.waitUntil(lambda: [check() for check in enabled.values()] == [False, True, False, True])
    press(window, "pause")
    wait_state(window, "paused", qtbot)
    qtbot.waitUntil(lambda: [check() for check in enabled.values()] == [True, False, True, True])
    steps = window.engine.steps_done
    press(window, "step")
    qtbot.waitUntil(lambda: len(recorder.scalars["loss"]) == steps + 1, timeout=WAIT)
    wait_state(window, "paused", qtbot)
    qtbot.waitUntil(lambda: [check() for check in enabled.values()] == [True, False, True, True])
    press(window, "train")
    qtbot.waitUntil(lambda: window.engine.steps_done > steps + 5, timeout=WAIT)
    shortcut(window, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    wait_state(window, "idle", qtbot)
    qtbot.waitUntil(lambda: bool(window.editor.weights), timeout=WAIT)


def test_panels_and_canvas_show_the_run(window: MainWindow, qtbot: QtBot) -> None:
    load(window, find("mnist-cnn"), qtbot)
    assert all(panel.state == "empty" for panel in window.panels.values())
    press(window, "train")
    item = window.canvas.scene().node_item("conv2d-1")
    qtbot.waitUntil(lambda: item.thumbnail is not None and item.thumbnail.trained, timeout=WAIT)
    qtbot.waitUntil(
        lambda: all(panel.state == "content" for panel in window.panels.values()), timeout=WAIT
    )
    link = window.canvas.scene().link_item(Link("conv2d-1", "relu-1"))
    facts = window.canvas.lens.facts
    assert facts.flow["conv2d-1"] > 0
    assert link.token() != "muted"
    press(window, "stop")
    wait_state(window, "idle", qtbot)
    assert item.thumbnail is not None and item.thumbnail.trained, "what a run left stays on screen"
    assert facts.flow and link.token() != "muted"


def test_a_trained_network_is_saved_and_opens_the_same(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = small_project(tmp_path / "net.backlit")
    load(window, path, qtbot)
    press(window, "train")
    qtbot.waitUntil(lambda: window.engine.steps_done > 100, timeout=WAIT)
    assert window.isWindowModified()
    press(window, "pause")
    wait_state(window, "paused", qtbot)
    press(window, "save")
    qtbot.waitUntil(lambda: bool(read(path).weights) and not window.documents.busy, timeout=WAIT)
    saved = read(path)
    window.engine.request_weights()
    qtbot.waitUntil(lambda: bool(window.engine.take_weights()), timeout=WAIT)
    for name, values in window.engine.take_weights().items():
        assert np.array_equal(saved.weights[name], values)
    press(window, "stop")
    wait_state(window, "idle", qtbot)
    with qtbot.waitSignal(window.documents.opened, timeout=WAIT):
        window.documents.load(path)
    assert not window.isWindowModified()
    assert window.editor.weights.keys() == saved.weights.keys()
    assert window.settings.preferences.recent_files[0] == str(path)


def test_a_wrong_shape_is_marked_with_its_cause(window: MainWindow, qtbot: QtBot) -> None:
    load(window, find("mnist-cnn"), qtbot)
    window.editor.edit(SetParameter("maxpool2d-2", "kernel_size", 9), "Set kernel_size")
    scene = window.canvas.scene()
    qtbot.waitUntil(lambda: scene.node_item("conv2d-3").problem, timeout=WAIT)
    assert scene.node_item("maxpool2d-2").cause
    text = scene.explanation(scene.node_item("conv2d-3"))
    assert "MaxPool2d 2 made it that small" in text
    shortcut(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: not scene.node_item("conv2d-3").problem, timeout=WAIT)


def test_every_edit_is_undone_and_done_again(window: MainWindow, qtbot: QtBot) -> None:
    load(window, find("mnist-cnn"), qtbot)
    before = window.editor.project
    canvas = window.canvas
    drag(canvas, middle(canvas, "linear-1"), middle(canvas, "linear-1") + QPointF(80, 40).toPoint())
    click(canvas, middle(canvas, "relu-4"))
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert "relu-4" not in window.editor.network.nodes
    click(canvas, canvas.viewport().rect().bottomRight() - QPointF(20, 20).toPoint())
    line = window.tools.recipe.rows["learning_rate"].editor
    assert isinstance(line, QLineEdit)
    line.selectAll()
    QTest.keyClicks(line, "0.01")
    QTest.keyClick(line, Qt.Key.Key_Return)
    after = window.editor.project
    assert after.recipe.learning_rate == 0.01
    assert window.isWindowModified()
    while window.editor.undo_stack.canUndo():
        window.commands["undo"].trigger()
    assert window.editor.project == before
    assert not window.isWindowModified()
    while window.editor.undo_stack.canRedo():
        window.commands["redo"].trigger()
    assert window.editor.project == after


def test_a_value_that_cannot_be_stays_out_and_is_explained(window: MainWindow, qtbot: QtBot) -> None:
    load(window, find("mnist-cnn"), qtbot)
    window.editor.select(frozenset({"conv2d-1"}))
    form = window.tools.inspector.form
    assert isinstance(form, NodeForm)
    field = form.field("kernel_size").editor
    assert isinstance(field, QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, "-3")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.editor.network.nodes["conv2d-1"].parameters["kernel_size"] == 3
    assert "1 to 65,536" in field.toolTip()
    field.selectAll()
    QTest.keyClicks(field, "5x3")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.editor.network.nodes["conv2d-1"].parameters["kernel_size"] == (5, 3)
    assert field.text() == "5 × 3"


def test_rename_in_the_inspector(window: MainWindow, qtbot: QtBot) -> None:
    load(window, find("xor"), qtbot)
    window.editor.select(frozenset({"linear-1"}))
    form = window.tools.inspector.form
    assert isinstance(form, NodeForm)
    form.name_edit.selectAll()
    QTest.keyClicks(form.name_edit, "<b>hidden</b>")
    QTest.keyClick(form.name_edit, Qt.Key.Key_Return)
    assert window.editor.network.nodes["linear-1"].name == "<b>hidden</b>"


@pytest.mark.parametrize(
    ("button", "closes"),
    [
        (QMessageBox.StandardButton.Cancel, False),
        (QMessageBox.StandardButton.Discard, True),
        (QMessageBox.StandardButton.Save, True),
    ],
)
def test_closing_with_unsaved_changes_asks(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, button: QMessageBox.StandardButton, closes: bool
) -> None:
    path = small_project(tmp_path / "mine.backlit")
    load(window, path, qtbot)
    window.editor.edit(SetParameter("linear-1", "out_features", 9), "Set out_features")
    asked = answer(button)
    window.close()
    assert asked == ["Save the changes to mine?"]
    if closes:
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)
        assert window.engine.isFinished()
    else:
        assert window.isVisible()
    saved = read(path).project.network.nodes["linear-1"].parameters["out_features"]
    assert saved == (9 if button == QMessageBox.StandardButton.Save else 8)


def test_closing_in_mid_run_ends_the_thread(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    load(window, small_project(tmp_path / "a.backlit"), qtbot)
    press(window, "train")
    wait_state(window, "running", qtbot)
    answer(QMessageBox.StandardButton.Discard)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=WAIT)
    assert window.engine.isFinished()
    assert window.shapes.isFinished()


def test_a_window_that_waits_for_its_threads_is_out_of_sight(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch may still be imported: many seconds, where the disk is slow."""
    seen: list[bool] = []
    end = window.engine.shut_down

    def shut_down() -> bool:
        seen.append(window.isVisible())
        return end()

    monkeypatch.setattr(window.engine, "shut_down", shut_down)
    window.close()
    qtbot.waitUntil(window.engine.isFinished, timeout=WAIT)
    assert seen[0] is False


STUCK = """
import sys, time
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
import engine.session
from engine.project.examples import find
from gui.application import run
from gui.window import MainWindow
engine.session.JOIN_MS = 10
engine.session.EngineThread.run = lambda self: time.sleep(30)
def close():
    windows = [w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow)]
    if windows and windows[0].engine.isRunning():
        windows[0].close()
timer = None
def begin(self, show=MainWindow.show):
    global timer
    timer = QTimer(self, interval=50)
    timer.timeout.connect(close)
    timer.start()
    show(self)
MainWindow.show = begin
sys.exit(run(find("xor")))
"""


def test_a_thread_that_does_not_end_in_time_does_not_abort_the_process() -> None:
    result = subprocess.run(
        [sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode == 0, result.stderr


def test_a_broken_file_is_explained_and_the_open_network_stays(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    load(window, find("xor"), qtbot)
    before = window.editor.project
    bad = tmp_path / "bad.backlit"
    bad.write_bytes(b"\x89PNG not a network")
    window.documents.load(bad)
    qtbot.waitUntil(window.message_bar.isVisible, timeout=WAIT)
    assert "bad.backlit" in window.message_bar.text()
    assert "PNG" in window.message_bar.text()
    assert window.editor.project is before
    assert not window.isWindowModified()


def test_a_fault_marks_its_node_and_the_window_lives(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    path = tmp_path / "nan.backlit"
    bad = {"linear-1.weight": np.full((8, 2), np.nan, np.float32)}
    write(path, points_project(), bad)
    load(window, path, qtbot)
    press(window, "train")
    qtbot.waitUntil(window.message_bar.isVisible, timeout=WAIT)
    assert "Linear 1" in window.message_bar.text()
    assert window.canvas.scene().node_item("linear-1").fault
    window.commands["reset"].trigger()
    with qtbot.waitSignal(window.training.ended, timeout=WAIT):
        press(window, "train")
    assert window.editor.weights


def test_save_as_asks_for_a_name_and_remembers_it(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(window, find("xor"), qtbot)
    target = tmp_path / "copy"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    shortcut(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.documents.path == target.with_suffix(".backlit"), timeout=WAIT)
    assert read(target.with_suffix(".backlit")).project == window.editor.project
    assert window.windowTitle() == "copy[*] – Backlit"


def test_the_theme_changes_everything_at_once(window: MainWindow, qtbot: QtBot) -> None:
    load(window, find("xor"), qtbot)
    light = window.grab().toImage()
    press(window, "theme")
    dark = window.grab().toImage()
    assert appearance.theme.name == "dark"
    assert light.pixelColor(5, 5).lightness() > 200
    assert dark.pixelColor(5, 5).lightness() < 60
    assert Settings().preferences.theme == "dark"


def test_help_lists_the_shortcuts(window: MainWindow, qtbot: QtBot) -> None:
    shortcut(window, Qt.Key.Key_F1)
    dialog = window.findChild(QDialog)
    assert dialog is not None
    assert dialog.isVisible()
    assert not dialog.isModal()
    dialog.close()


def test_help_is_no_taller_than_the_screen(
    window: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gui.help.GESTURES", (("Do this", "See that"),) * 80)
    window.show_shortcuts()
    dialog = window.findChild(QDialog)
    qtbot.waitUntil(dialog.isVisible)
    assert dialog.frameGeometry().height() <= dialog.screen().availableSize().height()
    dialog.close()


def test_tab_goes_from_the_layer_list_to_the_fields_below(window: MainWindow, qtbot: QtBot) -> None:
    """In the order they are seen, though the fields are made anew at each selection."""
    load(window, find("mnist-cnn"), qtbot)
    window.editor.select(frozenset({"conv2d-1"}))
    QApplication.setActiveWindow(window)
    window.findChild(QWidget, "palette-layers").setFocus()
    passed = []
    while "bias" not in passed and len(passed) < 12:
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        if not isinstance(QApplication.focusWidget(), QTabBar):
            passed.append(QApplication.focusWidget().objectName())
    fields = ["out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "bias"]
    assert passed == ["name", "freeze", *fields]


def test_a_small_window_leaves_room_for_the_diagram(window: MainWindow, qtbot: QtBot) -> None:
    load(window, find("mnist-cnn"), qtbot)
    window.resize(800, 600)
    qtbot.waitUntil(lambda: window.width() == 800)
    QApplication.processEvents()
    assert window.canvas.width() >= 280
    for selection in (frozenset[str](), frozenset({"conv2d-1"})):
        window.editor.select(selection)
        QApplication.processEvents()
        inspector = window.tools.inspector
        assert inspector.form.parentWidget().width() <= inspector.viewport().width()


def test_shortcuts_are_unique_and_every_action_has_help(window: MainWindow) -> None:
    from gui.actions import COMMANDS

    keys = [command.shortcut for command in COMMANDS.values() if command.shortcut]
    assert len(keys) == len(set(keys))
    assert all(window.commands[name].toolTip() for name in COMMANDS)


def test_edits_during_a_run_belong_to_the_next(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    load(window, small_project(tmp_path / "a.backlit"), qtbot)
    press(window, "train")
    wait_state(window, "running", qtbot)
    window.editor.edit(GroupNodes(frozenset({"linear-1", "tanh-1"}), "Hidden"), "Group")
    assert not window.training.outdated, "a block around nodes changes nothing of what they compute"
    window.editor.edit(SetParameter("linear-1", "out_features", 3), "Set out_features")
    assert window.training.outdated
    press(window, "stop")
    wait_state(window, "idle", qtbot)
    qtbot.waitUntil(lambda: window.engine.take_weights() is window.editor.weights, timeout=WAIT)
    qtbot.waitUntil(lambda: window.editor.report.nodes["linear-1"].output == (3,), timeout=WAIT)
    assert "linear-1.weight" not in window.editor.fitting_weights(), "eight rows, three are needed"
    assert "linear-2.bias" in window.editor.fitting_weights()
