"""The panels as a reader uses them: real mouse and keys, recorder and frames made with numpy."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QToolButton
from pytestqt.qtbot import QtBot

from engine.network.model import Link, Network, Node
from engine.telemetry.frame import FeatureMaps, Frame, Histogram, LayerGradient, Watch
from engine.telemetry.recorder import Mark, Recorder, Validation
from gui.panels import PANEL_NAMES, panel_class
from gui.panels.feature_maps import FeatureMapsPanel, map_nodes
from gui.panels.gradients import HISTOGRAM, GradientsPanel
from gui.panels.loss import LossPanel
from gui.panels.panel import Panel
from gui.plotting import export
from gui.plotting.curves import exponential_average
from gui.plotting.map_picture import arrange, scale_of
from gui.plotting.marks import mark_text
from gui.theme import appearance
from tests.gui.test_plots import drag, every_move

__all__ = ["every_move"]  # a fixture that is wanted here as well

LEFT = Qt.MouseButton.LeftButton
LAYERS = ("conv", "linear")


def network() -> Network:
    kinds = {
        "in": "Input",
        "conv": "Conv2d",
        "relu": "ReLU",
        "pool": "MaxPool2d",
        "flat": "Flatten",
        "linear": "Linear",
    }
    nodes = {key: Node(key, kind, f"{kind} 1") for key, kind in kinds.items()}
    keys = list(kinds)
    links = tuple(Link(a, b) for a, b in pairwise(keys))
    return Network(nodes, links)


def recorder(steps: int = 1000, steps_per_epoch: int = 300) -> Recorder:
    result = Recorder(1, steps_per_epoch)
    t = np.arange(steps)
    noise = np.random.default_rng(0).normal(0, 0.2, steps)
    loss = (2.3 * np.exp(-t / 300 + noise) + 0.01).astype(np.float32)
    accuracy = np.clip(1 - loss / 2.5, 0, 1)
    rate = np.full(steps, 1e-3)
    names = ("loss", "accuracy", "learning_rate")
    result.add_scalars(1, names, np.stack([loss, accuracy, rate], axis=1).astype(np.float32))
    for epoch in range(1, steps // steps_per_epoch + 1):
        end = epoch * steps_per_epoch
        train, validation = ({"loss": x, "accuracy": y} for x, y in ((0.5, 0.8), (0.6 / epoch, 0.9)))
        result.add_validation(Validation(epoch, end, train, validation, 100.0))
    for step in range(10, steps + 1, 10):
        norms = {
            node: LayerGradient(10.0 ** -(at + 1), 1.0, 1e-3 / (at + 1))
            for at, node in enumerate(LAYERS)
        }
        result.add_gradients(step, norms)
    return result


def histogram(node: str) -> Histogram:
    values = np.random.default_rng(1).normal(0, 1e-3, 1000)
    return Histogram(node, *np.histogram(values, 64))


def feature_maps(node: str = "pool", channels: int = 6, signed: bool = True) -> FeatureMaps:
    values = np.random.default_rng(2).normal(0, 1, (channels, 5, 7)).astype(np.float32)
    values = values if signed else np.abs(values)
    image = np.random.default_rng(3).random((1, 12, 12), np.float32)
    return FeatureMaps(node, 3, values, channels, (5, 7), image, 7, 2)


def shown(panel: Panel, qtbot: QtBot, width: int = 420, height: int = 600) -> None:
    qtbot.addWidget(panel)
    panel.resize(width, height)
    panel.show()
    qtbot.waitExposed(panel)


@pytest.fixture(autouse=True)
def light() -> Iterator[None]:
    yield
    appearance.use("light")


@pytest.fixture
def loss(qtbot: QtBot) -> LossPanel:
    panel = LossPanel()
    shown(panel, qtbot)
    panel.start_run(recorder(), network())
    panel.show_frame(Frame(1, 1000, 4))
    return panel


@pytest.fixture
def gradients(qtbot: QtBot) -> GradientsPanel:
    panel = GradientsPanel()
    shown(panel, qtbot)
    panel.start_run(recorder(), network())
    panel.show_frame(Frame(1, 1000, 4, histogram=histogram("conv")))
    panel.show_frame(Frame(1, 1000, 4, histogram=histogram("conv")))
    return panel


@pytest.fixture
def maps(qtbot: QtBot) -> FeatureMapsPanel:
    panel = FeatureMapsPanel()
    shown(panel, qtbot)
    panel.start_run(recorder(), network())
    panel.show_frame(Frame(1, 1000, 4, maps=feature_maps()))
    qtbot.waitUntil(lambda: panel.grid.rect_of(0).width() > 40)
    return panel


# Every panel


def test_panels_are_found_in_order() -> None:
    assert set(PANEL_NAMES) == {"loss", "gradients", "feature_maps"}


@pytest.mark.parametrize("name", PANEL_NAMES)
def test_states(name: str, qtbot: QtBot) -> None:
    panel = panel_class(name)()
    shown(panel, qtbot, 280, 200)
    assert panel.width() == 280  # it does not insist on more
    assert panel.state == "empty"
    assert not panel.findChild(QToolButton, "panel_menu").isEnabled()
    panel.start_run(recorder(), network())
    maps = feature_maps()
    panel.show_frame(Frame(1, 1000, 4, histogram=histogram("conv"), maps=maps))
    assert panel.state == "content"
    panel.end_run()
    panel.show_error("The loss became nan. Try a smaller learning rate.")
    panel.show_frame(Frame(1, 1000, 4, maps=maps))
    assert panel.state == "error"  # what went wrong is not painted over
    panel.start_run(recorder(), network())
    assert panel.state == "empty"


@pytest.mark.parametrize("name", PANEL_NAMES)
def test_frames_before_any_run_are_harmless(name: str, qtbot: QtBot) -> None:
    panel = panel_class(name)()
    shown(panel, qtbot)
    panel.show_frame(Frame(1, 1, 1, maps=feature_maps()))
    panel.set_selection("conv")
    panel.end_run()
    assert panel.state == "empty"


@pytest.mark.parametrize("name", PANEL_NAMES)
def test_showing_and_hiding_changes_the_wishes(name: str, qtbot: QtBot) -> None:
    panel = panel_class(name)()
    with qtbot.waitSignal(panel.wish_changed):
        shown(panel, qtbot)
    assert panel.is_visible()
    with qtbot.waitSignal(panel.wish_changed):
        panel.hide()
    assert not panel.is_visible()


@pytest.mark.parametrize("name", PANEL_NAMES)
def test_pictures_and_tables(
    name: str, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = panel_class(name)()
    shown(panel, qtbot)
    panel.start_run(recorder(), network())
    panel.show_frame(Frame(1, 1000, 4, maps=feature_maps()))
    panel.copy_picture()
    assert QApplication.clipboard().image().width() == panel.picture.width()
    for suffix, save in (
        ("png", panel.save_png),
        ("svg", panel.save_svg),
        ("csv", panel.save_csv),
    ):
        target = tmp_path / f"{name}.{suffix}"
        monkeypatch.setattr(
            QFileDialog, "getSaveFileName", lambda *_, target=target: (str(target.with_suffix("")), "")
        )
        save()
        assert target.stat().st_size > 500
    assert QSvgRenderer(str(tmp_path / f"{name}.svg")).isValid()


def test_an_impossible_place_is_said(
    loss: LossPanel, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = str(tmp_path / "no" / "such" / "folder.x")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (nowhere, ""))
    for save in (loss.save_png, loss.save_svg, loss.save_csv):
        with qtbot.waitSignal(loss.message) as signal:
            save()
        assert signal.args[1] == "error"
        assert "folder.x" in signal.args[0]


def test_numbers_in_tables_read_back_exactly(tmp_path: Path) -> None:
    values = [0.1, float(np.float32(0.1)), 1 / 3, 12.0, -2.5e-30, 1e300, 0.0]
    path = tmp_path / "t.csv"
    export.save_csv(path, ["=1+1", "a"], np.array([[v, np.nan] for v in values]))
    rows = list(csv.reader(path.open(encoding="utf-8")))
    assert rows[0] == ["'=1+1", "a"]  # no formula for a spreadsheet
    texts = [row[0] for row in rows[1:]]
    assert texts[:4] == ["0.1", "0.1", "0.3333333333333333", "12"]
    assert [float(text) for text in [texts[0], *texts[2:]]] == [values[0], *values[2:]]
    assert float(np.float32(texts[1])) == values[1]  # it was a float32
    assert {row[1] for row in rows[1:]} == {""}


# Loss and accuracy


def test_loss_table_is_the_recorder(loss: LossPanel) -> None:
    headers, rows = loss.table()
    assert rows.shape == (1000, len(headers))
    held = loss.recorder
    assert held is not None
    np.testing.assert_array_equal(rows[:, headers.index("loss")], held.scalars["loss"].view().mean)
    val = rows[:, headers.index("val_loss")]
    assert np.flatnonzero(np.isfinite(val)).tolist() == [299, 599, 899]
    assert val[599] == pytest.approx(0.3)


def test_the_smoothing_slider_is_moved_with_keys(loss: LossPanel) -> None:
    before = loss.loss.smooth.y.copy()
    loss.smoothing.setFocus()
    QTest.keyClick(loss.smoothing, Qt.Key.Key_Home)
    assert loss.smoothing.value() == 0
    np.testing.assert_allclose(loss.loss.smooth.y, loss.loss.raw.y, rtol=1e-6)
    QTest.keyClick(loss.smoothing, Qt.Key.Key_End)
    assert np.diff(loss.loss.smooth.y).std() < np.diff(before).std()


def test_a_logarithmic_loss(loss: LossPanel) -> None:
    QTest.mouseClick(loss.logarithmic, LEFT, pos=QPoint(8, loss.logarithmic.height() // 2))
    _, (bottom, top) = loss.loss.plot.getViewBox().viewRange()
    assert bottom < -0.5
    assert top < 2


def test_the_crosshair_reads_values(loss: LossPanel, qtbot: QtBot) -> None:
    plot = loss.loss.plot
    newest = loss.loss.chart.legend.entries[0].value
    where = plot.mapFromScene(plot.getViewBox().mapViewToScene(QPointF(100, 1)))
    QTest.mouseMove(plot.viewport(), where + QPoint(3, 0))
    with qtbot.waitSignal(plot.hovered):
        QTest.mouseMove(plot.viewport(), where)
    assert loss._cursor == pytest.approx(100, abs=5)
    assert loss.loss.chart.legend.entries[0].value != newest
    assert loss.second.plot._cursor.isVisible()
    plot.left.emit()
    assert loss.loss.chart.legend.entries[0].value == newest


def test_zooming_holds_both_plots_until_a_double_click(loss: LossPanel, qtbot: QtBot) -> None:
    plot = loss.loss.plot
    drag(plot.viewport(), QPoint(220, 80), QPoint(150, 80))
    qtbot.waitUntil(lambda: not plot.automatic)
    assert not loss.second.plot.automatic
    assert loss.second.plot.getViewBox().viewRange()[0] == pytest.approx(
        plot.getViewBox().viewRange()[0], abs=5
    )
    QTest.mouseClick(plot.viewport(), LEFT, pos=QPoint(200, 80))
    QTest.mouseDClick(plot.viewport(), LEFT, pos=QPoint(200, 80))
    QTest.mouseRelease(plot.viewport(), LEFT, pos=QPoint(200, 80))
    qtbot.waitUntil(lambda: plot.automatic and loss.second.plot.automatic)
    assert plot.getViewBox().viewRange()[0] == pytest.approx([0, 1000], abs=1)


def test_plots_lie_beside_each_other_where_it_is_wide(loss: LossPanel, qtbot: QtBot) -> None:
    assert loss.second.chart.y() > loss.loss.chart.y()
    loss.resize(900, 300)
    qtbot.waitUntil(lambda: loss.second.chart.x() > loss.loss.chart.x())


def test_a_loss_that_is_no_number_does_not_hurt(qtbot: QtBot) -> None:
    panel = LossPanel()
    shown(panel, qtbot)
    run = recorder(500)
    run.add_scalars(501, ("loss",), np.array([[np.nan], [np.inf], [0.0]], np.float32))
    panel.start_run(run, network())
    panel.show_frame(Frame(1, 503, 2))
    panel.logarithmic.setChecked(True)
    assert np.isfinite(panel.loss.plot.getViewBox().viewRange()).all()


def choose(panel: LossPanel, name: str) -> None:
    """With the keys, as somebody does who has no mouse."""
    panel.chooser.setFocus()
    for _ in range(panel.chooser.count()):
        QTest.keyClick(panel.chooser, Qt.Key.Key_Up)
    for _ in range(panel.chooser.findData(name)):
        QTest.keyClick(panel.chooser, Qt.Key.Key_Down)
    assert panel.chooser.currentData() == name


def test_the_lower_curves_are_of_the_chosen_measure(loss: LossPanel) -> None:
    assert loss.second.smooth.y.max() > 50  # accuracy, in percent
    choose(loss, "learning_rate")
    np.testing.assert_allclose(loss.second.smooth.y, 1e-3)
    assert [entry.value for entry in loss.second.chart.legend.entries] == ["0.00100"]
    assert not len(loss.second.validation.x)
    choose(loss, "accuracy")
    assert loss.second.validation.y.tolist() == pytest.approx([90, 90, 90])


def test_a_choice_outlives_its_run(loss: LossPanel) -> None:
    choose(loss, "learning_rate")
    loss.start_run(recorder(), network())
    loss.show_frame(Frame(2, 1000, 4))
    assert loss.second.quantity.name == "learning_rate"


def test_a_metric_that_only_validations_have_can_be_chosen(loss: LossPanel) -> None:
    assert loss.recorder is not None
    found = {"loss": 0.2, "accuracy": 0.9, "auroc": 0.75}
    loss.recorder.add_validation(Validation(4, 1000, {"loss": 0.5}, found, 100.0))
    loss.refresh()
    choose(loss, "auroc")
    assert loss.second.validation.x.tolist() == [1000]
    assert [entry.label for entry in loss.second.chart.legend.entries] == ["validation"]


def test_changes_are_marked_on_the_curves(loss: LossPanel, qtbot: QtBot) -> None:
    run = loss.recorder
    assert run is not None
    change = {"name": "learning_rate", "before": "0.001", "after": "0.0003"}
    run.add_mark(Mark(500, "changed", change))
    run.add_mark(Mark(600, "best", {"loss": 0.3}))
    run.add_mark(Mark(700, "checkpoint"))
    loss.refresh()
    ((x, mark, label),) = loss.loss.marks.placed()
    assert mark_text(mark) == "learning_rate 0.001 → 0.0003"
    assert label is not None
    plot = loss.loss.plot
    assert x == pytest.approx(plot.getViewBox().mapFromView(QPointF(500, 0)).x())
    where = plot.mapFromScene(plot.getViewBox().mapViewToScene(QPointF(500, 1)))
    with qtbot.waitSignal(plot.hovered):
        QTest.mouseMove(plot.viewport(), where + QPoint(60, 0))
        QTest.mouseMove(plot.viewport(), where)
    assert loss.loss.marks.toolTip() == "step 500: learning_rate 0.001 → 0.0003"
    plot.left.emit()
    assert loss.loss.marks.toolTip() == ""


def test_the_best_step_has_a_ring_on_the_validation_curve(loss: LossPanel) -> None:
    assert loss.recorder is not None
    for step in (300, 600):
        loss.recorder.add_mark(Mark(step, "best"))
    loss.refresh()
    (x,), (y,) = loss.loss._best.getData()
    assert (x, y) == (600, pytest.approx(0.3))
    loss.logarithmic.setChecked(True)
    assert loss.loss._best.getData()[1][0] == pytest.approx(np.log10(0.3))
    (x,), (y,) = loss.second._best.getData()
    assert (x, y) == (600, pytest.approx(90))


def test_labels_of_marks_do_not_overlap(loss: LossPanel) -> None:
    assert loss.recorder is not None
    for step in range(100, 1000, 7):
        loss.recorder.add_mark(Mark(step, "changed", {"name": "p", "before": "0.1", "after": "0.2"}))
    loss.refresh()
    labels = [label for _, _, label in loss.loss.marks.placed() if label is not None]
    assert len(labels) > 2
    assert not any(a.intersects(b) for a, b in combinations(labels, 2))


def long_run(folder: Path | None) -> tuple[Recorder, np.ndarray]:
    run = Recorder(1, 10_000, folder=folder)
    values = np.random.default_rng(0).normal(2, 0.2, 200_000).astype(np.float32)
    values[123_456] = 9
    run.add_scalars(1, ("loss",), values[:, None])
    return run, values


def zoom(panel: LossPanel, low: float, high: float) -> None:
    """As the wheel does, without the mouse's rounding."""
    box = panel.loss.plot.getViewBox()
    box.setXRange(low, high, padding=0)
    box.sigRangeChangedManually.emit(None)


