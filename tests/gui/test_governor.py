"""The redraw budget: what a redraw costs decides when the next one is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.telemetry.frame import Frame, Watch
from engine.telemetry.mailbox import Mailbox
from gui.governor import LONGEST, SHORTEST, Governor
from gui.plotting.plots import Style, make_plot


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Sink:
    """Takes `cost` seconds of the clock to show a frame."""

    def __init__(self, clock: Clock, cost: float, node: str | None = None) -> None:
        self.clock, self.cost, self.node = clock, cost, node
        self.visible = True
        self.shown: list[int] = []

    def is_visible(self) -> bool:
        return self.visible

    def show_frame(self, frame: Frame) -> None:
        self.clock.now += self.cost
        self.shown.append(frame.step)

    def want(self, watch: Watch) -> Watch:
        return (
            replace(watch, gradients=True) if self.node is None else replace(watch, maps_node=self.node)
        )


def deliver(mailbox: Mailbox, governor: Governor, step: int) -> None:
    mailbox.put(Frame(1, step, 1))
    governor.frame_ready()


@pytest.mark.parametrize(
    ("cost", "pause"),
    [
        (0.004, 0.046),  # 4 ms of every 50
        (0.010, 0.115),
        (0.0001, SHORTEST),
        (0.100, LONGEST),  # 5 Hz, even where that breaks the budget
    ],
)
def test_redraws_use_their_share_of_time(qtbot: QtBot, cost: float, pause: float) -> None:
    mailbox, clock = Mailbox(), Clock()
    governor = Governor(mailbox, [Sink(clock, cost / 2), Sink(clock, cost / 2)], clock=clock)
    deliver(mailbox, governor, 1)
    assert governor.cost == pytest.approx(cost)
    assert governor.pause == pytest.approx(pause)


def test_the_next_frame_is_asked_for_after_the_pause(qtbot: QtBot) -> None:
    mailbox, clock = Mailbox(), Clock()
    governor = Governor(mailbox, [Sink(clock, 0.002)], clock=clock)
    assert mailbox.wanted  # the first one at once
    deliver(mailbox, governor, 1)
    assert not mailbox.wanted
    qtbot.waitUntil(lambda: mailbox.wanted)


def test_the_newest_frame_wins(qtbot: QtBot) -> None:
    mailbox, clock = Mailbox(), Clock()
    sink = Sink(clock, 0.001)
    governor = Governor(mailbox, [sink], clock=clock)
    mailbox.put(Frame(1, 1, 1))
    deliver(mailbox, governor, 2)
    governor.frame_ready()  # the place is empty: nothing happens
    assert sink.shown == [2]


def test_what_is_hidden_costs_nothing(qtbot: QtBot) -> None:
    mailbox, clock = Mailbox(), Clock()
    sink = Sink(clock, 0.005)
    sink.visible = False
    governor = Governor(mailbox, [sink], clock=clock)
    deliver(mailbox, governor, 1)
    assert sink.shown == []
    assert governor.cost == 0
    assert not mailbox.wanted
    assert not governor._timer.isActive()
    sink.visible = True
    governor.wishes_changed()
    assert mailbox.wanted
    assert sink.shown == [1]  # it opens with what there is


def test_wishes_of_visible_sinks_are_merged_and_told_once(qtbot: QtBot) -> None:
    mailbox, clock = Mailbox(), Clock()
    maps, gradients = Sink(clock, 0, "conv"), Sink(clock, 0)
    told: list[Watch] = []
    governor = Governor(mailbox, [maps, gradients], told.append, clock=clock)
    governor.wishes_changed()
    assert told == [Watch(maps_node="conv", gradients=True)]
    maps.visible = False
    governor.wishes_changed()
    assert told[1:] == [Watch(gradients=True)]


class PaintCounter(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.paints = 0

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        self.paints += event.type() == QEvent.Type.Paint
        return False


class PlotSink(QWidget):
    """A real plot whose painting is what costs."""

    def __init__(self) -> None:
        super().__init__()
        self.plot = make_plot("step", "loss")
        self.plot.setParent(self)
        self.plot.resize(300, 200)
        self.curve = self.plot.add_curve(Style("#0B66C3"))

    def is_visible(self) -> bool:
        return self.isVisible()

    def show_frame(self, frame: Frame) -> None:
        values = np.arange(float(frame.step))
        self.curve.set_points(values, values)
        self.plot.set_window(0, frame.step, 0, frame.step)
        self.plot.redraw()

    def want(self, watch: Watch) -> Watch:
        return watch


def test_painting_is_inside_the_measured_time_and_happens_once(qtbot: QtBot) -> None:
    sink = PlotSink()
    qtbot.addWidget(sink)
    sink.show()
    qtbot.waitExposed(sink)
    mailbox = Mailbox()
    governor = Governor(mailbox, [sink])
    deliver(mailbox, governor, 50)
    QApplication.processEvents()
    counter = PaintCounter()
    sink.plot.viewport().installEventFilter(counter)
    deliver(mailbox, governor, 100)
    assert counter.paints == 1  # already done when frame_ready returns
    for _ in range(5):
        QApplication.processEvents()
    assert counter.paints == 1  # and not again
    assert governor.cost > 0
