"""A thousand seeded random gestures and keys: nothing raises, and undo leads back to the start."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QMenu
from pytestqt.qtbot import QtBot

from engine.network.expand import expand
from engine.network.layers import LAYERS
from engine.project.examples import find
from engine.project.project_file import read
from gui.window import MainWindow
from tests.gui.drive import LEFT, NONE, drag, drop_layer

GESTURES = 1_000
#: Commands that ask for a file, leave the window, or run for long.
OUTSIDE = frozenset(
    {"new", "open", "save", "save_as", "quit", "export_diagram", "train", "step", "about", "shortcuts"}
    | {"attach", "continue_from"}
)
KEYS = (
    *(Qt.Key.Key_Delete, Qt.Key.Key_Backspace, Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Tab),
    *(Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Space),
    *(Qt.Key.Key_A, Qt.Key.Key_C, Qt.Key.Key_V, Qt.Key.Key_X, Qt.Key.Key_Z, Qt.Key.Key_D),
    *(Qt.Key.Key_F2, Qt.Key.Key_Plus, Qt.Key.Key_Minus, Qt.Key.Key_Home, Qt.Key.Key_PageDown),
)
MODIFIERS = (
    NONE,
    NONE,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


class Hands:
    """Chooses what to do next, and does it with real events."""

    def __init__(self, window: MainWindow, seed: int) -> None:
        self._window = window
        self._canvas = window.canvas
        self._chance = random.Random(seed)
        self._commands = sorted({action.objectName() for action in window.actions()} - OUTSIDE - {""})

    def act(self) -> None:
        choices: tuple[tuple[Callable[[], None], int], ...] = (
            (self._drag, 8),
            (self._click, 6),
            (self._key, 6),
            (self._command, 5),
            (self._drop, 3),
            (self._wheel, 2),
            (self._double_click, 1),
            (self._parameter, 2),
        )
        what = self._chance.choices([act for act, _ in choices], [often for _, often in choices])[0]
        what()
        self._leave_popups()

    def _place(self) -> QPoint:
        """Anywhere, but rather on something."""
        viewport = self._canvas.viewport()
        items = list(self._canvas.scene().node_items())
        if items and self._chance.random() < 0.75:
            item = self._chance.choice(items)
            if item.ports and self._chance.random() < 0.4:
                return self._canvas.mapFromScene(item.anchor(self._chance.choice(item.ports)))
            away = QPointF(self._chance.uniform(0, 1), self._chance.uniform(0, 1))
            card = item.scene_card
            spot = QPointF(card.x() + away.x() * card.width(), card.y() + away.y() * card.height())
            return self._canvas.mapFromScene(spot)
        width, height = viewport.width(), viewport.height()
        return QPoint(self._chance.randrange(width), self._chance.randrange(height))

    def _modifiers(self) -> Qt.KeyboardModifier:
        return self._chance.choice(MODIFIERS)

    def _drag(self) -> None:
        drag(self._canvas, self._place(), self._place(), self._modifiers())

    def _click(self) -> None:
        QTest.mouseClick(self._canvas.viewport(), LEFT, self._modifiers(), self._place())

    def _double_click(self) -> None:
        QTest.mouseDClick(self._canvas.viewport(), LEFT, NONE, self._place())

    def _key(self) -> None:
        QTest.keyClick(self._canvas, self._chance.choice(KEYS), self._modifiers())

    def _command(self) -> None:
        self._window.commands[self._chance.choice(self._commands)].trigger()

    def _drop(self) -> None:
        drop_layer(self._canvas, self._chance.choice(list(LAYERS)), self._place())

    def _wheel(self) -> None:
        place = QPointF(self._place())
        turn = QPoint(0, self._chance.choice((-240, -120, 120, 240)))
        buttons, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(place, place, QPoint(), turn, buttons, self._modifiers(), phase, False)
        QApplication.sendEvent(self._canvas.viewport(), event)

    def _parameter(self) -> None:
        """Another value in a field of the inspector."""
        fields = getattr(self._window.tools.inspector.form, "_fields", {})
        if fields:
            field = self._chance.choice(list(fields.values())).editor
            field.setFocus()
            QTest.keyClicks(field, str(self._chance.randrange(-3, 300)))
            QTest.keyClick(field, Qt.Key.Key_Return)

    def _leave_popups(self) -> None:
        """Menus and dialogs that came up are left with Escape, most of the time."""
        popup = QApplication.activePopupWidget() or QApplication.activeModalWidget()
        if popup is not None and isinstance(popup, QMenu | QDialog):
            popup.close()
        elif popup is not None:
            leave = Qt.Key.Key_Return if self._chance.random() < 0.3 else Qt.Key.Key_Escape
            QTest.keyClick(QApplication.focusWidget() or popup, leave)
            if popup.isVisible():
                popup.close()


@pytest.fixture
def busy_window(window: MainWindow, qtbot: QtBot) -> MainWindow:
    window.resize(1280, 800)
    window.documents.load(find("mnist-cnn"))
    return window


def shown_is_the_network(window: MainWindow) -> bool:
    """The canvas shows what lies on the level and in opened blocks, and nothing else."""
    scene, network = window.canvas.scene(), window.editor.network
    wanted = {key for key in network.nodes if scene.places.shows(key)}
    links = {link for link in network.links if set(link.touches) <= wanted}
    return wanted == {item.node.id for item in scene.node_items()} and links == set(scene.links())


@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_gestures(busy_window: MainWindow, qtbot: QtBot, seed: int) -> None:
    """Exceptions that nobody caught fail the test (pytest-qt)."""
    window = busy_window
    start = read(find("mnist-cnn")).project.network
    hands = Hands(window, seed)
    for number in range(GESTURES // 2):
        hands.act()
        if number % 50 == 0:
            QApplication.processEvents()
            assert shown_is_the_network(window)
            expand(window.editor.network)
    QTest.keyClick(window.canvas, Qt.Key.Key_Escape)
    end = window.editor.network
    stack = window.editor.undo_stack
    done = stack.index()
    assert stack.count() > 50
    stack.setIndex(0)
    assert window.editor.network == start
    assert shown_is_the_network(window)
    stack.setIndex(done)
    assert window.editor.network == end
    assert shown_is_the_network(window)
