"""Traps of Qt and PySide that once ended the process."""

from __future__ import annotations

import sys

import numpy as np
import pyqtgraph
from PySide6.QtWidgets import QGraphicsRectItem
from pytestqt.qtbot import QtBot

from gui.guard import guarded


def test_calls_that_return_nothing_keep_the_references_to_none(qtbot: QtBot) -> None:
    """PySide6 6.12.0 on Python 3.11 loses one at nearly every call, until the process aborts."""
    item = QGraphicsRectItem()
    plot = pyqtgraph.PlotWidget()
    qtbot.addWidget(plot)
    curve = plot.plot(np.arange(100.0))
    plot.show()
    before = sys.getrefcount(None)
    for place in range(500):
        item.setPos(place, place)
    for count in range(300):
        curve.setData(np.full(100, float(count)))
        plot.repaint()
    assert sys.getrefcount(None) > before - 100


def test_a_guarded_override_logs_once_and_gives_its_default(caplog) -> None:  # type: ignore[no-untyped-def]
    class Broken:
        @guarded(7)
        def boundingRect(self) -> int:
            raise ValueError("no")

    assert Broken().boundingRect() == 7
    assert Broken().boundingRect() == 7
    assert caplog.text.count("Traceback") == 1
