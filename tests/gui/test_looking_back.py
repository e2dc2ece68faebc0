"""The whole window goes back in time: a real training, its recorded states, forks, and runs resumed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox
from pytestqt.qtbot import QtBot

from engine.project.project_file import write
from engine.runs.folder import runs_folder
from engine.runs.history import History
from engine.telemetry.frame import Frame
from gui.runs.runs import Runs
from gui.settings import Settings
from gui.timeline.timeline import Timeline
from gui.window import MainWindow
from tests.gui.test_window import WAIT, load, press, wait_state
from tests.networks import points_project

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "spiral.backlit"
    write(path, points_project(epochs=3), {})
    return path


@pytest.fixture
def trained(window: MainWindow, project: Path, qtbot: QtBot) -> MainWindow:
    """A finished run with its states."""
    load(window, project, qtbot)
    qtbot.waitUntil(window.commands["train"].isEnabled, timeout=WAIT)
    with qtbot.waitSignal(window.training.ended, timeout=WAIT):
        press(window, "train")
    # The last state comes to the disk after the end.
    done = window.engine.steps_done
    qtbot.waitUntil(lambda: timeline(window).track.states[-1:] == (done,), timeout=WAIT)
    return window


def timeline(window: MainWindow) -> Timeline:
    assert window.tools is not None
    return window.tools.timeline_commands.timeline


def hows(runs: Runs) -> list[str]:
    """How the listed runs ended: a slow disk hears of it later than the window."""
    return [run.how for run in runs.model.runs]


def answer(words: str) -> list[str]:
    """Press the button with these words in the next question; what it asked lands in the list."""
    asked: list[str] = []

    def press_it() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        asked.append(box.text() + "\n" + box.informativeText())
        next(button for button in box.buttons() if button.text() == words).click()

    QTimer.singleShot(200, press_it)
    return asked


def seen(window: MainWindow) -> list[Frame]:
    """The frames that reach the canvas from now on."""
    frames: list[Frame] = []
    show = window.canvas.show_frame

    def watch(frame: Frame) -> None:
        frames.append(frame)
        show(frame)

    window.canvas.show_frame = watch  # type: ignore[method-assign]
    return frames


def test_everything_shows_the_step_at_the_handle(trained: MainWindow, qtbot: QtBot) -> None:
    bar, frames = timeline(trained), seen(trained)
    assert bar.isVisible()
    newest = bar.track.states[-1]
    assert trained.engine.steps_done == newest
    bar.track.setFocus()
    QTest.keyClick(bar.track, Qt.Key.Key_Home)
    first = bar.track.states[0]
    qtbot.waitUntil(lambda: trained.engine.viewed == first, timeout=WAIT)
    qtbot.waitUntil(lambda: bool(frames) and frames[-1].step == first, timeout=WAIT)
    qtbot.waitUntil(lambda: trained.canvas.past_sign.text != "", timeout=WAIT)
    assert trained.canvas.past_sign.text.startswith(f"Step {first} of {newest}")
    signs = [panel.findChild(QLabel, "viewed_step") for panel in trained.panels.values()]
    assert {sign.text() for sign in signs if sign is not None} == {f"step {first}"}
    assert trained.panels["loss"]._viewed[0].step == first  # type: ignore[attr-defined]
    QTest.mouseClick(bar.live_button, LEFT)
    qtbot.waitUntil(lambda: trained.canvas.past_sign.text == "", timeout=WAIT)
    assert trained.engine.viewed is None
    assert all(sign is not None and not sign.isVisible() for sign in signs)
    qtbot.waitUntil(lambda: frames[-1].step == newest, timeout=WAIT)


def test_a_training_goes_on_while_one_looks_back(
    window: MainWindow, project: Path, qtbot: QtBot
) -> None:
    write(project, points_project(epochs=100_000), {})
    load(window, project, qtbot)
    qtbot.waitUntil(window.commands["train"].isEnabled, timeout=WAIT)
    press(window, "train")
    bar = timeline(window)
    qtbot.waitUntil(lambda: len(bar.track.states) > 8, timeout=WAIT)
    frames = seen(window)
    x = round(bar.track.x_of(bar.track.states[0]))
    for left in range(40, -1, -4):  # a hand that is faster than the engine
        QTest.mouseMove(bar.track, QPoint(x + left, 20))
        if left == 40:
            QTest.mousePress(bar.track, LEFT, pos=QPoint(x + left, 20))
    QTest.mouseRelease(bar.track, LEFT, pos=QPoint(x, 20))
    step = bar.viewed
    assert step == bar.track.states[0]
    qtbot.waitUntil(lambda: window.engine.viewed == step, timeout=WAIT)
    qtbot.waitUntil(lambda: bool(frames) and frames[-1].step == step, timeout=WAIT)
    frames.clear()
    done = window.engine.steps_done
    qtbot.waitUntil(lambda: window.engine.steps_done > done + 100, timeout=WAIT)
    assert {frame.step for frame in frames} <= {step}
    assert bar.viewed == step
    window.commands["go_live"].trigger()
    qtbot.waitUntil(lambda: bool(frames) and frames[-1].step > done, timeout=WAIT)


def test_cards_show_a_recorded_step_after_the_end(trained: MainWindow, qtbot: QtBot) -> None:
    scene = trained.canvas.scene()
    qtbot.waitUntil(lambda: scene.previewing, timeout=WAIT)  # the network at rest
    trained.commands["earlier_state"].trigger()
    assert not scene.previewing
    qtbot.waitUntil(lambda: trained.engine.viewed is not None, timeout=WAIT)
    trained.commands["go_live"].trigger()
    qtbot.waitUntil(lambda: scene.previewing, timeout=WAIT)


def test_a_click_on_the_sign_returns_to_the_present(trained: MainWindow, qtbot: QtBot) -> None:
    trained.commands["earlier_state"].trigger()
    qtbot.waitUntil(lambda: trained.canvas.past_sign.text != "", timeout=WAIT)
    QTest.mouseClick(trained.canvas.viewport(), LEFT, pos=trained.canvas.past_sign.rect.center())
    qtbot.waitUntil(lambda: trained.engine.viewed is None, timeout=WAIT)


def test_continue_from_here_begins_another_run(trained: MainWindow, qtbot: QtBot) -> None:
    bar = timeline(trained)
    assert not trained.commands["continue_from"].isEnabled()
    first_run = trained.engine.run_id
    QTest.keyClick(bar.track, Qt.Key.Key_Home)
    QTest.keyClick(bar.track, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: trained.engine.viewed is not None, timeout=WAIT)
    step = bar.viewed
    asked = answer("Continue from Here")
    with qtbot.waitSignal(trained.training.started, timeout=WAIT) as started:
        QTest.mouseClick(bar.fork_button, LEFT)
    assert f"step {step}" in asked[0]
    assert trained.engine.run_id != first_run
    recorder = started.args[0]
    assert any(mark.code == "resumed" and mark.step == step for mark in recorder.marks)
    wait_state(trained, "idle", qtbot)
    assert trained.engine.viewed is None
    assert bar.viewed is None
    history = trained.engine.history
    assert history is not None
    fork = history.get(trained.engine.run_id)
    assert fork is not None
    assert (fork.parent, fork.parent_step, fork.project) == (first_run, step, "spiral")


def test_nothing_happens_when_one_thinks_better_of_it(trained: MainWindow, qtbot: QtBot) -> None:
    run = trained.engine.run_id
    trained.commands["earlier_state"].trigger()
    answer("Cancel")
    trained.commands["continue_from"].trigger()
    assert trained.engine.run_id == run
    assert trained.engine.state == "idle"


def test_a_state_that_is_gone_is_said(trained: MainWindow, qtbot: QtBot) -> None:
    bar = timeline(trained)
    for file in (runs_folder() / trained.engine.run_id / "states").iterdir():
        file.unlink()
    QTest.keyClick(bar.track, Qt.Key.Key_Home)
    qtbot.waitUntil(trained.message_bar.isVisible, timeout=WAIT)
    assert "is stored" in trained.message_bar.text()
    qtbot.waitUntil(lambda: bar.viewed is None, timeout=WAIT)
    step = bar.track.states[0]
    with qtbot.waitSignal(trained.engine.faulted, timeout=WAIT):
        trained.training.fork(step)
    with qtbot.waitSignal(trained.training.started, timeout=WAIT):
        press(trained, "train")  # the engine goes on
    wait_state(trained, "idle", qtbot)


def test_another_network_has_no_timeline(trained: MainWindow, qtbot: QtBot) -> None:
    trained.commands["earlier_state"].trigger()
    qtbot.waitUntil(lambda: trained.canvas.past_sign.text != "", timeout=WAIT)
    trained.documents._weights_changed = False
    trained.documents.new()
    qtbot.waitUntil(lambda: not timeline(trained).isVisible(), timeout=WAIT)
    qtbot.waitUntil(lambda: trained.canvas.past_sign.text == "", timeout=WAIT)
    assert not trained.commands["play_back"].isEnabled()


def test_the_timeline_is_put_away(trained: MainWindow) -> None:
    trained.commands["timeline"].trigger()
    assert not timeline(trained).isVisible()
    assert not Settings().preferences.timeline
    trained.commands["timeline"].trigger()
    assert timeline(trained).isVisible()


# Runs


def test_a_run_is_listed_with_what_came_of_it(trained: MainWindow, qtbot: QtBot) -> None:
    trained.commands["runs"].trigger()
    assert trained.tools is not None
    runs = trained.tools.run_commands.runs
    assert runs.isVisible()
    qtbot.waitUntil(lambda: hows(runs) in (["finished"], ["stopped"]), timeout=WAIT)
    run = runs.model.runs[0]
    assert (run.project, run.how, run.steps) == ("spiral", "finished", trained.engine.steps_done)
    runs.table.selectRow(0)
    actions = trained.tools.run_commands
    assert actions.action("curves").isEnabled()
    assert not actions.action("resume").isEnabled()  # it is done
    assert not actions.action("compare").isEnabled()  # with what?
    runs.table.setFocus()
    QTest.keyClick(runs.table, Qt.Key.Key_Return)
    panel = trained.panels["loss"]
    qtbot.waitUntil(lambda: bool(panel.others.legend.entries), timeout=WAIT)  # type: ignore[attr-defined]


def test_deleting_asks_and_says_what_it_frees(trained: MainWindow, qtbot: QtBot) -> None:
    assert trained.tools is not None
    runs = trained.tools.run_commands.runs
    trained.commands["runs"].trigger()
    qtbot.waitUntil(lambda: hows(runs) in (["finished"], ["stopped"]), timeout=WAIT)
    runs.table.selectRow(0)
    runs.table.setFocus()
    asked = answer("Delete")
    QTest.keyClick(runs.table, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: not runs.model.runs, timeout=WAIT)
    assert "KiB" in asked[0]
    assert not timeline(trained).isVisible()  # its states went with it


def test_a_stopped_run_goes_on(window: MainWindow, project: Path, qtbot: QtBot) -> None:
    write(project, points_project(epochs=400), {})
    load(window, project, qtbot)
    qtbot.waitUntil(window.commands["train"].isEnabled, timeout=WAIT)
    press(window, "train")
    qtbot.waitUntil(lambda: window.engine.steps_done > 20, timeout=WAIT)
    press(window, "stop")
    wait_state(window, "idle", qtbot)
    run, step = window.engine.run_id, window.engine.steps_done
    assert window.tools is not None
    runs = window.tools.run_commands.runs
    window.commands["runs"].trigger()
    qtbot.waitUntil(lambda: hows(runs) in (["finished"], ["stopped"]), timeout=WAIT)
    runs.table.selectRow(0)
    window.documents._weights_changed = False  # nothing is asked about them
    with qtbot.waitSignal(window.training.started, timeout=WAIT) as started:
        window.tools.run_commands.action("resume").trigger()
    assert window.engine.run_id == run
    assert any(mark.code == "resumed" and mark.step == step for mark in started.args[0].marks)
    assert window.documents.path == project
    qtbot.waitUntil(lambda: window.engine.steps_done > step, timeout=WAIT)


@pytest.fixture
def crashed(project: Path) -> str:
    """A training whose process died: its folder is there, its lock is not."""
    history = History()
    from engine.training import keeper

    trainer, folder = keeper.begin(
        history, points_project(epochs=3), {}, 1, "", project_name="spiral", path=project
    )
    keeping = keeper.Keeper(trainer, history, folder, 2**30)
    for _ in range(5):
        trainer.advance(None)
        keeping.after_unit()
    keeping.store.flush()
    trainer.recorder.close()
    folder.lock.release()
    history.close()
    return folder.id


@pytest.fixture
def after_crash(crashed: str, qtbot: QtBot) -> Iterator[MainWindow]:
    window = MainWindow(Settings())
    window.show()
    qtbot.waitUntil(lambda: window.engine.state == "idle", timeout=WAIT)
    assert window.tools is not None
    qtbot.waitUntil(window.tools.run_commands.crash_bar.isVisible, timeout=WAIT)
    yield window
    window.shut_down()
    window.hide()
    window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_a_crashed_training_is_offered_and_goes_on(
    after_crash: MainWindow, crashed: str, qtbot: QtBot
) -> None:
    assert after_crash.tools is not None
    bar = after_crash.tools.run_commands.crash_bar
    assert bar.text().startswith("A training of spiral ended unexpectedly at step 5 (")
    bar.resume_button.setFocus()
    with qtbot.waitSignal(after_crash.training.started, timeout=WAIT) as started:
        QTest.keyClick(bar.resume_button, Qt.Key.Key_Return)
    assert after_crash.engine.run_id == crashed
    assert started.args[0].marks[-1].step == 5
    assert not bar.isVisible()
    wait_state(after_crash, "idle", qtbot)


def test_a_crashed_training_is_shown_and_not_offered_again(
    after_crash: MainWindow, crashed: str, qtbot: QtBot
) -> None:
    assert after_crash.tools is not None
    commands = after_crash.tools.run_commands
    QTest.mouseClick(commands.crash_bar.show_button, LEFT)
    qtbot.waitUntil(lambda: [run.id for run in commands.runs.selected] == [crashed], timeout=WAIT)
    assert commands.runs.selected[0].how == "crashed"
    assert not commands.crash_bar.isVisible()
    history = after_crash.engine.history
    assert history is not None
    qtbot.waitUntil(lambda: not history.crashed(), timeout=WAIT)
    assert time.time() - (commands.runs.selected[0].ended or 0) < 3600


def test_the_sign_of_the_past_covers_no_switch(window: MainWindow, qtbot: QtBot) -> None:
    canvas = window.canvas
    canvas.past_sign.show_text("Step 1 of 1,000 · back to live")
    for width in (700, 1440):
        window.resize(width, 800)
        qtbot.waitUntil(lambda width=width: window.width() >= width)
        QApplication.processEvents()
        assert not canvas.past_sign.rect.intersects(canvas.lens_switch.rect)
        assert canvas.viewport().rect().contains(canvas.past_sign.rect)
