"""Hands for a chooser: the one that is open, what it shows, keys into it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from gui.choosing.chooser import Chooser
from gui.choosing.rows import Choice


def open_chooser(window: QWidget) -> Chooser | None:
    """None when there is none; never more than one."""
    found = [chooser for chooser in window.findChildren(Chooser) if not chooser.isHidden()]
    assert len(found) <= 1
    return found[0] if found else None


def the_chooser(window: QWidget) -> Chooser:
    chooser = open_chooser(window)
    assert chooser is not None
    return chooser


def rows(chooser: Chooser) -> list[Choice | str]:
    """Choices, and titles as text."""
    model = chooser.rows
    role = Qt.ItemDataRole.UserRole
    return [model.index(row, 0).data(role) for row in range(model.rowCount())]


def titles(chooser: Chooser) -> list[str]:
    return [row.title for row in rows(chooser) if isinstance(row, Choice)]


def key(chooser: Chooser, *keys: Qt.Key) -> None:
    for each in keys:
        QTest.keyClick(chooser.search, each)


def type_and_enter(window: QWidget, text: str) -> None:
    chooser = the_chooser(window)
    QTest.keyClicks(chooser.search, text)
    key(chooser, Qt.Key.Key_Return)


def click_row(chooser: Chooser, title: str) -> None:
    row = [each.title if isinstance(each, Choice) else each for each in rows(chooser)].index(title)
    place: QPoint = chooser.list.visualRect(chooser.rows.index(row, 0)).center()
    QTest.mouseClick(chooser.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
