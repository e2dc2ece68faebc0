"""The Training dock, used with the mouse and the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLineEdit,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from engine import devices
from engine.devices import Devices
from engine.network.edits import Connect
from engine.network.layers import Parameter
from engine.network.model import Link
from engine.project.project import Project
from engine.project.project_file import write
from engine.recipe.augmentations import AUGMENTATIONS
from engine.recipe.losses import LOSSES, Loss
from engine.recipe.metrics import METRICS, Metric
from engine.recipe.option import Option
from engine.recipe.recipe import (
    AugmentationChoice,
    LossChoice,
    MetricChoice,
    OptimizerChoice,
    Recipe,
    ScheduleChoice,
)
from engine.recipe.schedules import SCHEDULES, Schedule
from engine.session import EngineThread
from gui.actions import Actions
from gui.editor import Editor
from gui.recipe.dock import RecipeDock
from gui.recipe.row import ParameterRow, Row
from gui.settings import Settings
from gui.theme import THEMES, appearance
from gui.training import Training
from gui.window import MainWindow
from tests.gui.networks import chain
from tests.networks import add, points_project, seed_cnn
from tests.pictures import assert_looks_like

WAIT = 30_000
LEFT = Qt.MouseButton.LeftButton


class Held(QWidget):
    """A window that shows the form of `editor` and nothing else. The engine is not started."""

    def __init__(self, editor: Editor) -> None:
        super().__init__()
        self.setAutoFillBackground(True)
        self.editor = editor
        self.keys = QWidget()  # keys of commands are not the form's
        actions, engine = Actions(self.keys), EngineThread(self)
        training = Training(editor, engine, actions, self)
        self.form = RecipeDock(editor, training, engine, actions, Settings())
        self.form.setParent(self)

    def open(self, height: int = 1600) -> RecipeDock:
        self.form.resize(288, height)
        self.resize(288, height)
        self.show()
        QApplication.setActiveWindow(self)
        return self.form


@pytest.fixture
def held(qtbot: QtBot) -> Iterator[Held]:
    editor = Editor()
    editor.open(Project(network=seed_cnn()), {})
    held = Held(editor)
    qtbot.addWidget(held)
    yield held
    appearance.use("light")


@pytest.fixture
def dock(held: Held) -> RecipeDock:
    """On screen, all unfolded."""
    for section in held.form.sections.values():
        section.unfold()
    return held.open()


def recipe(dock: RecipeDock) -> Recipe:
    return dock._editor.project.recipe


def undo(dock: RecipeDock) -> None:
    dock._editor.undo_stack.undo()


def steps(dock: RecipeDock) -> int:
    return dock._editor.undo_stack.count()


def find(dock: RecipeDock, name: str) -> Any:
    """The widget of this name that is in the form now."""
    QApplication.processEvents()  # what was made by the last change comes into sight
    return next(w for w in dock.findChildren(QWidget, name) if w.isVisible())


def names(dock: RecipeDock) -> list[str]:
    """The titles of all rows in sight, from top to bottom."""
    QApplication.processEvents()
    rows = [row for row in dock.findChildren(Row) if row.isVisible()]
    return [row.title.full_text for row in sorted(rows, key=lambda row: top(dock, row))]


def top(dock: RecipeDock, widget: QWidget) -> int:
    return widget.mapTo(dock, QPoint()).y()


def row_of(dock: RecipeDock, name: str) -> ParameterRow:
    QApplication.processEvents()
    rows = dock.findChildren(ParameterRow)
    return next(row for row in rows if row.parameter.name == name and row.isVisible())


def choose(combo: QComboBox, title: str) -> None:
    """Walk to an entry with the arrow keys, as the keyboard does in a closed list."""
    combo.setFocus()
    combo.showPopup()
    view = combo.view()
    view.setCurrentIndex(combo.model().index(combo.findText(title), 0))
    QTest.keyClick(view, Qt.Key.Key_Return)


def fill(field: QWidget, text: str) -> None:
    assert isinstance(field, QLineEdit | QSpinBox)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)


def declare(
    monkeypatch: pytest.MonkeyPatch, choice: type, options: dict[str, Any], option: Option
) -> None:
    """One more option, as a later version may have it."""
    monkeypatch.setitem(options, option.kind, option)
    monkeypatch.setitem(choice.OPTIONS, option.kind, option)  # type: ignore[attr-defined]


def test_another_optimizer_shows_its_own_parameters(dock: RecipeDock) -> None:
    assert names(dock)[:4] == ["optimizer", "betas", "eps", "weight_decay"]
    choose(find(dock, "kind-optimizer"), "SGD")
    assert recipe(dock).optimizer == OptimizerChoice(kind="SGD")
    assert names(dock)[:2] == ["optimizer", "momentum"] and "betas" not in names(dock)
    assert steps(dock) == 1
    undo(dock)
    assert recipe(dock).optimizer.kind == "Adam" and "betas" in names(dock)
    assert find(dock, "kind-optimizer").currentText() == "Adam"


def test_what_was_set_stays_set_where_the_next_optimizer_has_it(dock: RecipeDock) -> None:
    fill(row_of(dock, "weight_decay").editor, "0.1")
    fill(row_of(dock, "betas").editor, "0.8; 0,99")
    assert recipe(dock).optimizer.parameters == {"weight_decay": 0.1, "betas": (0.8, 0.99)}
    assert row_of(dock, "betas").editor.text() == "0.8, 0.99"  # type: ignore[attr-defined]
    choose(find(dock, "kind-optimizer"), "SGD")
    assert recipe(dock).optimizer.parameters == {"weight_decay": 0.1}


def test_a_value_that_cannot_be_is_explained_at_its_field(dock: RecipeDock) -> None:
    row = row_of(dock, "betas")
    fill(row.editor, "0.9, 2")
    assert row.note.isVisible() and "0 to 1" in row.note.text()
    assert "border" in row.editor.styleSheet()
    assert row.editor.accessibleDescription() == row.note.text()
    assert steps(dock) == 0
    fill(row.editor, "much")
    assert "numbers" in row.note.text() and steps(dock) == 0
    fill(row.editor, "0.9, 0.99")
    assert row.note.isHidden() and not row.editor.styleSheet() and steps(dock) == 1
    rate = dock.rows["learning_rate"]
    fill(rate.editor, "-1")
    assert "0 to 1,000,000" in rate.note.text() and recipe(dock).learning_rate == 1e-3


def test_each_change_is_one_undo_step_and_says_what_it_was(dock: RecipeDock) -> None:
    fill(dock.rows["learning_rate"].editor, "0.01")
    fill(dock.rows["learning_rate"].editor, "0,02")
    QTest.keyClick(dock.rows["batch_size"].editor, Qt.Key.Key_Up)
    QTest.keyClick(dock.rows["batch_size"].editor, Qt.Key.Key_Up)
    QTest.mouseClick(dock.rows["shuffle"].editor, LEFT, pos=QPoint(8, 8))
    stack = dock._editor.undo_stack
    texts = [stack.text(number) for number in range(stack.count())]
    assert texts == ["Set learning rate", "Set learning rate", "Set batch size", "Set shuffle"]
    assert (recipe(dock).learning_rate, recipe(dock).batch_size) == (0.02, 34)
    undo(dock)
    undo(dock)
    undo(dock)
    assert recipe(dock) == Recipe(learning_rate=0.01)
    assert dock.rows["learning_rate"].editor.text() == "0.01"  # type: ignore[attr-defined]


def test_what_was_changed_stands_out_and_goes_back(dock: RecipeDock) -> None:
    row = dock.rows["epochs"]
    assert row.reset.isHidden()
    fill(row.editor, "9")
    assert row.reset.isVisible() and row.reset.toolTip() == "Back to 5"
    QTest.mouseClick(row.reset, LEFT)
    assert recipe(dock).epochs == 5 and row.reset.isHidden() and row.editor.hasFocus()
    choose(find(dock, "kind-optimizer"), "RMSprop")
    assert dock.rows["learning_rate"].reset.toolTip() == "Back to 0.01", "PyTorch's for RMSprop"
    QTest.mouseClick(find(dock, "reset-learning_rate"), LEFT)
    assert recipe(dock).learning_rate == 0.01


def test_zero_is_called_what_it_means(dock: RecipeDock) -> None:
    clip = dock.rows["clip_norm"]
    assert clip.editor.placeholderText() == "off"  # type: ignore[attr-defined]
    fill(clip.editor, "1")
    assert recipe(dock).clip_norm == 1.0
    clip.editor.selectAll()  # type: ignore[attr-defined]
    QTest.keyClick(clip.editor, Qt.Key.Key_Delete)
    QTest.keyClick(clip.editor, Qt.Key.Key_Return)
    assert recipe(dock).clip_norm == 0.0
    steps_row = dock.rows["steps"]
    assert steps_row.editor.text() == "by epochs"  # type: ignore[attr-defined]
    fill(steps_row.editor, "700")
    assert recipe(dock).steps == 700 and not dock.rows["epochs"].field.isEnabled()
    undo(dock)
    assert dock.rows["epochs"].field.isEnabled()


def test_the_largest_seed_fits(dock: RecipeDock) -> None:
    fill(dock.rows["seed"].editor, "4294967295")
    assert recipe(dock).seed == 2**32 - 1
    fill(dock.rows["seed"].editor, "4294967296")
    assert recipe(dock).seed == 2**32 - 1 and dock.rows["seed"].note.isVisible()


def test_sections_fold_say_what_is_in_them_and_are_remembered(dock: RecipeDock) -> None:
    section = dock.sections["optimizer"]
    QTest.mouseClick(section.header, LEFT, pos=QPoint(40, 12))
    assert not section.is_unfolded and "betas" not in names(dock)
    assert section.header.summary == "Adam" and section.header.accessibleName() == "Optimizer, folded"
    again = Held(Editor())
    assert not again.form.sections["optimizer"].is_unfolded
    assert again.form.sections["device"].is_unfolded
    section.header.setFocus()
    QTest.keyClick(section.header, Qt.Key.Key_Space)
    assert section.is_unfolded and "betas" in names(dock)


def test_the_wheel_scrolls_and_changes_nothing(dock: RecipeDock) -> None:
    for name in ("batch_size", "epochs"):
        field = dock.rows[name].editor
        place = QPointF(field.rect().center())
        turn, none = QPoint(0, 120), Qt.KeyboardModifier.NoModifier
        event = QWheelEvent(
            place, field.mapToGlobal(place), QPoint(), turn, Qt.MouseButton.NoButton, none,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(field, event)
    assert steps(dock) == 0


def test_the_preview_of_the_rate_follows(dock: RecipeDock) -> None:
    curve = dock.curve
    assert curve.points[-1] == (1249, 1e-3), "8,000 samples in batches of 32, five times"
    fill(dock.rows["warmup_steps"].editor, "100")
    assert curve.points[0] == (0, 1e-5)
    assert all(rate == pytest.approx(1e-3) for update, rate in curve.points if update > 99)
    fill(dock.rows["batch_size"].editor, "64")
    fill(dock.rows["accumulate"].editor, "5")
    assert curve.points[-1][0] == 124
    fill(dock.rows["steps"].editor, "5000")
    assert curve.points[-1][0] == 999
    before = curve.grab().toImage()
    choose(find(dock, "kind-schedule"), SCHEDULES["CosineAnnealingLR"].title)
    fill(dock.rows["learning_rate"].editor, "0.1")
    assert curve.points[-1][1] < 1e-4 and curve.points[60][1] > 0.01
    assert curve.grab().toImage() != before
    assert "at most 0.09" in curve.accessibleDescription()


def test_a_schedule_has_its_parameters_below_it(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the form knows any kind by name."""
    many = tuple(Parameter(name, "float", 0.5, "Help.", 0.0, 1.0) for name in "abcdef")
    declare(
        monkeypatch, ScheduleChoice, SCHEDULES, Schedule("test", "Test", "Falls.", many, formula="y")
    )
    held = Held(Editor())
    qtbot.addWidget(held)
    dock = held.open()
    choose(find(dock, "kind-schedule"), "Test")
    assert recipe(dock).schedule.kind == "test"
    assert {"a", "b", "c"} <= set(names(dock)) and "d" not in names(dock)
    row = row_of(dock, "a")
    assert "y" in row_of(dock, "a").toolTip().splitlines()
    more = next(w for w in dock.findChildren(QWidget, "fold-more") if top(dock, w) > top(dock, row))
    assert more.text() == "3 more" and more.summary == "d, e, f"
    QTest.mouseClick(more, LEFT)
    fill(row_of(dock, "f").editor, "0.25")
    assert recipe(dock).schedule.parameters == {"f": 0.25}
    choose(find(dock, "kind-schedule"), "Constant")
    choose(find(dock, "kind-schedule"), "Test")
    assert "f" not in names(dock), "no other option has it, so it was not kept"