def test_a_long_run_keeps_its_extremes(loss: LossPanel) -> None:
    run, values = long_run(None)
    loss.start_run(run, network())
    loss.show_frame(Frame(1, 200_000, 20))
    curve = loss.loss.raw
    assert len(curve.x) < 40_000
    x, y = curve.shown(0, 200_000, 300)
    assert y.max() == 9
    assert x[y.argmax()] == pytest.approx(123_457, abs=16)
    assert y.min() == values.min()
    headers, rows = loss.table()
    assert headers == ["step", "loss_low", "loss_high", "loss_mean", "loss_smoothed"]
    assert rows[:, 2].max() == 9
    assert rows[-1, 0] == 200_000


def test_zooming_into_a_long_run_shows_every_step(loss: LossPanel, tmp_path: Path) -> None:
    run, values = long_run(tmp_path)
    loss.start_run(run, network())
    loss.show_frame(Frame(1, 200_000, 20))
    smooth = loss.loss.smooth
    zoom(loss, 123_400, 123_500)
    x, y = loss.loss.raw.x, loss.loss.raw.y
    kept = (x >= 123_400) & (x <= 123_500)
    np.testing.assert_array_equal(x[kept], np.arange(123_400, 123_501))
    np.testing.assert_array_equal(y[kept], values[123_399:123_500])
    every = exponential_average(values, 0.9)[smooth.x.astype(int) - 1]
    np.testing.assert_allclose(smooth.y, every, rtol=0.01)
    loss._hover(123_457)
    assert loss.loss.chart.legend.entries[2].value == "9.00"
    loss.loss.plot.automatic = True
    loss.refresh()
    assert len(loss.loss.raw.x) > 10_000
    run.close()


