"""The examples that are there to be looked at: open at once, and Train says why it cannot begin."""

from __future__ import annotations

import time

import pytest
from pytestqt.qtbot import QtBot

from engine.project.examples import STRUCTURES, find
from gui.window import MainWindow

WAIT = 30_000


@pytest.mark.parametrize("name", STRUCTURES)
def test_a_structure_opens_at_once_and_says_why_it_cannot_be_trained(
    name: str, window: MainWindow, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.editor.shapes_changed, timeout=WAIT):
        started = time.process_time()
        window.documents.load(find(name))
        assert time.process_time() - started < 1
    qtbot.waitUntil(lambda: bool(window.editor.report.problems), timeout=WAIT)
    train = window.commands["train"]
    qtbot.waitUntil(lambda: not train.isEnabled(), timeout=WAIT)
    assert "MNIST digits" in train.toolTip()
    window.training.train()  # as if the report came a moment too late
    qtbot.waitUntil(lambda: "MNIST digits" in window.message_bar.text(), timeout=WAIT)
    assert window.engine.state == "idle" and not window.isHidden()
    assert window.editor.undo_stack.count() == 0
