"""Previews on the cards: they follow edits, give way to a run, and can be switched off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from engine.build import preview
from engine.network.block_edits import GroupNodes
from engine.network.edits import Disconnect, MoveNodes, SetParameter
from engine.network.layers import LAYERS
from engine.network.model import Link, Node
from engine.project.examples import find
from engine.project.project import Project
from engine.telemetry.frame import Frame
from engine.telemetry.thumbnail import Kind, Thumbnail, has_thumbnail
from gui.canvas.geometry import NODE_HEIGHT, STRIP_HEIGHT, room
from gui.canvas.items.node_item import NodeItem
from gui.canvas.items.strip import Strip
from gui.canvas.items.strip_words import thumbnail_lines
from gui.canvas.view import CanvasView
from gui.editor import Editor
from gui.settings import Settings
from gui.theme import THEMES, appearance
from gui.window import MainWindow
from tests.networks import points_project
from tests.pictures import assert_looks_like, pixels

WAIT = 30_000


def on_cards(window: MainWindow) -> Mapping[str, Thumbnail | None]:
    return {item.node.id: item.thumbnail for item in window.canvas.scene().node_items()}


def settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.previews.is_current, timeout=WAIT)


def load_example(window: MainWindow, qtbot: QtBot, name: str) -> None:
    with qtbot.waitSignal(window.documents.opened, timeout=WAIT):
        window.documents.load(find(name))
    settle(window, qtbot)


@pytest.fixture(autouse=True)
def light_again() -> Iterator[None]:
    yield
    appearance.use("light")


@pytest.fixture
def drawn(window: MainWindow, qtbot: QtBot) -> MainWindow:
    """A window with points in the plane and their previews."""
    window.editor.open(points_project(epochs=1), {})
    settle(window, qtbot)
    return window


def test_every_card_shows_what_it_makes_of_a_sample(drawn: MainWindow) -> None:
    cards = on_cards(drawn)
    kinds = [made.kind for made in cards.values() if made is not None]
    assert kinds == ["boundary"] * 4 + ["regions"]
    trained = [made.trained for made in cards.values() if made is not None]
    assert trained == [True, False, False, False, False]
    text = drawn.canvas.scene().explanation(drawn.canvas.scene().node_item("tanh-1"))
    assert "validation sample 0" in text and "Untrained" in text and "4 of 8 units" in text
    assert "Untrained" not in drawn.canvas.scene().explanation(
        drawn.canvas.scene().node_item("input-1")
    )


def test_an_edit_changes_what_is_downstream_of_it_only(drawn: MainWindow, qtbot: QtBot) -> None:
    before = on_cards(drawn)
    drawn.editor.edit(SetParameter("linear-2", "bias", False), "Set bias")
    settle(drawn, qtbot)
    after = on_cards(drawn)
    same = {node for node in before if after[node] is before[node]}
    assert same == {"input-1", "linear-1", "tanh-1"}


def test_behind_a_problem_there_is_nothing(drawn: MainWindow, qtbot: QtBot) -> None:
    drawn.editor.edit(Disconnect(frozenset({Link("tanh-1", "linear-2")})), "Delete")
    settle(drawn, qtbot)
    shown = {node for node, made in on_cards(drawn).items() if made is not None}
    assert shown == {"input-1", "linear-1", "tanh-1"}
    assert drawn.canvas.scene().node_item("linear-2").height == NODE_HEIGHT
    drawn.editor.undo_stack.undo()
    settle(drawn, qtbot)
    assert drawn.canvas.scene().node_item("linear-2").height == NODE_HEIGHT + STRIP_HEIGHT


def test_the_next_sample_is_shown_everywhere(drawn: MainWindow, qtbot: QtBot) -> None:
    assert not drawn.commands["previous_sample"].isEnabled()
    drawn.commands["next_sample"].trigger()
    settle(drawn, qtbot)
    assert {made.sample for made in on_cards(drawn).values() if made is not None} == {1}
    drawn.commands["previous_sample"].trigger()
    settle(drawn, qtbot)
    assert {made.sample for made in on_cards(drawn).values() if made is not None} == {0}


def test_previews_can_be_switched_off_and_stay_so(drawn: MainWindow, qtbot: QtBot) -> None:
    drawn.commands["previews"].trigger()
    assert set(on_cards(drawn).values()) == {None}
    assert not Settings().preferences.previews
    with qtbot.waitSignal(drawn.editor.shapes_changed, timeout=WAIT):
        drawn.editor.edit(SetParameter("linear-1", "out_features", 4), "Set out_features")
    assert set(on_cards(drawn).values()) == {None}
    drawn.commands["previews"].trigger()
    settle(drawn, qtbot)
    assert None not in on_cards(drawn).values()


def test_a_runs_pictures_win_and_its_numbers_stay(drawn: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(drawn.training.ended, timeout=WAIT):
        drawn.commands["train"].trigger()
    settle(drawn, qtbot)
    assert _trained(drawn)
    left = on_cards(drawn)
    drawn.editor.edit(SetParameter("linear-2", "bias", False), "Set bias")
    settle(drawn, qtbot)
    after = on_cards(drawn)
    trained = [made.trained for made in after.values() if made is not None]
    assert trained == [True] * 5, "the weight of linear-2 still fits"
    np.testing.assert_allclose(after["tanh-1"].values, left["tanh-1"].values, atol=1e-5)
    drawn.canvas.show_frame(Frame(1, 9, 1, thumbnails={"tanh-1": left["tanh-1"]}))
    assert on_cards(drawn)["tanh-1"] is after["tanh-1"], "that is of the network before"
    drawn.commands["reset"].trigger()
    settle(drawn, qtbot)
    assert not on_cards(drawn)["tanh-1"].trained


def test_moving_a_card_changes_no_picture(drawn: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(drawn.training.ended, timeout=WAIT):
        drawn.commands["train"].trigger()
    qtbot.waitUntil(lambda: _trained(drawn), timeout=WAIT)
    with qtbot.waitSignal(drawn.editor.shapes_changed, timeout=WAIT):
        drawn.editor.edit(MoveNodes({"linear-1": (400.0, 0.0)}), "Move")
    settle(drawn, qtbot)
    assert _trained(drawn)


def _trained(window: MainWindow) -> bool:
    return all(made is not None and made.trained for made in on_cards(window).values())


def test_while_a_run_is_live_its_frames_win(drawn: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(drawn.training.started, timeout=WAIT):
        drawn.commands["step"].trigger()
    qtbot.waitUntil(lambda: drawn.engine.state == "paused" and _trained(drawn), timeout=WAIT)
    with qtbot.waitSignal(drawn.editor.shapes_changed, timeout=WAIT):
        drawn.editor.edit(SetParameter("linear-1", "bias", False), "Set bias")
    assert not drawn.canvas.scene().previewing
    frame = Frame(1, 1, 1, thumbnails={"tanh-1": on_cards(drawn)["linear-1"]})
    drawn.canvas.show_frame(frame)
    assert on_cards(drawn)["tanh-1"] is on_cards(drawn)["linear-1"]
    drawn.commands["stop"].trigger()
    settle(drawn, qtbot)
    assert _trained(drawn), "all but the bias were learned in that step"


def test_a_network_too_large_keeps_what_its_run_left(
    drawn: MainWindow, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preview, "MOST_PARAMETERS", 10)
    with qtbot.waitSignal(drawn.training.ended, timeout=WAIT):
        drawn.commands["train"].trigger()
    settle(drawn, qtbot)
    qtbot.waitUntil(lambda: _trained(drawn), timeout=WAIT)
    drawn.editor.edit(SetParameter("linear-2", "bias", False), "Set bias")
    settle(drawn, qtbot)
    assert set(on_cards(drawn).values()) == {None}


def test_another_project_has_previews_of_its_own(drawn: MainWindow, qtbot: QtBot) -> None:
    load_example(drawn, qtbot, "mnist-cnn")
    cards = on_cards(drawn)
    assert {node for node, made in cards.items() if made is None} == {"flatten-1"}
    assert cards["softmax-1"].kind == "classes" and cards["linear-1"].kind == "vector"


def test_inside_a_block_the_first_copy_is_shown(drawn: MainWindow, qtbot: QtBot) -> None:
    first = on_cards(drawn)["tanh-1"]
    drawn.editor.edit(GroupNodes(frozenset({"tanh-1"}), "Stage"), "Group")
    drawn.editor.edit(SetParameter("block-1", "repeat", 2), "Set repeat")
    settle(drawn, qtbot)
    assert set(on_cards(drawn)) == {"input-1", "linear-1", "block-1", "linear-2", "softmax-1"}
    drawn.editor.enter("block-1")
    assert on_cards(drawn)["tanh-1"] is first
    with qtbot.waitSignal(drawn.training.ended, timeout=WAIT):
        drawn.commands["train"].trigger()
    qtbot.waitUntil(lambda: on_cards(drawn)["tanh-1"].trained, timeout=WAIT)


def test_a_network_for_other_data_has_no_previews(drawn: MainWindow, qtbot: QtBot) -> None:
    drawn.editor.set_data("Set data", "mnist-10k")
    settle(drawn, qtbot)
    assert set(on_cards(drawn).values()) == {None}


# Room on the canvas


@pytest.mark.parametrize("kind", LAYERS)
def test_there_is_room_for_every_picture(kind: str) -> None:
    assert room(kind) == NODE_HEIGHT + (STRIP_HEIGHT if has_thumbnail(kind) else 0)


@pytest.mark.parametrize("name", ["mnist-cnn", "two-moons", "spiral", "xor"])
def test_no_card_of_an_example_covers_another(window: MainWindow, qtbot: QtBot, name: str) -> None:
    load_example(window, qtbot, name)
    items = list(window.canvas.scene().node_items())
    for item in items:
        card = window.canvas.scene().card_rect(item.node.id)
        others = (other.node.id for other in items if other is not item)
        assert not any(card.intersects(window.canvas.scene().card_rect(key)) for key in others)


# Pictures


def made_up(kind: Kind, trained: bool) -> Thumbnail:
    """One thumbnail of each kind."""
    chance = np.random.default_rng(5)
    x = np.linspace(-1, 1, 24)
    directions = ((1, 0), (0, -1), (1, 1))
    slopes = np.stack([np.tanh(3 * (a * x[None] + b * x[:, None])) for a, b in directions])
    ring = 1 - 32 * (np.hypot(x[None], x[:, None]) - 0.5) ** 2
    values, size = {
        "image": (np.clip(ring, 0, 1)[None], (1, 24, 24)),
        "maps": (slopes[:, ::2, ::2] * np.array([1, 0.6, -0.4])[:, None, None], (32, 12, 12)),
        "vector": (chance.normal(size=48), (48,)),
        "classes": (np.array([1, 1, 2, 1, 1, 1, 1, 88, 1, 3]) / 100, (10,)),
        "histogram": (np.exp(-(np.linspace(-2.5, 3, 32) ** 2)) / 10, (4096,)),
        "sequence": (np.sin(np.arange(28)[:, None] * (0.1 + np.arange(16) / 32)), (28, 16)),
        "attention": (np.tril(chance.uniform(0.2, 1, (2, 12, 12))), (12, 16)),
        "boundary": (slopes, (8,)),
        "regions": (np.stack([1 - slopes[2] / 2 - 0.5, slopes[2] / 2 + 0.5]), (2,)),
    }[kind]
    last = kind in ("classes", "regions")
    names = {"classes": tuple("0123456789"), "regions": ("upper", "lower")}.get(kind, ())
    at = {"classes": 7, "regions": 1}.get(kind, 0)
    return Thumbnail(
        kind,
        values.astype(np.float32),
        size,
        float(values.min()),
        float(values.max()),
        0,
        trained,
        names,
        at if last else None,
        at if last else None,
        (0.7, 0.3) if kind in ("boundary", "regions") else None,
    )


KINDS: tuple[tuple[Kind, str], ...] = (
    ("image", "Input"),
    ("maps", "Conv2d"),
    ("vector", "Linear"),
    ("sequence", "LayerNorm"),
    ("attention", "MultiheadAttention"),
    ("histogram", "Linear"),
    ("boundary", "Tanh"),
    ("regions", "Softmax"),
    ("classes", "Softmax"),
)


@pytest.mark.parametrize("theme", THEMES)
def test_every_kind_trained_and_not(qtbot: QtBot, theme: str) -> None:
    appearance.use(theme)
    editor = Editor()
    view = CanvasView(editor)
    qtbot.addWidget(view)
    nodes = {}
    for at, (kind, layer) in enumerate(KINDS):
        for row in range(2):
            place = (at % 3 * 200.0, (at // 3 + 3 * row) * 104.0)
            name = layer if row == 0 else f"{layer}, untrained"
            nodes[f"{kind}-{row}"] = Node(f"{kind}-{row}", layer, name, {}, *place)
    editor.open(Project(network=Project().network.with_nodes(nodes.values())), {})
    cards = {f"{kind}-{row}": made_up(kind, row == 0) for kind, _ in KINDS for row in range(2)}
    view.scene().show_thumbnails(cards)
    view.resize(624, 640)
    view.minimap.set_wanted(False)
    view.show()
    qtbot.waitExposed(view)
    view.zoom_reset()
    view.centerOn(288, 304)
    assert_looks_like(view, f"previews-{theme}")


def test_numbers_that_are_none_are_drawn_as_well(qtbot: QtBot) -> None:
    item = NodeItem(Node("linear-1", "Linear", "Linear 1", {}))
    for kind, _ in KINDS:
        good = made_up(kind, True)
        values = np.full_like(good.values, np.nan)
        bad = Thumbnail(kind, values, good.size, 0, 0, 0, names=good.names, label=1, predicted=1)
        assert item.show_thumbnail(bad) == (kind == KINDS[0][0])
        Strip(bad)
        assert thumbnail_lines(bad)


def test_a_theme_change_recolours_the_strip(view: CanvasView, editor: Editor) -> None:
    view.scene().show_thumbnails({"conv2d-1": made_up("maps", True)})
    light: QImage = view.grab().toImage()
    appearance.use("dark")
    assert not np.array_equal(pixels(view.grab().toImage()), pixels(light))
    appearance.use("light")
    assert np.array_equal(pixels(view.grab().toImage()), pixels(light))
