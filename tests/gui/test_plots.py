"""Curves keep their extremes and averages their values; plots zoom and come back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyqtgraph as pg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.telemetry.series import Points, Series
from gui.plotting.curves import Smoothed, decimate, exponential_average, extent, zigzag
from gui.plotting.plots import NumberAxis, Plot, Style, make_plot, number_text, reach_of
from gui.theme import appearance


def drag(widget: QWidget, start: QPoint, end: QPoint) -> None:
    """Press, go there in steps, release; QTest's own moves carry no button."""
    QTest.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    for step in range(1, 9):
        place = QPointF(start + (end - start) * step / 8)
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            place,
            widget.mapToGlobal(place),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(widget, event)
    QTest.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end)


@pytest.fixture(autouse=True)
def every_move() -> Iterator[None]:
    """pyqtgraph drops moves that come faster than 100 a second."""
    rate = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", 0)
    yield
    pg.setConfigOption("mouseRateLimit", rate)


def slow_average(values: np.ndarray, weight: float) -> list[float]:
    total = count = 0.0
    result = []
    for value in values.astype(float):
        if np.isfinite(value):
            total, count = weight * total + value, weight * count + 1
        else:
            total, count = weight * total, weight * count
        result.append(total / count if count else np.nan)
    return result


@pytest.mark.parametrize("weight", [0.0, 0.3, 0.9, 0.99])
@pytest.mark.parametrize("length", [1, 2, 63, 64, 65, 5000])
def test_average_is_the_recurrence(weight: float, length: int) -> None:
    values = np.random.default_rng(length).normal(3, 1, length).astype(np.float32)
    expected = slow_average(values, weight)
    np.testing.assert_allclose(exponential_average(values, weight), expected, rtol=1e-9)


def test_average_begins_at_the_first_value() -> None:
    assert exponential_average(np.full(5, 7.0), 0.99) == pytest.approx(7.0)


def test_average_skips_what_is_not_a_number() -> None:
    values = np.array([1.0, np.nan, 3.0, np.inf, 5.0])
    expected = slow_average(values, 0.5)
    np.testing.assert_allclose(exponential_average(values, 0.5), expected)


def test_average_grows_with_its_series() -> None:
    values = np.random.default_rng(0).normal(size=4000)
    smoothed = Smoothed(0.95)
    for end in (0, 1, 10, 700, 701, 3000, 4000):
        grown = smoothed.update(values[:end])
    np.testing.assert_allclose(grown, exponential_average(values, 0.95))


def test_average_of_another_run_starts_anew() -> None:
    smoothed = Smoothed(0.9)
    smoothed.update(np.full(100, 5.0))
    assert smoothed.update(np.full(3, 1.0)) == pytest.approx(1.0)


def recorded(values: np.ndarray, capacity: int) -> Points:
    series = Series(capacity)
    series.append(values.astype(np.float32))
    return series.view()


@pytest.mark.parametrize("weight", [0.0, 0.9, 0.99])
def test_average_over_single_values_is_that_of_every_step(weight: float) -> None:
    values = np.random.default_rng(0).normal(3, 1, 5000)
    points = recorded(values, 8192)
    smoothed = Smoothed(weight).update(points.mean, points.width, points.newest_width)
    np.testing.assert_allclose(smoothed, slow_average(values, weight), rtol=1e-6)


@pytest.mark.parametrize("length", [1500, 4096, 30_001])
@pytest.mark.parametrize("weight", [0.9, 0.99])
def test_average_over_buckets_is_close_to_that_of_every_step(length: int, weight: float) -> None:
    """At the end of each bucket, the newest that is not full yet included: exactly where the values of
    a bucket are alike, and closer than the noise where they are not."""
    slope = 3 * np.exp(-np.arange(length) / (length / 4))
    noise = np.random.default_rng(1).normal(0, 0.2, length)
    for values, tolerance in ((np.full(length, 2.5), 1e-6), (slope, 0.01), (slope + noise, 0.1)):
        points = recorded(values, 1024)
        assert points.width > 1
        smoothed = Smoothed(weight).update(points.mean, points.width, points.newest_width)
        every = np.array(slow_average(values, weight))[points.steps - 1]
        # Where a bucket is longer than the memory, its mean is what there is.
        assert np.abs(smoothed - every).mean() < tolerance
        assert np.isfinite(smoothed).all()


def test_average_follows_a_series_through_its_merges() -> None:
    values = np.random.default_rng(0).normal(size=3000).astype(np.float32)
    series, smoothed = Series(256), Smoothed(0.95)
    for at in range(0, 3000, 70):
        series.append(values[at : at + 70])
        points = series.view()
        grown = smoothed.update(points.mean, points.width, points.newest_width)
    afresh = Smoothed(0.95).update(points.mean, points.width, points.newest_width)
    np.testing.assert_allclose(grown, afresh)


def test_average_of_an_unfinished_bucket_counts_what_it_has() -> None:
    """Three values of 1, then one of 5 in a bucket meant for two."""
    smoothed = Smoothed(0.5)
    average = smoothed.update(np.array([1.0, 5.0]), 2, 1)
    assert average[-1] == pytest.approx((1 * 0.25 + 1 * 0.5 + 5) / 1.75)


