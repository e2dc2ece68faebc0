"""The whole window in both themes: at rest, in a run, with a problem, empty."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.network.edits import SetParameter
from engine.project.examples import find
from engine.project.project import Project
from engine.project.project_file import read
from engine.telemetry.frame import FeatureMaps, Frame, Histogram, LayerGradient
from engine.telemetry.recorder import Recorder, Validation
from engine.telemetry.thumbnail import Thumbnail
from gui.theme import THEMES, appearance
from gui.window import MainWindow
from tests.pictures import SHARE, assert_looks_like, differing_share, pixels

both = pytest.mark.parametrize("theme", THEMES)


def show_example(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.editor.shapes_changed, timeout=30_000):
        window.resize(1280, 800)
        window.documents.load(find("mnist-cnn"))
    settle(window, qtbot)
    window.canvas.fit()


def settle(window: MainWindow, qtbot: QtBot) -> None:
    """Until the cards show previews of the network as it is."""
    qtbot.waitUntil(lambda: window.previews.is_current, timeout=30_000)


def made_up_run(window: MainWindow) -> None:
    """The same numbers each time; a real run would differ in the last digits."""
    chance = np.random.default_rng(0)
    network = window.editor.network
    steps = np.arange(500)
    recorder = Recorder(1, 250)
    loss = 2.3 * np.exp(-steps / 90) + 0.1 + chance.normal(0, 0.03, 500)
    accuracy = np.clip(1 - 0.9 * np.exp(-steps / 70), 0, 1)
    rates = np.full(500, 1e-3)
    names = ("loss", "accuracy", "learning_rate")
    recorder.add_scalars(1, names, np.stack([loss, accuracy, rates], axis=1).astype("f4"))
    for epoch in (1, 2):
        train, validation = {"loss": 0.4, "accuracy": 0.9}, {"loss": 0.3 / epoch, "accuracy": 0.95}
        recorder.add_validation(Validation(epoch, 250 * epoch, train, validation, 120.0))
    layers = ("conv2d-1", "conv2d-2", "conv2d-3", "linear-1", "linear-2")
    for step in range(10, 500, 10):
        norms = {
            node: LayerGradient(0.1 * 2.0**at * np.exp(-step / 400), 4.0, 4e-3 * (1 + at))
            for at, node in enumerate(layers)
        }
        recorder.add_gradients(step, norms)
    maps = chance.normal(size=(32, 26, 26)).astype("f4")
    thumbnails = {
        node.id: Thumbnail("maps", maps[:4, :13, :13], (32, 13, 13), -3.0, 3.0, 0)
        for node in network.nodes.values()
        if node.kind in ("Conv2d", "ReLU", "MaxPool2d")
    }
    frame = Frame(
        run=1,
        step=500,
        epoch=2,
        gradients=norms,
        flow=dict.fromkeys(network.nodes, 0.2) | {"input-1": 1e-5},
        flow_reference=0.2,
        histogram=Histogram("conv2d-1", np.arange(1, 65), np.linspace(-0.1, 0.1, 65)),
        maps=FeatureMaps("conv2d-1", 0, maps, 32, (26, 26), maps[:1, :20, :20], 7, 7),
        thumbnails=thumbnails,
    )
    window.editor.select(frozenset({"conv2d-1"}))
    for panel in window.panels.values():
        panel.start_run(recorder, network)
        panel.show_frame(frame)
    window.previews.run_started()
    window.canvas.show_frame(frame)


@both
def test_empty(window: MainWindow, qtbot: QtBot, theme: str) -> None:
    appearance.use(theme)
    window.resize(1280, 800)
    window.editor.open(Project(), {})
    assert_looks_like(window, f"window-empty-{theme}")


@both
def test_at_rest(window: MainWindow, qtbot: QtBot, theme: str) -> None:
    appearance.use(theme)
    show_example(window, qtbot)
    assert_looks_like(window, f"window-rest-{theme}")


@both
def test_live(window: MainWindow, qtbot: QtBot, theme: str) -> None:
    appearance.use(theme)
    show_example(window, qtbot)
    made_up_run(window)
    assert_looks_like(window, f"window-live-{theme}")


@both
def test_problem(window: MainWindow, qtbot: QtBot, theme: str) -> None:
    appearance.use(theme)
    show_example(window, qtbot)
    with qtbot.waitSignal(window.editor.fixes_changed, timeout=30_000):
        window.editor.edit(SetParameter("maxpool2d-2", "kernel_size", 9), "Set kernel_size")
    settle(window, qtbot)
    window.editor.select(frozenset({"conv2d-3"}))
    assert_looks_like(window, f"window-problem-{theme}")


def test_a_changed_window_is_noticed(window: MainWindow, qtbot: QtBot) -> None:
    """The comparison itself: a message is a difference."""
    show_example(window, qtbot)
    before = pixels(window.grab().toImage())
    window.message_bar.show_message("Something to say.", "error")
    assert differing_share(before, pixels(window.grab().toImage())) > SHARE


def test_the_example_is_the_seed_network() -> None:
    project = read(find("mnist-cnn")).project
    kinds = " ".join(node.kind for node in project.network.nodes.values())
    assert kinds == (
        "Input Conv2d ReLU MaxPool2d Conv2d ReLU MaxPool2d Conv2d ReLU "
        "Flatten Linear ReLU Linear Softmax"
    )
    recipe = project.recipe
    assert (recipe.optimizer.kind, recipe.batch_size, recipe.epochs) == ("Adam", 32, 5)