def test_without_a_folder_zooming_shows_buckets(loss: LossPanel) -> None:
    run, _ = long_run(None)
    loss.start_run(run, network())
    loss.show_frame(Frame(1, 200_000, 20))
    before = loss.loss.raw.y
    zoom(loss, 123_400, 123_500)
    np.testing.assert_array_equal(loss.loss.raw.y, before)


# Gradients


def test_gradients_ask_for_what_they_show(gradients: GradientsPanel) -> None:
    assert gradients.want(Watch(sample=4)) == Watch("conv", None, 4, gradients=True)


def test_the_chooser_follows_the_canvas(gradients: GradientsPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(gradients.wish_changed):
        gradients.set_selection("linear")
    assert gradients.want(Watch()).histogram_node == "linear"
    gradients.set_selection("relu")  # has no weights: the choice stays
    assert gradients.chosen == "linear"


def test_a_click_in_the_legend_chooses_the_layer(gradients: GradientsPanel, qtbot: QtBot) -> None:
    legend = gradients.norms.legend
    with qtbot.waitSignal(gradients.wish_changed):
        QTest.mouseClick(legend, LEFT, pos=legend.place_of("linear").center().toPoint())
    assert gradients.chosen == "linear"


def test_the_selected_layer_is_drawn_strong(gradients: GradientsPanel) -> None:
    gradients.set_selection("conv")
    widths = {key: curve.style.width for key, (curve, _) in gradients.norms._smooth.items()}
    assert widths["conv"] > widths["linear"]


def test_one_plot_when_small_three_when_tall(gradients: GradientsPanel, qtbot: QtBot) -> None:
    assert all(part.isVisible() for part in gradients.parts)
    gradients.resize(420, 400)
    qtbot.waitUntil(gradients.switch.isVisible)
    QTest.mouseClick(gradients.switch.button(HISTOGRAM), LEFT)
    assert [part.isVisible() for part in gradients.parts] == [False, True, False]


def test_gradient_table(gradients: GradientsPanel) -> None:
    headers, rows = gradients.table()
    assert headers[:2] == ["step", "Conv2d 1 gradient_norm"]
    assert rows.shape == (100, 5)
    assert rows[0].tolist() == pytest.approx([10, 0.1, 0.01, 1e-3, 5e-4])


def test_many_watched_steps_share_buckets(gradients: GradientsPanel) -> None:
    run = Recorder(1, 100)
    for step in range(1, 9001):
        norm = 5.0 if step == 4321 else 0.01
        run.add_gradients(step, {node: LayerGradient(norm, 1.0, 1e-3) for node in LAYERS})
    gradients.start_run(run, network())
    gradients.show_frame(Frame(1, 9000, 90))
    curve = gradients.norms.raw["conv"]
    assert curve.y.max() == 5
    assert len(curve.x) <= 9001
    assert gradients.norms.legend.entries[0].value == "1.0e−2"
    headers, rows = gradients.table()
    assert len(headers) == 5
    assert rows[-1, 0] == 9000


def test_the_histogram_counts_on_a_logarithmic_scale(gradients: GradientsPanel) -> None:
    before = gradients._bars.y.max()
    box = gradients.log_count
    QTest.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))
    assert gradients._bars.y.max() < 4 < before