def test_a_line_through_buckets_touches_their_extremes() -> None:
    points = recorded(np.array([1.0, 9.0, 4.0, 2.0, 7.0]), 4)
    x, y = zigzag(points)
    assert x.tolist() == [2, 2, 4, 4, 5, 5]
    assert y.tolist() == [1, 9, 2, 4, 7, 7]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=400), st.integers(1, 50))
def test_decimation_keeps_the_extremes(numbers: list[float], buckets: int) -> None:
    y = np.array(numbers)
    x, kept = decimate(y, buckets)
    assert len(x) == len(kept) <= 2 * buckets
    assert (np.diff(x) >= 0).all()
    assert (y[x] == kept).all()
    assert (kept.min(), kept.max()) == (y.min(), y.max())


def test_decimation_keeps_a_single_spike() -> None:
    y = np.zeros(200_000, np.float32)
    y[123_457] = 9.0
    x, kept = decimate(y, 400)
    assert x[kept.argmax()] == 123_457


def test_decimation_leaves_out_what_is_not_a_number() -> None:
    y = np.sin(np.arange(1000.0))
    y[[3, 500]] = np.nan, np.inf
    x, kept = decimate(y, 20)
    assert np.isfinite(kept).all()
    assert not {3, 500} & set(x.tolist())


def test_decimation_of_nothing() -> None:
    x, kept = decimate(np.empty(0), 10)
    assert len(x) == len(kept) == 0


def test_extent() -> None:
    y = np.array([0.0, -1.0, np.nan, 4.0, 0.5])
    assert extent(y) == (-1.0, 4.0)
    assert extent(y, positive=True) == (0.5, 4.0)
    assert extent(np.array([np.nan])) == (np.inf, -np.inf)


def test_numbers_in_read_outs() -> None:
    texts = [number_text(value) for value in (0.11, 0.04523, 98.46, 100.0, -12345.6, np.nan)]
    assert texts == ["0.110", "0.0452", "98.5", "100", "−12,346", "–"]


def test_small_numbers_on_an_axis_are_short() -> None:
    axis = NumberAxis("left")
    assert axis.tickStrings([0, 2e-4, 1e-3, -4e-4], 1, 2e-4) == ["0", "2e−4", "1e−3", "−4e−4"]
    assert axis.tickStrings([0.0, 0.25], 1, 0.25) == ["0.0", "0.2"]


def test_the_axis_stays_while_steps_arrive() -> None:
    assert reach_of(20_001) == reach_of(20_400) == 20_500
    assert reach_of(3) == 10


@pytest.fixture
def plot(qtbot: QtBot) -> Plot:
    plot = make_plot("step", "loss")
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    plot.show()
    qtbot.waitExposed(plot)
    plot.add_curve(Style("#0B66C3")).set_points(np.arange(10_000.0), np.random.rand(10_000))
    plot.set_window(0, 10_000, 0, 1)
    plot.redraw()
    return plot


def drawn(plot: Plot) -> int:
    return len(plot.curves[0]._line.xData)


def test_a_long_curve_is_drawn_with_two_points_a_pixel(plot: Plot) -> None:
    assert 300 < drawn(plot) <= 2 * plot.width()


def test_dragging_holds_the_range_and_a_double_click_frees_it(plot: Plot, qtbot: QtBot) -> None:
    view, middle = plot.viewport(), QPoint(220, 120)
    drag(view, middle, QPoint(150, 120))
    qtbot.waitUntil(lambda: not plot.automatic)
    held = plot.getViewBox().viewRange()
    plot.set_window(0, 50, 0, 1)
    assert plot.getViewBox().viewRange() == held
    with qtbot.waitSignal(plot.range_changed):
        QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=middle)
        QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=middle)
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle)
    assert plot.automatic


def test_hovering_tells_the_place(plot: Plot, qtbot: QtBot) -> None:
    with qtbot.waitSignal(plot.hovered) as signal:
        QTest.mouseMove(plot.viewport(), QPoint(100, 100))
        QTest.mouseMove(plot.viewport(), QPoint(220, 120))
    assert 0 < signal.args[0] < 10_000


def test_refresh_draws_only_what_would_be_seen(plot: Plot) -> None:
    calls: list[int] = []
    plot.curves[0].draw = lambda *_: calls.append(1)  # type: ignore[method-assign]
    for newest in (9000, 9001, 9002):
        plot.refresh(newest)
    assert len(calls) == 1
    plot.refresh(9002, key="another selection")
    plot.refresh(9200, key="another selection")
    assert len(calls) == 3


def test_an_existing_plot_follows_the_theme(plot: Plot) -> None:
    appearance.use("dark")
    try:
        assert plot.backgroundBrush().color().name() == appearance.theme.surface.lower()
    finally:
        appearance.use("light")
    assert plot.backgroundBrush().color().name() == appearance.theme.surface.lower()
