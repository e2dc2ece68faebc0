"""The window attached to a real `main.py train --serve` in another process."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from engine.project.project_file import write
from engine.remote.address import Address, link, parse_link
from gui.attach.dialog import AttachDialog
from gui.window import MainWindow
from tests.engine.remote.served import TOKEN as SERVED_TOKEN
from tests.engine.remote.served import Served
from tests.gui.test_window import answer, load, small_project
from tests.networks import points_project

ROOT = Path(__file__).parents[2]
WAIT = 40_000
TOKEN = "a-token-for-tests"


class Run:
    """`main.py train FILE --serve`, and what it printed."""

    def __init__(self, file: Path, *arguments: str) -> None:
        command = [sys.executable, str(ROOT / "main.py"), "train", str(file), "--json", *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        assert line.startswith("serving: "), line
        self.link = line.removeprefix("serving: ").strip()
        self.lines: list[str] = []
        self._threads = [
            Thread(target=self._read, args=(stream,))
            for stream in (self.process.stdout, self.process.stderr)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def address(self) -> Address:
        return parse_link(self.link)[0]

    def epochs(self) -> list[dict]:
        """After the end: the lines of JSON, one an epoch."""
        self.wait()
        found = [json.loads(line) for line in self.lines if line.startswith("{")]
        return [line for line in found if line["event"] == "epoch"]

    def wait(self) -> int:
        status = self.process.wait(WAIT / 1000)
        for thread in self._threads:
            thread.join()
        return status

    def end(self, number: int = signal.SIGKILL) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.wait()

    def _read(self, stream) -> None:  # type: ignore[no-untyped-def]
        self.lines.extend(stream)


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    """Those that a test adds are gone at its end."""
    started: list[Run] = []
    yield started
    for run in started:
        run.end()


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    path = tmp_path / "long.backlit"
    write(path, points_project(epochs=100_000), {})
    return path


def ask(window: MainWindow, qtbot: QtBot) -> AttachDialog:
    window.commands["attach"].trigger()
    qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), AttachDialog))
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, AttachDialog)
    return dialog


def paste(dialog: AttachDialog, link: str) -> None:
    QApplication.clipboard().setText(link)
    dialog.address.clear()
    dialog.address.paste()


def attach(window: MainWindow, link: str, qtbot: QtBot) -> None:
    dialog = ask(window, qtbot)
    paste(dialog, link)
    QTest.mouseClick(dialog.attach_button, Qt.MouseButton.LeftButton)
    commands = window.tools.attach_commands
    qtbot.waitUntil(lambda: commands.is_attached and commands._dialog is None, timeout=WAIT)


def recorder_of(window: MainWindow):  # type: ignore[no-untyped-def]
    recorder = window.panels["loss"].recorder
    assert recorder is not None
    return recorder


def test_the_curves_are_those_that_the_run_prints(
    window: MainWindow, qtbot: QtBot, runs: list[Run]
) -> None:
    run = Run(Path("xor"), "--serve", "127.0.0.1:0", "--epochs", "200")
    runs.append(run)
    attach(window, run.link, qtbot)
    commands = window.tools.attach_commands
    assert commands.bar.isVisible()
    assert len(window.editor.network.nodes) > 3
    assert window.documents.path is None
    assert not window.documents.changed
    qtbot.waitUntil(lambda: commands.run.link == "ended", timeout=WAIT)
    assert "ended" in commands.bar.text()
    printed = run.epochs()
    assert run.wait() == 0
    recorder = recorder_of(window)
    assert [row.epoch for row in recorder.validations] == [line["epoch"] for line in printed]
    for row, line in zip(recorder.validations, printed, strict=True):
        assert row.train["loss"] == line["train_loss"]
        assert row.validation["loss"] == line["val_loss"]
        assert row.validation["accuracy"] == line["val_accuracy"]
    losses = recorder.scalars["loss"].view()
    assert losses.steps.tolist() == list(range(1, recorder.steps_per_epoch * 200 + 1))
    last = losses.last[-recorder.steps_per_epoch :].mean()
    assert last == pytest.approx(printed[-1]["train_loss"], rel=1e-5)
    assert window.panels["loss"].state == "content"
    assert window.status._state.text()
    # What it left stays, also when the window leaves it.
    window.commands["detach"].trigger()
    assert not commands.bar.isVisible()
    assert window.panels["loss"].recorder is recorder
    qtbot.waitUntil(window.commands["train"].isEnabled, timeout=WAIT)


def test_frames_come_alive_on_canvas_and_panels(
    window: MainWindow, qtbot: QtBot, runs: list[Run], long_file: Path
) -> None:
    run = Run(long_file, "--serve", "--token", TOKEN)
    runs.append(run)
    assert run.link.endswith("#" + TOKEN)
    attach(window, run.link, qtbot)
    recorder = recorder_of(window)
    qtbot.waitUntil(lambda: len(recorder.gradient_steps) > 5, timeout=WAIT)
    window.editor.select(frozenset({"linear-1"}))
    gradients = window.panels["gradients"]
    qtbot.waitUntil(lambda: gradients._held is not None, timeout=WAIT)
    assert gradients._held.node == "linear-1"
    qtbot.waitUntil(lambda: "linear-2" in window.canvas.scene()._thumbnails, timeout=WAIT)
    assert window.engine.state == "idle"
    commands = ("train", "step", "pause", "stop", "reset")
    qtbot.waitUntil(lambda: not any(window.commands[name].isEnabled() for name in commands))
    assert "--control" in window.commands["pause"].toolTip()
    # Opening something else leaves the run alone.
    window.documents.new()
    assert not window.tools.attach_commands.is_attached
    assert window.panels["loss"].recorder is None
    assert run.process.poll() is None


def test_a_run_that_allows_it_is_paused_stepped_and_stopped(
    window: MainWindow, qtbot: QtBot, runs: list[Run], long_file: Path
) -> None:
    run = Run(long_file, "--serve", "--control")
    runs.append(run)
    attach(window, run.link, qtbot)
    attached = window.tools.attach_commands.run
    qtbot.waitUntil(lambda: attached.progress.step > 20, timeout=WAIT)
    window.commands["pause"].trigger()
    qtbot.waitUntil(lambda: attached.state == "paused", timeout=WAIT)
    qtbot.waitUntil(window.commands["step"].isEnabled)
    step = attached.progress.step
    window.commands["step"].trigger()
    qtbot.waitUntil(lambda: attached.progress.step == step + 1, timeout=WAIT)
    qtbot.waitUntil(window.commands["train"].isEnabled, timeout=WAIT)
    window.commands["train"].trigger()
    qtbot.waitUntil(lambda: attached.progress.step > step + 20, timeout=WAIT)
    window.commands["stop"].trigger()
    qtbot.waitUntil(lambda: attached.link == "ended", timeout=WAIT)
    assert run.wait() == 0


def test_a_killed_run_is_reported_and_found_again_when_it_is_back(
    window: MainWindow, qtbot: QtBot, runs: list[Run], long_file: Path
) -> None:
    run = Run(long_file, "--serve", "--token", TOKEN)
    runs.append(run)
    attach(window, run.link, qtbot)
    commands = window.tools.attach_commands
    first = recorder_of(window)
    qtbot.waitUntil(lambda: first.newest_step > 100, timeout=WAIT)
    run.end(signal.SIGKILL)
    qtbot.waitUntil(lambda: commands.run.link == "lost", timeout=WAIT)
    qtbot.waitUntil(lambda: "Trying again" in commands.bar.text())
    # The window lives, and shows what it has.
    window.editor.select(frozenset({"linear-2"}))
    assert window.panels["loss"].recorder is first
    runs.append(Run(long_file, "--serve", str(run.address.port), "--token", TOKEN))
    QTest.mouseClick(commands.bar.try_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: commands.run.link == "connected", timeout=WAIT)
    qtbot.waitUntil(lambda: window.panels["loss"].recorder is not first, timeout=WAIT)
    second = recorder_of(window)
    qtbot.waitUntil(lambda: second.newest_step > 20, timeout=WAIT)
    assert "Attached" in commands.bar.text()


def test_what_goes_wrong_is_said_in_the_dialog(
    window: MainWindow, qtbot: QtBot, runs: list[Run], long_file: Path
) -> None:
    run = Run(long_file, "--serve", "--token", TOKEN)
    runs.append(run)
    QApplication.clipboard().setText("something else")
    dialog = ask(window, qtbot)
    assert not dialog.attach_button.isEnabled()
    QTest.keyClicks(dialog.address, str(run.address))
    QTest.keyClicks(dialog.token, "short")
    assert "whole token" in dialog.said.text()
    QTest.keyClicks(dialog.token, "-but-wrong")
    QTest.mouseClick(dialog.attach_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "does not accept" in dialog.said.text(), timeout=WAIT)
    run.end()
    QTest.mouseClick(dialog.attach_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Nothing answers" in dialog.said.text(), timeout=WAIT)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.tools.attach_commands.run is None)
    assert not window.commands["detach"].isEnabled()
    assert window.commands["detach"].toolTip().endswith("no run.")


def test_unsaved_changes_are_asked_for_first(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    load(window, small_project(tmp_path / "a.backlit"), qtbot)
    window.editor.set_recipe("Epochs", epochs=3)
    asked = answer(QMessageBox.StandardButton.Cancel)
    window.commands["attach"].trigger()
    assert len(asked) == 1
    assert window.tools.attach_commands.run is None


def test_a_run_that_fails_elsewhere_is_shown_at_its_node(window: MainWindow, qtbot: QtBot) -> None:
    with Served(points_project(epochs=100_000)) as served:
        attach(window, link(served.address, SERVED_TOKEN), qtbot)
        served.failure = ("<b>The loss</b> became nan.", "linear-1")
        qtbot.waitUntil(window.message_bar.isVisible, timeout=WAIT)
        assert window.message_bar.text() == "<b>The loss</b> became nan."
        assert window.tools.attach_commands.run.link == "ended"
    assert "ended" in window.tools.attach_commands.bar.text()


def test_closing_the_window_leaves_the_run_alone(
    window: MainWindow, qtbot: QtBot, runs: list[Run], long_file: Path
) -> None:
    run = Run(long_file, "--serve", "--token", TOKEN)
    runs.append(run)
    attach(window, run.link, qtbot)
    attached = window.tools.attach_commands.run
    window.close()
    assert attached.isFinished()
    assert run.process.poll() is None
