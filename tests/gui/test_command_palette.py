"""Every command of the real window, found by typing."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.actions import COMMANDS
from gui.choosing.chooser import Chooser
from gui.choosing.rows import Choice
from gui.commands.command_palette import plain_title
from gui.settings import Settings
from gui.window import MainWindow
from tests.gui.choosing import key, rows, the_chooser, titles, type_and_enter

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


def opened(window: MainWindow) -> Chooser:
    QApplication.setActiveWindow(window)
    QTest.keyClick(window, Qt.Key.Key_P, CONTROL_SHIFT)
    return the_chooser(window)


def choices(chooser: Chooser) -> dict[str, Choice]:
    return {row.key: row for row in rows(chooser) if isinstance(row, Choice)}


def test_it_lists_every_command_runs_one_and_remembers_it(window: MainWindow) -> None:
    chooser = opened(window)
    listed = choices(chooser)
    assert set(listed) == set(COMMANDS) - {"command_palette"}
    assert listed["save_as"].title == "Save As…" and listed["save_as"].detail == "Ctrl+Shift+S"
    assert listed["save"].about == "Save the network with its weights"
    disabled = {name for name in listed if not window.commands[name].isEnabled()}
    assert {name for name in listed if listed[name].reason} == disabled
    assert listed["arrange"].reason == "The network is empty."
    dark = window.commands["theme"].isChecked()
    type_and_enter(window, "dark th")
    assert window.palette().window().color().lightness() < 128
    assert window.commands["theme"].isChecked() == dark
    assert Settings().preferences.recent_commands[0] == "theme"
    chooser = opened(window)
    assert rows(chooser)[0] == "Used last" and titles(chooser)[0] == "Dark Theme"
    assert titles(chooser).count("Dark Theme") == 1
    key(chooser, Qt.Key.Key_Return)
    assert window.palette().window().color().lightness() > 128


def test_words_are_found_in_titles_and_explanations(window: MainWindow) -> None:
    chooser = opened(window)
    for typed, best in (("fit", "Fit"), ("zi", "Zoom In"), ("al ce", "Centers"), ("opn", "Open…")):
        chooser.search.setText(typed)
        assert titles(chooser)[0] == best
    key(chooser, Qt.Key.Key_Escape)


def test_a_title_loses_the_mark_of_its_key_only() -> None:
    assert [plain_title(text) for text in ("&Save", "Save &As…", "A && &B")] == [
        "Save",
        "Save As…",
        "A & B",
    ]