# Feature maps


def test_nodes_that_make_maps() -> None:
    assert map_nodes(network()) == ["conv", "relu", "pool"]


def test_the_last_map_layer_is_shown_first(maps: FeatureMapsPanel) -> None:
    assert maps.want(Watch()) == Watch(maps_node="pool", sample=0)
    maps.set_selection("conv")
    assert maps.want(Watch()).maps_node == "conv"
    maps.set_selection("linear")
    assert maps.want(Watch()).maps_node == "conv"


def test_nothing_lies_over_the_maps_of_a_low_panel(maps: FeatureMapsPanel, qtbot: QtBot) -> None:
    """Three panels in a window of 600 px leave it this much."""
    for height, has_scale in ((144, False), (400, True)):
        maps.resize(432, height)
        qtbot.waitUntil(lambda height=height: maps.height() == height)
        QApplication.processEvents()
        assert maps.bar.isVisible() is has_scale
        if has_scale:
            assert maps.grid.geometry().bottom() < maps.bar.geometry().top()
        assert maps.grid.geometry().bottom() <= maps.picture.rect().bottom()


def test_turning_to_the_next_image(maps: FeatureMapsPanel, qtbot: QtBot) -> None:
    maps.set_samples(3)
    for _ in range(5):
        QTest.mouseClick(maps.next, LEFT)
    assert maps.want(Watch()).sample == 2
    with qtbot.waitSignal(maps.wish_changed):
        QTest.mouseClick(maps.previous, LEFT)
    assert maps.want(Watch()).sample == 1


