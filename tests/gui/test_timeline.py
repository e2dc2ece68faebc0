"""The timeline as one uses it: dragged, turned with wheel and keys, played."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from gui.settings import Settings
from gui.theme import appearance
from gui.timeline.scale import Scale, short
from gui.timeline.signs import signs_of
from gui.timeline.timeline import Timeline
from gui.timeline.track import Track
from tests.gui.looking_back import STATES, STEPS, Past, recorder
from tests.pictures import assert_looks_like

LEFT = Qt.MouseButton.LeftButton
BACK, ON = 120, -120


@pytest.fixture
def past() -> Past:
    return Past()


@pytest.fixture
def timeline(past: Past, qtbot: QtBot) -> Iterator[Timeline]:
    timeline = Timeline(past, Settings())  # type: ignore[arg-type]
    qtbot.addWidget(timeline)
    timeline.resize(800, timeline.sizeHint().height())
    timeline.show()
    qtbot.waitExposed(timeline)
    timeline.start_run(recorder())
    past.record(*STATES)
    yield timeline
    appearance.use("light")


def place_of(track: Track, step: int) -> QPoint:
    return QPoint(round(track.x_of(step)), track.height() // 2)


def drag(track: Track, *steps: int) -> None:
    """From the first of these steps over the others; the button stays down."""
    QTest.mousePress(track, LEFT, pos=place_of(track, steps[0]))
    for step in steps[1:]:
        QTest.mouseMove(track, place_of(track, step))
        QApplication.processEvents()


def release(track: Track) -> None:
    QTest.mouseRelease(track, LEFT, pos=place_of(track, track.step))


def turn(track: Track, notches: int) -> None:
    middle = QPointF(track.rect().center())
    event = QWheelEvent(
        middle,
        track.mapToGlobal(middle),
        QPoint(),
        QPoint(0, notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(track, event)


# Scale


@pytest.mark.parametrize("linear", [False, True])
def test_places_and_steps_belong_together(linear: bool) -> None:
    scale = Scale(5000, 10, 810, linear)
    assert scale.x(0) == 10
    assert scale.x(5000) == 810
    for step in (1, 17, 400, 4999):
        assert scale.step(scale.x(step)) == pytest.approx(step)
    steps = np.array([0, 3, 250])
    np.testing.assert_allclose(scale.xs(steps), [scale.x(step) for step in steps])


def test_the_nearest_state_is_the_one_drawn_nearest() -> None:
    scale = Scale(4096, 0, 1000)
    states = (1, 64, 4096)
    assert scale.nearest(scale.x(400), states) == 1  # in steps 64 is near, in log(step) as well
    assert scale.nearest(scale.x(1000), states) == 2  # 64 is nearer in steps, 4096 on the screen
    assert scale.nearest(0, ()) is None


def test_numbers_below_the_scale() -> None:
    assert [short(step) for step in (0, 10, 1000, 20_000, 2_500_000)] == [
        "0",
        "10",
        "1k",
        "20k",
        "2.5M",
    ]
    assert Scale(3400, 0, 1).labelled() == [0, 1000, 100, 10, 1]
    assert Scale(3400, 0, 1, linear=True).labelled() == [0, 1000, 2000, 3000]


# The handle


def test_dragging_shows_the_recorded_steps_under_the_mouse(timeline: Timeline, past: Past) -> None:
    track = timeline.track
    drag(track, 8, 60, 500)
    assert past.asked == [8, 64, 512]
    assert timeline.viewed == 512
    assert timeline.where.text() == "512 / 3,400"
    release(track)
    assert track.accessibleDescription() == "Step 512 of 3,400"


def test_the_right_end_is_the_present(timeline: Timeline, past: Past) -> None:
    drag(timeline.track, 512, 3400)
    release(timeline.track)
    assert timeline.viewed is None
    assert past.asked == [512, None]
    assert timeline.live_button.isChecked()


def test_only_the_newest_wish_is_sent_to_a_slow_engine(timeline: Timeline, past: Past) -> None:
    past.slow = True
    drag(timeline.track, 1, 8, 64, 512, 256)
    assert past.asked == [1]
    assert timeline.track.step == 256  # the handle does not wait
    past.answer()
    assert past.asked == [1, 256]
    past.answer()
    release(timeline.track)
    assert past.asked == [1, 256]
    assert timeline.viewed == 256


def test_an_engine_that_never_answers_is_not_waited_for(
    timeline: Timeline, past: Past, qtbot: QtBot
) -> None:
    past.slow = True
    timeline.seeker._patience.setInterval(10)
    QTest.mouseClick(timeline.track, LEFT, pos=place_of(timeline.track, 64))
    qtbot.waitUntil(lambda: timeline.viewed is None)
    QTest.mouseClick(timeline.track, LEFT, pos=place_of(timeline.track, 64))
    past.not_kept.emit(None)  # it says that the state is gone
    assert timeline.viewed is None
    past.slow = False
    QTest.mouseClick(timeline.track, LEFT, pos=place_of(timeline.track, 8))
    assert timeline.viewed == 8


def test_keys_go_from_state_to_state(timeline: Timeline, past: Past) -> None:
    track = timeline.track
    keys = Qt.Key
    for key in (keys.Key_Home, keys.Key_Right, keys.Key_Right, keys.Key_Left, keys.Key_PageUp):
        QTest.keyClick(track, key)
    assert past.asked == [1, 2, 4, 2, 512]
    QTest.keyClick(track, keys.Key_End)
    assert past.asked[-1] is None


def test_the_wheel_goes_one_state_a_notch(timeline: Timeline, past: Past) -> None:
    turn(timeline.track, BACK)
    turn(timeline.track, BACK)
    turn(timeline.track, ON)
    assert past.asked == [3072, 2600, 3072]


def test_the_handle_stays_with_its_step_while_states_come_and_go(
    timeline: Timeline, past: Past
) -> None:
    QTest.mouseClick(timeline.track, LEFT, pos=place_of(timeline.track, 64))
    past.record(*(step for step in STATES if step not in (2, 8)), 3300)
    assert timeline.viewed == 64
    assert past.asked == [64]
    QTest.mouseClick(timeline.live_button, LEFT)
    past.record(*STATES, 3350)
    assert timeline.viewed is None


def test_it_follows_an_engine_that_returns_by_itself(timeline: Timeline, past: Past) -> None:
    QTest.mouseClick(timeline.track, LEFT, pos=place_of(timeline.track, 64))
    past.viewed = None
    past.viewed_changed.emit(None)
    assert timeline.viewed is None
    assert timeline.live_button.isChecked()


def test_a_screen_reader_finds_a_slider(timeline: Timeline) -> None:
    interface = QAccessible.queryAccessibleInterface(timeline.track)
    assert interface.role() == QAccessible.Role.Slider
    for button in (timeline.play_button, timeline.speed_button, timeline.menu_button):
        assert button.accessibleName()


# Playing


def test_playing_walks_through_all_states_and_ends_live(
    timeline: Timeline, past: Past, qtbot: QtBot
) -> None:
    timeline.player.set_speed(100.0)
    with qtbot.waitSignal(timeline.player.changed, check_params_cb=lambda on: not on):
        QTest.mouseClick(timeline.play_button, LEFT)
    assert past.asked == [*STATES, None]


def test_playing_shows_every_state_however_slow_the_engine(
    timeline: Timeline, past: Past, qtbot: QtBot
) -> None:
    past.slow = True
    timeline.player.set_speed(100.0)
    timeline.player.play()
    with (
        qtbot.waitSignal(timeline.player._timer.timeout),
        qtbot.waitSignal(timeline.player._timer.timeout),
    ):
        pass
    assert past.asked == [1]
    past.answer()
    qtbot.waitUntil(lambda: past.asked == [1, 2])
    timeline.player.stop()


def test_a_press_on_the_track_stops_playing(timeline: Timeline) -> None:
    QTest.keyClick(timeline.track, Qt.Key.Key_Space)
    assert timeline.player.playing
    assert timeline.play_button.accessibleName() == "Hold here"
    QTest.mouseClick(timeline.track, LEFT, pos=place_of(timeline.track, 64))
    assert not timeline.player.playing


def test_the_speed_is_chosen(timeline: Timeline) -> None:
    menu = timeline.speed_button.menu()
    next(action for action in menu.actions() if action.text() == "4×").trigger()
    assert timeline.player._timer.interval() == 100
    assert timeline.speed_button.text() == "4×"


# What it says


def test_signs_of_what_happened(timeline: Timeline) -> None:
    track = timeline.track
    track.refresh()
    assert [(sign.step, sign.kind) for sign in track.signs] == [
        (300, "resumed"),
        (900, "change"),
        (2400, "best"),
    ]
    words = track.help_at(QPointF(track.x_of(900), 6))
    assert words == "step 900: learning_rate 0.00100 → 0.000300"
    assert "arrow keys" in track.help_at(QPointF(track.x_of(20), 6))


def test_of_the_best_steps_only_the_last_is_drawn() -> None:
    from engine.telemetry.recorder import Mark

    marks = [Mark(step, "best") for step in (100, 200, 300)]
    assert [sign.step for sign in signs_of([*marks, Mark(50, "checkpoint")])] == [300]


def test_the_disk_budget_is_chosen_and_remembered(timeline: Timeline, past: Past) -> None:
    assert timeline.usage.text() == "14 states, 6 MiB of 500 MiB"
    assert past.state_bytes == 500 * 2**20
    budgets = timeline.menu_button.menu().actions()[0].menu()
    next(action for action in budgets.actions() if action.data() == 2000).trigger()
    assert timeline.usage.text() == "14 states, 6 MiB of 2 GiB"
    assert past.state_bytes == 2000 * 2**20
    assert Settings().preferences.states_mib == 2000


def test_it_gives_way_where_it_is_narrow(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.resize(320, timeline.height())
    qtbot.waitUntil(lambda: timeline.width() == 320)
    QApplication.processEvents()
    assert timeline.track.width() >= 96
    assert not timeline.usage.isVisible()


def test_an_empty_run_is_harmless(qtbot: QtBot, past: Past) -> None:
    timeline = Timeline(past, Settings())  # type: ignore[arg-type]
    qtbot.addWidget(timeline)
    timeline.show()
    QTest.mouseClick(timeline.track, LEFT)
    QTest.keyClick(timeline.track, Qt.Key.Key_Home)
    turn(timeline.track, BACK)
    timeline.player.play()
    assert not timeline.player.playing
    assert past.asked == []
    assert not timeline.has_states


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_picture(timeline: Timeline, past: Past, theme: str) -> None:
    appearance.use(theme)
    QTest.mouseClick(timeline.track, LEFT, pos=place_of(timeline.track, 512))
    assert timeline.track.newest == STEPS
    assert_looks_like(timeline, f"timeline-{theme}")
