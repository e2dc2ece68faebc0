"""Gradients of a run: norm and update per layer over time, and the distribution in one layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QT_TRANSLATE_NOOP
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from engine.messages import shown
from engine.network.model import Network
from engine.telemetry.frame import Frame, Histogram, Watch
from engine.telemetry.recorder import Points, Recorder, Series
from gui.guard import guarded
from gui.panels.panel import Panel
from gui.plotting.chart import Chart, Entry, Legend
from gui.plotting.curves import Smoothed, extent, zigzag
from gui.plotting.measure import aligned
from gui.plotting.parts import Segments
from gui.plotting.plots import Curve, Plot, Style, make_plot, number_text, padded, reach_of
from gui.theme import GRID, appearance, ui_font

Array = NDArray[Any]

HEALTHY_RATIO = 1e-3
SMOOTHING = 0.9
FAINT = 0.22  #: what is left of the colour in the curve of the values themselves
#: px: from this size on all three plots are shown at once.
TALL, WIDE = 520, 760
COMPACT = 40 * GRID
NORMS, HISTOGRAM, RATIO = range(3)


class _Layers:
    """One plot of one quantity over the steps that were watched; each layer has a strong smoothed
    curve on the faint one of its values.

    guide: a value to compare with, and the word for it in the legend."""

    def __init__(self, heading: str, title_x: str, guide: tuple[float, str] | None = None) -> None:
        self.plot: Plot = make_plot(title_x, heading)
        self.plot.set_logarithmic(True)
        self.legend = Legend(heading, clickable=True)
        self.chart = Chart(self.legend, self.plot)
        self.raw: dict[str, Curve] = {}
        self._points: dict[str, Points] = {}
        self._smooth: dict[str, tuple[Curve, Smoothed]] = {}
        self._guide = guide
        if guide is not None:
            self.plot.set_guide(math.log10(guide[0]))

    def set_points(self, values: Mapping[str, Series]) -> None:
        if self.raw.keys() != values.keys():
            self._make_curves(list(values))
        for node, series in values.items():
            points = series.view()
            self._points[node] = points
            self.raw[node].set_points(*zigzag(points))
            curve, average = self._smooth[node]
            averages = average.update(points.mean, points.width, points.newest_width)
            curve.set_points(points.steps, averages)

    def restart(self) -> None:
        """Another run: its averages begin anew."""
        self._make_curves([])
        self.plot.automatic = True

    def _make_curves(self, nodes: list[str]) -> None:
        for curve in [*self.raw.values(), *(curve for curve, _ in self._smooth.values())]:
            self.plot.remove_curve(curve)
        ink = appearance.theme.series[0]
        self.raw = {node: self.plot.add_curve(Style(ink, FAINT)) for node in nodes}
        self._smooth = {node: (self.plot.add_curve(Style(ink)), Smoothed(SMOOTHING)) for node in nodes}

    def highlight(self, node: str | None) -> None:
        """Draw this node's curves strong and the others faint; all alike when it has none."""
        series = appearance.theme.series
        for index, key in enumerate(self.raw):
            ink = series[index % len(series)]
            strong = key == node
            faded = node in self.raw and not strong
            self.raw[key].set_style(Style(ink, 0.15 if faded else 0.4 if strong else FAINT))
            share = 0.5 if faded else 1.0
            self._smooth[key][0].set_style(Style(ink, share, 2.0 if strong else 1.5))

    def say(self, names: Mapping[str, str], strong: str, step: float | None) -> None:
        """The values at a step, or the newest, in the legend."""
        entries = [
            Entry(node, names.get(node, node), curve.style, self._value_text(node, step), "0.0e−0")
            for node, (curve, _) in self._smooth.items()
        ]
        if self._guide is not None:
            healthy = Style(appearance.theme.text)
            entries.append(Entry("guide", self._guide[1], healthy, widest=""))
        self.legend.set_entries(entries, strong)

    def _value_text(self, node: str, step: float | None) -> str:
        """The newest value at or before a step, or the newest of all."""
        points = self._points.get(node)
        if points is None or not len(points):
            return ""
        at = len(points) - 1
        if step is not None:
            at = max(int(np.searchsorted(points.steps, step, side="right")) - 1, 0)
        return _short(float(points.last[at]))

    def redraw(self, strong: str | None) -> None:
        low, high = np.inf, -np.inf
        last = 10.0
        for curve in self.raw.values():
            lowest, highest = extent(curve.y, positive=True)
            low, high = min(low, lowest), max(high, highest)
            last = max(last, float(curve.x[-1])) if len(curve.x) else last
        if self._guide is not None:
            low, high = min(low, self._guide[0] / 3), max(high, self._guide[0] * 3)
        if low <= high:
            self.plot.set_window(0, reach_of(last), *padded(low, high, logarithmic=True))
        self.plot.refresh(last, (strong, len(self.raw)))


