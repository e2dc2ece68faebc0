"""What the canvas shows, and the legend that says so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.build.budget import with_costs
from engine.build.diagnosis import Diagnosis
from engine.network.block_edits import GroupNodes
from engine.network.edits import MoveNodes, SetParameter
from engine.network.model import Link
from engine.project.examples import find
from engine.project.project import Project
from engine.telemetry.frame import Frame, LayerGradient, Watch
from gui.canvas import CanvasView, fitting
from gui.canvas.items.node_item import GROUND_TINT
from gui.canvas.lenses import LENSES
from gui.canvas.lenses.facts import Facts
from gui.canvas.lenses.scale import Scale
from gui.canvas.lenses.updates import SCALE as UPDATES
from gui.canvas.lenses.values import SCALE as VALUES
from gui.editor import Editor
from gui.settings import Settings
from gui.theme import THEMES, appearance, color, contrast, mixed
from gui.window import MainWindow
from tests.gui.drive import click
from tests.gui.networks import chain
from tests.pictures import assert_looks_like

WAIT = 30_000
FIRST = Link("input-1", "conv2d-1")
SECOND = Link("conv2d-1", "relu-1")
LAST = Link("flatten-1", "linear-1")


def infer(editor: Editor) -> None:
    """Shapes and costs, as the service finds them in its thread."""
    project = editor.project
    editor.take_shapes(with_costs(project.network, Diagnosis().of(project, {})))


def frame(step: int = 1, run: int = 1) -> Frame:
    nodes = ("input-1", "conv2d-1", "relu-1", "flatten-1", "linear-1")
    return Frame(
        run,
        step,
        1,
        gradients={
            "conv2d-1": LayerGradient(1.0, 10.0, 0.01),
            "linear-1": LayerGradient(1.0, 10.0, 1.0),
        },
        flow=dict(zip(nodes, (1e-9, 1.0, 1.0, 1e9, 1.0), strict=True)),
        flow_reference=1.0,
        values=dict(zip(nodes, (0.3, 1.0, 0.01, 500.0, float("nan")), strict=True)),
    )


def tints(view: CanvasView) -> dict[str, str | None]:
    items = view.scene().node_items()
    return {item.node.id: item.tint and item.tint.name().upper() for item in items}


def look(view: CanvasView, link: Link) -> tuple[str, float]:
    item = view.scene().link_item(link)
    return item.token(), item.width


# Costs


def test_structure_is_what_one_sees_first(view: CanvasView, editor: Editor) -> None:
    infer(editor)
    assert set(tints(view).values()) == {None}
    assert view.legend.texts == (
        "Structure",
        *("Input", "Linear", "Convolution", "Activation", "Tensor operations"),
    )


def test_cards_take_the_colour_of_what_they_cost(view: CanvasView, editor: Editor) -> None:
    infer(editor)
    view.lens.choose("parameters")
    scale = Scale(320, 64 * 32 * 26 * 26 + 64)  # of the Conv2d and the Linear
    assert tints(view) == {
        "input-1": color("line").name().upper(),
        "conv2d-1": scale.token(320),
        "relu-1": color("line").name().upper(),
        "flatten-1": color("line").name().upper(),
        "linear-1": scale.token(scale.high),
    }
    assert scale.token(320) != scale.token(scale.high)
    assert view.legend.texts == (
        *("Parameters", "Numbers that are learned", "320", "log scale", "1,384,512", "none"),
    )
    assert look(view, SECOND) == ("muted", 1.5), "links are as at rest"


def test_memory_is_that_of_the_recipes_batch(view: CanvasView, editor: Editor) -> None:
    infer(editor)
    view.lens.choose("memory")
    assert "Activations, batch of 32" in view.legend.texts
    assert "2.6 MiB" in view.legend.texts  # 32 × 32 × 26 × 26 × 4 bytes
    editor.set_recipe("Set batch_size", batch_size=64)
    assert "Activations, batch of 64" in view.legend.texts
    assert "5.3 MiB" in view.legend.texts
    tip = view.scene().explanation(view.scene().node_item("relu-1"))
    assert tip.endswith("Activations, batch of 64: 5.3 MiB")


def test_what_is_new_is_seen_through_the_lens_at_once(view: CanvasView, editor: Editor) -> None:
    infer(editor)
    view.lens.choose("flops")
    assert "2.8 MFLOP" in view.legend.texts
    dearest = tints(view)["linear-1"]
    editor.open(Project(network=chain("Input", "Flatten", "Linear")), {})
    assert set(tints(view).values()) == {color("line").name().upper()}, "nothing is known of it yet"
    infer(editor)
    assert tints(view)["linear-1"] == dearest
    assert "100.4 kFLOP" in view.legend.texts


def test_what_costs_nobody_knows_what_is_said_to(view: CanvasView, editor: Editor) -> None:
    network = chain("Input", "ReLU")
    odd = replace(network.nodes["relu-1"], kind="Marvel")
    editor.open(Project(network=replace(network, nodes={**network.nodes, "relu-1": odd})), {})
    infer(editor)
    view.lens.choose("flops")
    assert tints(view)["relu-1"] == color("muted").name().upper()
    assert view.legend.texts == ("FLOPs", "Forward, one sample", "none", "not known")


def test_undo_and_redo_take_costs_along(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.editor.shapes_changed, timeout=WAIT):
        window.documents.load(find("mnist-cnn"))
    window.commands["lens_parameters"].trigger()
    card = window.canvas.scene().node_item("conv2d-3")
    first, dearest = card.tint, window.canvas.legend.texts
    assert "36,928" in dearest
    edit = SetParameter("linear-1", "out_features", 640)
    with qtbot.waitSignal(window.editor.shapes_changed, timeout=WAIT):
        window.editor.edit(edit, "Set out_features")
    assert card.tint != first and "369,280" in window.canvas.legend.texts
    with qtbot.waitSignal(window.editor.shapes_changed, timeout=WAIT):
        window.commands["undo"].trigger()
    assert card.tint == first and window.canvas.legend.texts == dearest
    with qtbot.waitSignal(window.editor.shapes_changed, timeout=WAIT):
        window.commands["redo"].trigger()
    assert card.tint != first


# A run


def test_gradients_are_what_one_sees_of_a_run(view: CanvasView, editor: Editor) -> None:
    view.scene().show_frame(frame())
    assert view.lens.name == "gradients"
    assert [look(view, link) for link in (FIRST, SECOND, LAST)] == [
        ("vanishing", 1.5),
        ("good", 4.0),
        ("exploding", 5.0),
    ]
    assert set(tints(view).values()) == {None}
    assert {"healthy", "exploding: above 1000 ×", "not a number", "Convolution"} <= set(
        view.legend.texts
    )
    assert "Gradient ‖dE/da‖ = 1, healthy" in view.scene().explanation(view.scene().link_item(SECOND))
    view.scene().clear_frame()
    assert view.lens.name == "structure"
    assert look(view, SECOND) == ("muted", 1.5)


def test_values_colour_links_and_cards(view: CanvasView) -> None:
    view.scene().show_frame(frame())
    view.lens.choose("values")
    assert look(view, FIRST) == (VALUES.token(0.3), VALUES.width(0.3))
    assert look(view, Link("relu-1", "flatten-1")) == (VALUES.tokens()[0], 1.5)
    assert look(view, LAST) == (VALUES.tokens()[-1], 5.0), "500 looks like 100"
    assert tints(view)["conv2d-1"] == VALUES.token(1.0)
    assert tints(view)["linear-1"] == color("error").name().upper()
    assert view.legend.texts == (
        *("Values", "RMS of an output, over a batch", "≤ 0.01", "1", "≥ 100", "not a number"),
    )
    tip = view.scene().explanation(view.scene().link_item(FIRST))
    assert tip.endswith("Root mean square of its values = 0.3")


def test_updates_colour_what_learns_and_its_links(view: CanvasView) -> None:
    view.scene().show_frame(frame())
    view.lens.choose("updates")
    assert look(view, SECOND) == (UPDATES.token(1e-3), 3.25)
    assert UPDATES.token(1e-3) == color("muted").name().upper(), "as it should be: neutral"
    assert tints(view)["linear-1"] == color("exploding").name().upper()
    assert tints(view)["relu-1"] == color("line").name().upper()
    assert look(view, FIRST) == ("muted", 1.5)
    assert {"Updates", "≤ 1e-5", "1e-3", "≥ 1e-1", "learns nothing"} <= set(view.legend.texts)


def test_the_last_look_stays_when_training_stops(view: CanvasView) -> None:
    """A look between two steps knows no gradients."""
    view.scene().show_frame(frame())
    view.scene().show_frame(Frame(1, 2, 1))
    assert look(view, SECOND) == ("good", 4.0)
    view.lens.choose("updates")
    assert tints(view)["linear-1"] == color("exploding").name().upper()
    view.scene().show_frame(Frame(2, 1, 1))  # of another run
    assert tints(view)["linear-1"] == color("line").name().upper()


def test_only_what_the_lens_shows_is_asked_for(view: CanvasView) -> None:
    first = view.want(Watch())
    assert (first.gradients, first.values, first.histogram_node) == (True, False, None)
    view.scene().show_frame(frame())
    asked = {}
    for kind in LENSES:
        view.lens.choose(kind.name)
        watch = view.want(Watch())
        asked[kind.name] = (watch.values, watch.gradients)
    assert asked.pop("values") == (True, False)
    assert asked.pop("gradients") == asked.pop("updates") == (False, True)
    assert set(asked.values()) == {(False, False)}


def test_values_of_a_real_run_arrive(window: MainWindow, qtbot: QtBot) -> None:
    """Chosen while it runs and after it has ended, in turn."""
    with qtbot.waitSignal(window.editor.shapes_changed, timeout=WAIT):
        window.documents.load(find("two-moons"))
    window.commands["train"].trigger()
    lens = window.canvas.lens
    qtbot.waitUntil(lambda: bool(lens.facts.flow), timeout=WAIT)
    assert not lens.facts.values
    window.commands["lens_values"].trigger()
    qtbot.waitUntil(lambda: bool(lens.facts.values), timeout=WAIT)
    window.commands["lens_structure"].trigger()
    window.commands["stop"].trigger()
    qtbot.waitUntil(lambda: window.engine.state == "idle", timeout=WAIT)
    lens.facts.values = {}
    window.commands["lens_values"].trigger()
    qtbot.waitUntil(lambda: bool(lens.facts.values), timeout=WAIT)
    assert lens.facts.values.keys() <= window.editor.network.nodes.keys()


def test_a_block_moves_as_far_as_all_that_lies_in_it(editor: Editor) -> None:
    editor.edit(GroupNodes(frozenset({"conv2d-1", "relu-1"}), "Stage"), "Group")
    block = next(node.id for node in editor.network.nodes.values() if node.kind == "Block")
    editor.edit(SetParameter(block, "repeat", 2), "Repeat")
    facts = Facts(editor)
    facts.take(
        Frame(
            1,
            1,
            1,
            gradients={
                "conv2d-1": LayerGradient(1.0, 3.0, 0.3),
                "conv2d-1@2": LayerGradient(1.0, 4.0, 0.4),
                "gone-1": LayerGradient(1.0, 1.0, 1.0),
            },
        )
    )
    assert facts.ratios == {"conv2d-1": pytest.approx(0.1), block: pytest.approx(0.1)}
    out = next(link for link in editor.network.links if link.source == block)
    assert facts.maker(out) == "relu-1@2", "the last copy feeds what follows"
    into = next(link for link in editor.network.links if link.target == "conv2d-1")
    assert facts.maker(into) == "input-1"


# Choosing


def test_a_click_on_the_switch_goes_on_to_the_next(view: CanvasView, editor: Editor) -> None:
    editor.select(frozenset({"relu-1"}))
    seen = [view.lens.name]
    for _ in range(4):
        click(view, view.lens_switch.rect.center())
        seen.append(view.lens.name)
    assert seen == ["structure", "parameters", "flops", "memory", "structure"]
    assert editor.selection == {"relu-1"}, "the canvas below was not clicked"
    assert view.legend.texts[0] == "Structure"


def test_menu_shortcut_and_memory(window: MainWindow, qtbot: QtBot) -> None:
    actions, canvas = window.commands, window.canvas
    assert not actions["lens_values"].isEnabled()
    assert actions["lens_values"].toolTip().endswith("Train first: it shows a run.")
    click(canvas, canvas.lens_switch.rect.center())
    menu = canvas.lens_switch.menu
    assert menu is not None
    qtbot.waitUntil(menu.isVisible)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(
        actions["lens_flops"]).center())  # fmt: skip
    assert canvas.lens.name == "flops" and actions["lens_flops"].isChecked()
    QApplication.setActiveWindow(window)
    QTest.keyClick(window, Qt.Key.Key_F9)
    assert canvas.lens.name == "memory"
    canvas.scene().show_frame(Frame(1, 1, 1))
    assert canvas.lens.name == "gradients" and actions["lens_values"].isEnabled()
    actions["lens_values"].trigger()
    preferences = Settings().preferences
    assert (preferences.lens, preferences.run_lens) == ("memory", "values")
    canvas.scene().clear_frame()
    assert canvas.lens.name == "memory" and not actions["lens_values"].isEnabled()


def test_a_lens_that_there_is_not_is_not_remembered(view: CanvasView) -> None:
    view.lens.remember("values", "of another version")
    assert (view.lens.at_rest, view.lens.in_run) == ("structure", "gradients")


# The legend


def test_the_legend_folds_and_remembers(window: MainWindow) -> None:
    canvas, legend = window.canvas, window.canvas.legend
    window.editor.open(Project(network=chain("Input", "Conv2d")), {})
    tall = legend.rect
    click(canvas, tall.topLeft() + QPoint(20, 10))
    assert not legend.is_open and legend.rect.height() < tall.height()
    assert legend.rect.bottomLeft() == tall.bottomLeft()
    assert not window.commands["legend"].isChecked()
    assert not Settings().preferences.legend
    window.commands["legend"].trigger()
    assert legend.rect == tall and Settings().preferences.legend


@pytest.mark.parametrize("size", [(900, 700), (560, 500), (430, 420), (300, 300), (180, 120)])
def test_the_legend_is_never_over_the_map(
    view: CanvasView, editor: Editor, size: tuple[int, int]
) -> None:
    view.resize(*size)
    editor.edit(MoveNodes({"linear-1": (4000.0, 4000.0)}), "Move")
    view.zoom_reset()
    legend, inside = view.legend.rect, view.viewport().rect()
    assert not legend.intersects(view.minimap.rect)
    assert inside.contains(legend) or legend.isEmpty()
    if size[0] == 900:
        assert not view.minimap.rect.isEmpty() and legend.height() > 24


def test_the_diagram_is_fitted_beside_the_legend(view: CanvasView) -> None:
    view.resize(620, 600)
    view.fit()
    for corner in (view.legend.rect, view.lens_switch.rect):
        covered = view.mapToScene(corner).boundingRect()
        assert not view.scene().items_in(covered)


def test_fitting_takes_the_place_with_the_largest_scale() -> None:
    whole, corner = QRect(0, 0, 800, 600), QRect(16, 400, 208, 184)
    scale, center = fitting.fit(QRectF(0, 0, 200, 200), whole, [corner])
    assert (scale, center) == (1.0, QRectF(whole).center()), "nothing is in its way"
    scale, center = fitting.fit(QRectF(0, 0, 500, 590), whole, [corner])
    assert scale == 1.0 and center.x() - 250 > corner.right()
    scale, center = fitting.fit(QRectF(0, 0, 700, 380), whole, [corner])
    assert scale == 1.0 and center.y() + 190 < corner.top()
    tiny = QRect(QPoint(0, 0), QSize(100, 80))
    assert fitting.fit(QRectF(0, 0, 200, 80), tiny, [QRect(0, 0, 99, 79)])[0] == 0.5


# Colours


@pytest.mark.parametrize("theme", THEMES)
def test_text_on_tinted_cards_and_lines_on_the_canvas_can_be_seen(theme: str) -> None:
    appearance.use(theme)
    try:
        for scale in (VALUES, UPDATES):
            for token in (*scale.tokens(), "line", "muted", "error"):
                ground = mixed(color("surface"), color(token), GROUND_TINT).name()
                for text in ("text", "muted"):
                    assert contrast(color(text).name(), ground) >= 4.5, (token, text)
            for token in scale.tokens():
                assert contrast(token, color("canvas").name()) >= 3
    finally:
        appearance.use("light")


def test_colours_follow_the_theme(view: CanvasView) -> None:
    view.scene().show_frame(frame())
    view.lens.choose("values")
    light = look(view, FIRST)[0]
    appearance.use("dark")
    assert look(view, FIRST)[0] == VALUES.token(0.3) != light
    assert tints(view)["input-1"] == VALUES.token(0.3)


def test_a_scale_is_logarithmic_and_ends_somewhere() -> None:
    scale = Scale(1, 10_000)
    assert [scale.share(value) for value in (0, 0.5, 1, 100, 10_000, 1e9)] == [0, 0, 0, 0.5, 1, 1]
    assert scale.width(100) == 3.25
    assert scale.token(float("inf")) == scale.token(float("nan")) == "error"
    assert Scale(7, 7).share(7) == 1, "the only one is the dearest"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("lens", ["memory", "gradients", "updates"])
def test_pictures(view: CanvasView, editor: Editor, theme: str, lens: str) -> None:
    appearance.use(theme)
    infer(editor)
    if lens != "memory":
        view.scene().show_frame(frame())
    view.lens.choose(lens)
    view.resize(560, 520)
    view.fit()
    assert_looks_like(view, f"lens-{lens}-{theme}")
