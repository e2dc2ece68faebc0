"""The recorded step that one looks at, as a line in a plot."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtGui import QPen

from gui.plotting.plots import Plot
from gui.theme import color

_ABOVE_CURVES = 25


class ViewedLine:
    """Out of sight while everything is live."""

    def __init__(self, plot: Plot) -> None:
        self._plot = plot
        self.step: int | None = None
        self._line = pg.InfiniteLine(angle=90, movable=False)
        self._line.setZValue(_ABOVE_CURVES)
        self._line.hide()
        plot.addItem(self._line, ignoreBounds=True)
        self.retint()

    def show_at(self, step: int | None) -> None:
        self.step = step
        self._line.setVisible(step is not None)
        if step is not None:
            self._line.setValue(step)

    def retint(self) -> None:
        pen = QPen(color("warning"), 2 * self._plot.devicePixelRatioF())
        pen.setCosmetic(True)
        self._line.setPen(pen)