class GradientsPanel(Panel):
    """Norms, histogram and update ratio: all at once where there is room, else one of them."""

    name = "gradients"
    title = str(QT_TRANSLATE_NOOP("panels", "Gradients"))
    question = str(
        QT_TRANSLATE_NOOP("panels", "Does every layer get a signal, and are its steps well sized?")
    )
    empty_text = str(
        QT_TRANSLATE_NOOP("panels", "Press Train: the gradient of every layer is drawn here.")
    )
    icon = "gradient"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        step = self.tr("step")
        self.norms = _Layers(self.tr("Gradient norm"), step)
        healthy = (HEALTHY_RATIO, self.tr("healthy: 10⁻³"))
        self.ratios = _Layers(self.tr("Update / weight"), step, healthy)
        self.norms.legend.setToolTip(self.tr("‖dE/dw‖ over all weights of a layer, batch by batch"))
        self.ratios.legend.setToolTip(self.tr("‖Δw‖ / ‖w‖: how far one step moves the weights"))
        self.histogram: Plot = make_plot(self.tr("dE/dw"), self.tr("weights"))
        self.histogram.set_verticals(np.zeros(1))
        self._bars = self.histogram.add_curve(Style(appearance.theme.series[0], fill=True))
        self._held: Histogram | None = None
        #: The choice in the run before.
        self._before: str | None = None
        self._cursor: float | None = None
        self._build()
        for layers in (self.norms, self.ratios):
            layers.plot.hovered.connect(self._hover)
            layers.plot.left.connect(self._leave)
            layers.plot.range_changed.connect(self._redraw)
            layers.legend.clicked.connect(self.choose)
        self.histogram.range_changed.connect(self._draw_histogram)
        self._arrange()

    def _build(self) -> None:
        self.switch = Segments((self.tr("Norms"), self.tr("Histogram"), self.tr("Update ratio")))
        self.switch.chosen.connect(self._arrange)
        self.chooser = QComboBox()
        self.chooser.setFont(ui_font(12))
        self.chooser.setAccessibleName(self.tr("Layer of the histogram"))
        self.chooser.setMinimumContentsLength(8)
        self.chooser.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.chooser.activated.connect(self._chosen)
        self.log_count = QCheckBox(self.tr("log count"))
        self.log_count.setFont(ui_font(12))
        self.log_count.toggled.connect(self._set_log_count)
        choices = QHBoxLayout()
        choices.setSpacing(GRID)
        self._distribution = Legend(self.tr("Histogram"))
        choices.addWidget(self._distribution, 1)
        choices.addWidget(self.chooser)
        choices.addWidget(self.log_count)
        middle = QWidget()
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 4)
        column.addLayout(choices)
        column.addWidget(self.histogram, 1)
        self.parts = (self.norms.chart, middle, self.ratios.chart)
        self.picture = QWidget()
        self._plots = QBoxLayout(QBoxLayout.Direction.TopToBottom, self.picture)
        self._plots.setContentsMargins(0, 0, 0, 0)
        self._plots.setSpacing(GRID)
        for part in self.parts:
            self._plots.addWidget(part, 1)
        column = QVBoxLayout(self.content)
        column.setContentsMargins(GRID * 3 // 2, 0, GRID * 3 // 2, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.switch)
        column.addWidget(self.picture, 1)

    # Data

    @property
    def chosen(self) -> str | None:
        """The node whose histogram is shown."""
        data = self.chooser.currentData()
        return str(data) if data is not None else None

    def start_run(self, recorder: Recorder, network: Network) -> None:
        before = self.chosen
        super().start_run(recorder, network)
        self._held = None
        self.chooser.clear()
        for layers in (self.norms, self.ratios):
            layers.restart()
        self._before = before

    def want(self, watch: Watch) -> Watch:
        return replace(watch, gradients=True, histogram_node=self.chosen or watch.histogram_node)

    def show_frame(self, frame: Frame) -> None:
        if frame.histogram is not None:
            self._held = frame.histogram
        self.refresh()

    def end_run(self) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Draw what the recorder holds now."""
        if self.recorder is None or not self.recorder.gradient_norms:
            return
        self.show_content()
        self.norms.set_points(self.recorder.gradient_norms)
        self.ratios.set_points(self.recorder.update_ratios)
        if self.chooser.count() != len(self.norms.raw):
            self._offer()
        self._highlight()
        self._redraw()
        self._draw_histogram()

    def table(self) -> tuple[list[str], Array]:
        """One row a watched step (where there are many, means of some): norms, then update ratios."""
        assert self.recorder is not None
        columns = []
        for title, group in (
            ("gradient_norm", self.recorder.gradient_norms),
            ("update_ratio", self.recorder.update_ratios),
        ):
            for node, series in group.items():
                points = series.view()
                name = f"{self._names.get(node, node)} {title}"
                columns.append((name, points.steps, points.mean))
        return aligned(columns)

    @property
    def _names(self) -> Mapping[str, str]:
        return {key: shown(node.name) for key, node in self.network.nodes.items()}

    def _offer(self) -> None:
        """The layers that have weights are known with the first frame."""
        names = self._names
        self.chooser.clear()
        for node in self.norms.raw:
            self.chooser.addItem(names.get(node, node), node)
        self.choose(self.selected if self.selected in self.norms.raw else self._before)
        self.wish_changed.emit()

    # Choosing a layer

    def choose(self, node: str | None) -> None:
        """Show the histogram of this node, if it has weights."""
        at = self.chooser.findData(node)
        if at >= 0 and at != self.chooser.currentIndex():
            self.chooser.setCurrentIndex(at)
            self._chosen()

    def set_selection(self, node_id: str | None) -> None:
        super().set_selection(node_id)
        self.choose(node_id)
        self._highlight()
        self._redraw()

    def _chosen(self) -> None:
        self._highlight()
        self._redraw()
        self._draw_histogram()
        self.wish_changed.emit()

    def _highlight(self) -> None:
        for layers in (self.norms, self.ratios):
            layers.highlight(self.selected)

    # Drawing

    def _redraw(self) -> None:
        if self.norms.chart.isVisibleTo(self):
            self.norms.redraw(self.selected)
        if self.ratios.chart.isVisibleTo(self):
            self.ratios.redraw(self.selected)
        self._say()

    def _say(self) -> None:
        for layers in (self.norms, self.ratios):
            layers.say(self._names, self.selected or "", self._cursor)

    def _draw_histogram(self) -> None:
        held = self._held
        if held is None or held.node != self.chosen or not self.parts[HISTOGRAM].isVisibleTo(self):
            return
        heights = np.asarray(held.counts, float)
        if self.log_count.isChecked():
            # One weight is to be seen: log10(1) = 0 would be no bar.
            heights = np.log10(np.maximum(heights, 0.5)) - math.log10(0.5)
        index = list(self.norms.raw).index(held.node)
        series = appearance.theme.series
        self._bars.set_style(Style(series[index % len(series)], fill=True))
        reach = _round_up(_reach(held, 1.0 if self.log_count.isChecked() else 0.999))
        self.histogram.set_window(-reach, reach, 0.0, float(heights.max()) * 1.06 or 1.0)
        self._bars.set_bars(held.edges, heights)
        self.histogram.redraw()

    def _set_log_count(self) -> None:
        self.histogram.automatic = True
        self._draw_histogram()

    def _hover(self, x: float) -> None:
        self._cursor = x
        self._show_cursor()

    def _leave(self) -> None:
        self._cursor = None
        self._show_cursor()

    def _show_cursor(self) -> None:
        for layers in (self.norms, self.ratios):
            layers.plot.show_cursor(self._cursor)
        self._say()

    def _arrange(self, _: int = 0) -> None:
        """All plots when tall or wide, else the chosen one."""
        size = self.size()
        for layers in (self.norms, self.ratios):
            layers.legend.set_most_rows(2 if size.height() < COMPACT else 4)
        tall, wide = size.height() >= TALL, size.width() >= WIDE
        way = QBoxLayout.Direction
        self._plots.setDirection(way.LeftToRight if wide and not tall else way.TopToBottom)
        self.switch.setVisible(not (tall or wide))
        for index, part in enumerate(self.parts):
            part.setVisible(tall or wide or index == self.switch.index)
        self.refresh()

    def retint(self) -> None:
        self._highlight()
        self._redraw()
        self._draw_histogram()

    @guarded(None)
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()


def _short(value: float) -> str:
    if not math.isfinite(value) or not value:
        return number_text(value)
    digits, power = f"{value:.1e}".split("e")
    return f"{digits}e{int(power)}".replace("-", "−")


def _reach(held: Histogram, share: float) -> float:
    """The distance from zero within which this share of the values lies: what a few outliers add
    would be too low to see, and squeeze the rest."""
    distance = np.maximum(np.abs(held.edges[:-1]), np.abs(held.edges[1:]))
    order = np.argsort(distance)
    counts = np.cumsum(np.asarray(held.counts, float)[order])
    at = int(np.searchsorted(counts, counts[-1] * share))
    return float(distance[order][min(at, len(order) - 1)]) or 1.0


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 · 10ⁿ: an axis that does not tremble with every frame."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(n * power for n in (1, 2, 5, 10) if value <= n * power * (1 + 1e-9))


PANEL = GradientsPanel