def test_hovering_names_the_value(maps: FeatureMapsPanel) -> None:
    QTest.mouseMove(maps.grid, maps.grid.rect_of(4, 2, 3).center().toPoint())
    place = maps.grid.place
    assert place is not None
    assert (place.channel, place.y, place.x) == (4, 2, 3)
    held = maps.grid.maps
    assert held is not None
    assert place.value == held.values[4, 2, 3]
    assert maps._where.full_text.startswith("channel 4  y 2  x 3")


def test_clicking_opens_a_map_and_escape_leaves_it(maps: FeatureMapsPanel) -> None:
    grid = maps.grid
    QTest.mouseClick(grid, LEFT, pos=grid.rect_of(4).center().toPoint())
    assert grid.large == 4
    assert grid.rect_of(4).width() > 300
    QTest.keyClick(grid, Qt.Key.Key_Escape)
    assert grid.large is None
    QTest.mouseClick(grid, LEFT, pos=grid.rect_of(1).center().toPoint())
    QTest.mouseClick(grid, LEFT, pos=grid.rect_of(1).center().toPoint())
    assert grid.large is None


def test_maps_with_the_keyboard(maps: FeatureMapsPanel) -> None:
    grid = maps.grid
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(grid, key)
    assert grid.large == 1
    QTest.keyClick(grid, Qt.Key.Key_Down)
    assert grid.place is not None
    assert grid.place.y == 1