def test_metrics_and_changes_of_images_are_added_and_removed(
    monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    k = Parameter("k", "int", 4, "How many.", 1, 9)
    declare(monkeypatch, MetricChoice, METRICS, Metric("test_top", "Best of k", "Among k.", (k,)))
    mirror = Option("test_mirror", "Mirror", "Left becomes right.")
    declare(monkeypatch, AugmentationChoice, AUGMENTATIONS, mirror)
    held = Held(Editor())
    qtbot.addWidget(held)
    for section in held.form.sections.values():
        section.unfold()
    dock = held.open()
    entries = {action.text(): action for action in dock.metrics.menu.actions()}
    assert not entries["Accuracy"].isEnabled(), "it is measured already"
    entries["Best of k"].trigger()
    assert [choice.kind for choice in recipe(dock).metrics] == ["accuracy", "test_top"]
    fill(row_of(dock, "k").editor, "2")
    assert recipe(dock).metrics[1].parameters == {"k": 2}
    QTest.mouseClick(find(dock, "remove-metrics-0"), LEFT)
    assert recipe(dock).metrics == (MetricChoice(kind="test_top", parameters={"k": 2}),)
    assert steps(dock) == 3
    undo(dock)
    assert row_of(dock, "k").editor.text() == "2"  # type: ignore[attr-defined]
    mirrors = {action.text(): action for action in dock.augmentations.menu.actions()}
    mirrors["Mirror"].trigger()
    assert [choice.kind for choice in recipe(dock).augmentations] == ["test_mirror"]


def test_several_outputs_have_losses_of_their_own(
    dock: RecipeDock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dock.outputs.isHidden(), "one output has the one loss"
    declare(monkeypatch, LossChoice, LOSSES, Loss("test_loss", "Test loss", "Help."))
    editor = dock._editor
    network, end = add(editor.network, "Linear", "linear-1", out_features=3)
    editor.open(Project(network=network), {})
    assert dock.outputs.isVisible() and {"Softmax 1", "Linear 3"} <= set(names(dock))
    kind = find(dock, f"kind-{end}")
    assert kind.currentText() == "the same loss"
    choose(kind, "Test loss")
    assert recipe(dock).loss_of(end).kind == "test_loss" and recipe(dock).loss.kind == "cross_entropy"
    weights = [row for row in dock.findChildren(ParameterRow) if row.parameter.name == "weight"]
    below = [row for row in weights if row.isVisible() and top(dock, row) > top(dock, kind)]
    fill(min(below, key=lambda row: top(dock, row)).editor, "0.3")
    assert recipe(dock).output_losses[end].weight == 0.3
    assert "softmax-1" not in recipe(dock).output_losses
    choose(find(dock, f"kind-{end}"), "the same loss")
    assert recipe(dock).output_losses == {} and steps(dock) == 3
    editor.edit(Connect(Link("softmax-1", end)), "Link")
    assert dock.outputs.isHidden()


def test_devices_are_said_in_words_once_they_are_known(
    dock: RecipeDock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_known", Devices())
    dock.refresh()
    combo = dock.device.combo
    assert [combo.itemText(number) for number in range(4)] == ["auto", "cpu", "cuda", "mps"]
    devices.tell(Devices({"cpu": "CPU"}, 2))
    dock.refresh()
    assert combo.itemText(0) == "auto: CPU, up to 2 threads"
    assert combo.itemText(2) == "cuda: not on this machine"
    assert not combo.model().flags(combo.model().index(2, 0)) & Qt.ItemFlag.ItemIsEnabled
    choose(combo, "cpu: CPU, up to 2 threads")
    assert recipe(dock).device == "cpu"


def test_every_field_has_a_name_and_the_tab_key_goes_down(dock: RecipeDock) -> None:
    choose(find(dock, "kind-optimizer"), "SGD")
    header = dock.sections["optimizer"].header
    header.setFocus()
    passed: list[QWidget] = [header]
    while passed[-1].objectName() != "compile" and len(passed) < 60:
        QTest.keyClick(passed[-1], Qt.Key.Key_Tab)
        passed.append(QApplication.focusWidget())
    assert all(widget.accessibleName() or isinstance(widget, QAbstractButton) for widget in passed)
    places = [top(dock, widget) for widget in passed]
    assert places == sorted(places) and len(passed) > 30
    found = [widget.objectName() for widget in passed[:6]]
    assert found == [
        *("fold-optimizer", "kind-optimizer", "reset-kind-optimizer", "momentum", "dampening"),
        "weight_decay",
    ]
    for button in dock.findChildren(QToolButton):
        assert button.accessibleName() or button.text()


@pytest.mark.parametrize("theme", THEMES)
def test_it_looks_right(held: Held, dock: RecipeDock, theme: str) -> None:
    appearance.use(theme)
    editor = dock._editor
    editor.set_recipe("x", optimizer="SGD", learning_rate=0.05, warmup_steps=200)
    for name in ("loss", "regularization", "data", "start", "device"):
        QTest.mouseClick(dock.sections[name].header, LEFT)
    fill(row_of(dock, "momentum").editor, "1.5")
    held.open(640)
    row_of(dock, "momentum").editor.clearFocus()
    assert_looks_like(held, f"training-dock-{theme}")


# With a run


def small(window: MainWindow, path: Path, qtbot: QtBot) -> None:
    write(path, points_project(epochs=100_000), {})
    with qtbot.waitSignal(window.editor.shapes_changed, timeout=WAIT):
        window.documents.load(path)
    qtbot.waitUntil(window.commands["train"].isEnabled, timeout=WAIT)


def test_a_run_says_what_changes_it_at_once(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    small(window, tmp_path / "points.backlit", qtbot)
    dock = window.tools.recipe
    for section in dock.sections.values():
        section.unfold()
    assert dock.isVisible() and dock.legend.isHidden()
    window.commands["train"].trigger()
    qtbot.waitUntil(lambda: (dock.curve.update_now or 0) > 1, timeout=WAIT)
    assert dock.legend.isVisible()
    assert dock.rows["learning_rate"].mark.live is True and dock.rows["seed"].mark.live is False
    fill(dock.rows["seed"].editor, "7")
    assert dock.rows["seed"].note.text() == "next run"
    choose(find(dock, "kind-optimizer"), "SGD")
    assert row_of(dock, "momentum").mark.live is False, "of an optimizer that waits"
    fill(dock.rows["learning_rate"].editor, "0.5")
    assert dock.rows["learning_rate"].note.isHidden()
    window.editor.select(frozenset({"linear-1"}))
    assert dock.isEnabled(), "who tunes a run keeps the form"
    window.commands["stop"].trigger()
    qtbot.waitUntil(lambda: window.engine.state == "idle", timeout=WAIT)
    qtbot.waitUntil(dock.legend.isHidden, timeout=WAIT)
    assert dock.curve.update_now is None and dock.rows["seed"].note.isHidden()


class Adjusted(EngineThread):
    """Keeps what it is told to take over."""

    projects: tuple[Project, ...] = ()

    def adjust(self, project: Project) -> None:
        self.projects = (*self.projects, project)


def test_a_run_is_told_of_what_it_can_take_over(window: MainWindow, qtbot: QtBot) -> None:
    from engine.network.edits import MoveNodes, SetParameter

    engine = Adjusted(window)
    editor = Editor(parent=window)
    network = chain("Input", "Flatten", "Dropout", "Linear")
    editor.open(Project(network=SetParameter("linear-1", "out_features", 10).apply(network)), {})
    training = Training(editor, engine, Actions(window), window.documents, window)
    editor.set_recipe("x", learning_rate=0.1)
    assert engine.projects == (), "there is no run"
    training.train()
    assert training.is_live
    editor.set_recipe("x", learning_rate=0.2)
    editor.edit(SetParameter("dropout-1", "p", 0.25), "Set p")
    editor.edit(MoveNodes({"dropout-1": (8, 8)}), "Move")
    editor.edit(SetParameter("linear-1", "bias", False), "Set bias")
    assert [project.recipe.learning_rate for project in engine.projects] == [0.2, 0.2]
    assert engine.projects[-1].network.nodes["dropout-1"].parameters["p"] == 0.25


# In the window


def test_it_comes_to_the_front_when_nothing_is_selected(window: MainWindow, qtbot: QtBot) -> None:
    front = window.tools.recipe
    assert front.isEnabled() and not window.tools.inspector.isEnabled()
    window.documents.load(Path("resources/examples/mnist-cnn.backlit").resolve())
    qtbot.waitUntil(lambda: bool(window.editor.network.nodes), timeout=WAIT)
    window.editor.select(frozenset({"conv2d-1"}))
    qtbot.waitUntil(window.tools.inspector.isEnabled)
    assert not front.isEnabled()
    window.editor.select(frozenset())
    qtbot.waitUntil(front.isEnabled)
    window.docks["inspector"].raise_()
    qtbot.waitUntil(window.tools.inspector.isEnabled)
    edit = window.tools.inspector.findChild(QAbstractButton, "edit-recipe")
    QTest.mouseClick(edit, LEFT)
    qtbot.waitUntil(front.isEnabled)
    assert 280 <= window.docks["training"].width() <= 320


def test_new_weights_are_another_seed_and_an_undo_step(window: MainWindow, qtbot: QtBot) -> None:
    window.documents.load(Path("resources/examples/xor.backlit").resolve())
    qtbot.waitUntil(lambda: bool(window.editor.network.nodes), timeout=WAIT)
    dock, editor = window.tools.recipe, window.editor
    dock.sections["start"].unfold()
    before = editor.project.recipe.seed
    button = dock.findChild(QToolButton, "start-new_weights")
    assert button.text() == "New Initial Weights"
    dock.ensureWidgetVisible(button)
    QTest.mouseClick(button, LEFT)
    assert editor.project.recipe.seed != before and not editor.weights
    assert dock.rows["seed"].editor.text() == str(editor.project.recipe.seed)  # type: ignore[attr-defined]
    editor.undo_stack.undo()
    assert editor.project.recipe.seed == before
