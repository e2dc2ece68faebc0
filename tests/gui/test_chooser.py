"""The popup that layers, nodes and commands are chosen in."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.choosing.chooser import Chooser
from gui.choosing.matching import score
from gui.choosing.rows import MOST_ROWS, Choice, found
from gui.theme import appearance
from tests.gui.choosing import click_row, key, open_chooser, rows, titles

PLACE = QPoint(40, 40)
FRUIT = (
    Choice("a", "Apple", about="Round", group="Trees", effect="Takes the apple."),
    Choice("b", "Banana", group="Herbs", reason="Not ripe.", words="yellow"),
    Choice("c", "Cherry Tomato", detail="Ctrl+T", group="Herbs"),
)


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(800, 600)
    layout = QVBoxLayout(window)
    button = QPushButton("Elsewhere")
    layout.addWidget(button)
    window.show()
    qtbot.waitExposed(window)
    QApplication.setActiveWindow(window)
    button.setFocus()
    return window


def opened(window: QWidget, choices: tuple[Choice, ...] = FRUIT, at: QPoint = PLACE) -> Chooser:
    chooser = Chooser(window, choices, "Search fruit", "No fruit like “{text}”.")
    chooser.open_at(at)
    return chooser


def test_groups_have_titles_and_typing_ranks_the_rest(window: QWidget) -> None:
    chooser = opened(window)
    shown = [row if isinstance(row, str) else row.title for row in rows(chooser)]
    assert shown == ["Trees", "Apple", "Herbs", "Banana", "Cherry Tomato"]
    assert chooser.search.hasFocus() and chooser.current is FRUIT[0]
    assert chooser.effect.text() == "Takes the apple."
    QTest.keyClicks(chooser.search, "to ch")
    assert titles(chooser) == ["Cherry Tomato"]
    chooser.search.setText("yellow")
    assert titles(chooser) == ["Banana"]


def test_keys_walk_over_titles_around_the_ends_and_choose(window: QWidget, qtbot: QtBot) -> None:
    chooser = opened(window)
    key(chooser, Qt.Key.Key_Up)
    assert chooser.current is FRUIT[2]
    key(chooser, Qt.Key.Key_Down, Qt.Key.Key_Tab)
    assert chooser.current is FRUIT[1]
    key(chooser, Qt.Key.Key_Return)
    assert open_chooser(window) is chooser  # it cannot be chosen, and says why
    key(chooser, Qt.Key.Key_PageDown)
    assert chooser.current is FRUIT[2]
    key(chooser, Qt.Key.Key_PageUp)
    with qtbot.waitSignal(chooser.chosen) as chosen:
        key(chooser, Qt.Key.Key_Return)
    assert chosen.args == ["a"] and open_chooser(window) is None
    assert window.findChild(QPushButton).hasFocus()


def test_a_click_chooses_and_one_beside_it_leaves(window: QWidget, qtbot: QtBot) -> None:
    chooser = opened(window)
    with qtbot.waitSignal(chooser.chosen) as chosen:
        click_row(chooser, "Cherry Tomato")
    assert chosen.args == ["c"]
    chooser = opened(window)
    click_row(chooser, "Banana")
    click_row(chooser, "Herbs")
    assert open_chooser(window) is chooser
    with qtbot.waitSignal(chooser.left):
        QTest.mouseClick(chooser, Qt.MouseButton.LeftButton, pos=QPoint(790, 590))
    assert open_chooser(window) is None


def test_escape_focus_elsewhere_and_another_chooser_leave(window: QWidget, qtbot: QtBot) -> None:
    chooser = opened(window)
    with qtbot.waitSignal(chooser.left):
        key(chooser, Qt.Key.Key_Escape)
    assert window.findChild(QPushButton).hasFocus()
    chooser = opened(window)
    with qtbot.waitSignal(chooser.left):
        window.findChild(QPushButton).setFocus()
    first = opened(window)
    with qtbot.waitSignal(first.left):
        second = opened(window)
    assert open_chooser(window) is second


def test_without_a_match_it_says_so_as_plain_text(window: QWidget) -> None:
    chooser = opened(window)
    QTest.keyClicks(chooser.search, "<b>x")
    assert chooser.nothing.isVisible() and not chooser.list.isVisible()
    assert chooser.nothing.text() == "No fruit like “<b>x”."
    key(chooser, Qt.Key.Key_Return, Qt.Key.Key_Down)
    assert open_chooser(window) is chooser


@pytest.mark.parametrize("at", [QPoint(-50, -50), QPoint(790, 590), QPoint(400, 300)])
def test_it_lies_inside_the_window_also_when_that_shrinks(window: QWidget, at: QPoint) -> None:
    many = tuple(Choice(number, f"Fruit {number}", about="Sweet") for number in range(60))
    chooser = opened(window, many, at)
    frame = chooser.search.parentWidget()
    assert window.rect().contains(frame.geometry())
    window.resize(320, 240)
    QApplication.processEvents()
    assert window.rect().contains(frame.geometry())
    assert chooser.list.height() > 60


def test_a_long_list_says_how_much_it_leaves_out(window: QWidget) -> None:
    many = tuple(Choice(number, f"Fruit {number}") for number in range(MOST_ROWS + 50))
    chooser = opened(window, many)
    assert rows(chooser)[-1] == "50 more: type to find them"
    QTest.keyClicks(chooser.search, str(MOST_ROWS + 49))
    assert titles(chooser) == [f"Fruit {MOST_ROWS + 49}"]


def test_rows_are_read_out_with_what_stands_beside_them(window: QWidget) -> None:
    chooser = opened(window)
    role = Qt.ItemDataRole.AccessibleTextRole
    read = [chooser.rows.index(row, 0).data(role) for row in (1, 3, 4)]
    assert read == ["Apple, Round", "Banana, Not ripe.", "Cherry Tomato, Ctrl+T"]
    assert chooser.search.accessibleName() == chooser.list.accessibleName() == "Search fruit"


def test_both_themes_draw_without_complaint(window: QWidget, caplog: pytest.LogCaptureFixture) -> None:
    opened(window)
    for theme in ("dark", "light"):
        appearance.use(theme)
        window.grab()
    assert not caplog.records


@pytest.mark.parametrize(
    ("typed", "title", "better"),
    [
        ("lin", "Linear", "Align Left"),
        ("fs", "Fit Selection", "Offset"),
        ("pool", "MaxPool2d", "Spool"),
        ("sel", "Fit Selection", "Isel"),
        ("zmin", "Zoom In", None),
    ],
)
def test_a_title_that_begins_with_the_word_wins(typed: str, title: str, better: str | None) -> None:
    best, other = score(typed, title), None if better is None else score(typed, better)
    assert best is not None and (other is None or best < other)


def test_every_word_must_match_and_what_cannot_be_chosen_comes_last() -> None:
    assert score("fit nonsense", "Fit Selection") is None
    assert score("xy", "Xenial Gray") is None  # two scattered letters are chance
    possible, impossible = Choice(1, "Save As"), Choice(2, "Save", reason="No.")
    assert found((impossible, possible), "save") == [possible, impossible]