def test_the_scale_says_its_limits(maps: FeatureMapsPanel) -> None:
    assert maps.bar.ends == ("−max", "max")
    QTest.mouseClick(maps.scaling.button(1), LEFT)
    held = maps.grid.maps
    assert held is not None
    assert float(maps.bar.ends[1]) == pytest.approx(np.abs(held.values).max(), rel=0.01)
    assert (maps.grid.scale.limits == np.abs(held.values).max()).all()


def test_one_value_has_one_colour() -> None:
    values = feature_maps().values
    scale = scale_of(values, per_map=False)
    whole = scale.colors(values, scale.limits[:, None, None])
    np.testing.assert_array_equal(whole[2], scale.colors(values[2], scale.limits[2]))


def test_maps_of_a_dead_layer_and_of_numbers_gone_wrong(maps: FeatureMapsPanel) -> None:
    for filling in (0.0, np.nan, np.inf):
        values = np.full((6, 5, 7), filling, np.float32)
        image = np.zeros((1, 4, 4), np.float32)
        maps.show_frame(Frame(1, 1, 1, maps=FeatureMaps("pool", 0, values, 6, (5, 7), image, 1, 1)))
        assert not maps.grid.grab().isNull()


def test_the_grid_uses_its_room() -> None:
    cells = arrange(32, (26, 26), (400, 450), 1.0)
    rows = -(-32 // cells.columns)
    assert rows * (cells.height + cells.gap) <= 454
    assert cells.columns * (cells.width + cells.gap) <= 404 + 1e-6
    assert cells.at(*cells.origin(17), 32) == 17
    assert cells.at(1e6, 0, 32) is None
