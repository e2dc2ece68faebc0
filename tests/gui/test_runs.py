"""The list of runs as one uses it: found, sorted, compared, renamed, exported, deleted, resumed."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from engine.interop.curves import Progress
from engine.network.model import Network
from engine.project.errors import FileProblem
from engine.project.project import Project
from engine.recipe.recipe import Recipe
from engine.runs.folder import RunFolder, runs_folder
from engine.runs.history import History
from engine.runs.run import Result, Run
from engine.telemetry.recorder import Recorder, Validation
from gui.panels.loss import LossPanel
from gui.plotting.others import OtherRun
from gui.runs import words
from gui.runs.compare_dialog import CompareDialog
from gui.runs.comparison import compare, comparison
from gui.runs.crash_bar import CrashBar
from gui.runs.exporting import Exporter, file_name
from gui.runs.model import RunModel, SortedRuns
from gui.runs.runs import Runs
from gui.runs.shelf import Shelf
from gui.theme import appearance
from tests.gui.looking_back import recorder as long_run
from tests.gui.networks import chain
from tests.pictures import assert_looks_like

LEFT = Qt.MouseButton.LeftButton
STEPS = 400


def record(folder: RunFolder, seed: int = 0) -> None:
    """Curves of a run, as its training would have left them."""
    t = np.arange(STEPS)
    loss = (2.0 * np.exp(-t / 100) + 0.1 * seed).astype(np.float32)
    recorder = Recorder(1, 100, folder=folder.scalars)
    recorder.add_scalars(1, ("loss", "accuracy"), np.stack([loss, 1 - loss / 3], axis=1))
    measures = {"loss": 0.5 + seed, "accuracy": 0.9 - 0.1 * seed}
    recorder.add_validation(Validation(1, 100, measures, measures, 50.0))
    recorder.close()


def a_run(
    history: History, name: str, *, how: str = "finished", rate: float = 1e-3, seed: int = 0
) -> Run:
    network = chain("Input", "Flatten", "Linear")
    project = Project(network=network, recipe=Recipe(learning_rate=rate))
    run, folder = history.start(project, {}, name=name, project_name="mnist-cnn")
    record(folder, seed)
    results = {
        "loss": Result(best=0.5 + seed, best_step=100, last=0.6 + seed),
        "accuracy": Result(best=0.9 - 0.1 * seed, best_step=100, last=0.88),
    }
    if how == "crashed":  # its process is gone without a word
        history.update(run.id, steps=STEPS, results=results)
        folder.lock.release()
        return run
    return history.end(folder, how, steps=STEPS, results=results)  # type: ignore[arg-type]


@pytest.fixture
def history() -> Iterator[History]:
    history = History()
    yield history
    history.close()


@pytest.fixture
def three(history: History) -> tuple[Run, Run, Run]:
    first = a_run(history, "small rate", rate=1e-4, seed=2)
    second = a_run(history, "large rate", rate=1e-2, seed=1, how="stopped")
    third = a_run(history, "usual", seed=0)
    history.update(second.id, tags=("good", "again"), notes="Try it with momentum.")
    return first, second, third


@pytest.fixture
def runs(qtbot: QtBot, history: History) -> Iterator[Runs]:
    shelf = Shelf(history)
    runs = Runs(shelf)
    qtbot.addWidget(runs)
    runs.resize(1000, 300)
    runs.show()
    qtbot.waitExposed(runs)
    qtbot.waitUntil(lambda: not shelf.busy)
    yield runs
    shelf.shut_down()
    appearance.use("light")


def names(runs: Runs) -> list[str]:
    rows = range(runs.sorted.rowCount())
    return [str(runs.sorted.index(row, 0).data()) for row in rows]


def click(runs: Runs, row: int, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    place = runs.table.visualRect(runs.sorted.index(row, 0)).center()
    QTest.mouseClick(runs.table.viewport(), LEFT, keys, place)


def click_header(runs: Runs, column: int) -> None:
    header = runs.table.horizontalHeader()
    x = header.sectionViewportPosition(column) + header.sectionSize(column) // 2
    QTest.mouseClick(header.viewport(), LEFT, pos=QPoint(x, header.height() // 2))


# Words


def test_when_a_run_was() -> None:
    now = time.time()
    ages = (5, 60, 300, 3600, 7200)
    texts = [words.when(now - age, now) for age in ages]
    assert texts == ["just now", "1 minute ago", "5 minutes ago", "1 hour ago", "2 hours ago"]
    assert words.when(now - 86_400 * 3, now) == words.moment(now - 86_400 * 3)


def test_tags_as_they_are_typed() -> None:
    assert words.tags_in(" good, ,again,good ") == ("good", "again")


# The list


def test_an_empty_history_says_how_to_fill_it(runs: Runs) -> None:
    assert runs.notice.isVisible()
    assert "Press Train" in runs.notice._text.text()


def test_runs_are_listed_newest_first(three: tuple[Run, ...], runs: Runs) -> None:
    assert names(runs) == ["usual", "large rate", "small rate"]
    row = [str(runs.sorted.index(1, column).data()) for column in range(12)]
    assert row[2:10] == ["stopped", "400", "1.5", "1.6", "0.8", "0.88", "Adam", "0.01"]
    assert row[10:] == ["good, again", "Try it with momentum."]


def test_a_click_on_a_title_sorts(three: tuple[Run, ...], runs: Runs) -> None:
    click_header(runs, 4)  # loss
    assert names(runs) in (["usual", "large rate", "small rate"], ["small rate", "large rate", "usual"])
    before = names(runs)
    click_header(runs, 4)
    assert names(runs) == before[::-1]


def test_runs_without_a_measure_come_last_either_way(qapp: QApplication, history: History) -> None:
    shelf = Shelf(history)
    model = RunModel(shelf)
    model.set_runs(
        [
            Run(id="a", name="a", started=1.0),
            Run(id="b", name="b", started=1.0, results={"loss": Result(best=2.0)}),
            Run(id="c", name="c", started=1.0, results={"loss": Result(best=1.0)}),
        ]
    )
    rows = SortedRuns(model)
    rows.sort(4, Qt.SortOrder.AscendingOrder)
    assert [rows.index(row, 0).data() for row in range(3)] == ["c", "b", "a"]
    rows.sort(4, Qt.SortOrder.DescendingOrder)
    assert [rows.index(row, 0).data() for row in range(3)] == ["b", "c", "a"]


def test_searching(three: tuple[Run, ...], runs: Runs, qtbot: QtBot) -> None:
    QTest.keyClicks(runs.search, "momentum")
    qtbot.waitUntil(lambda: names(runs) == ["large rate"])
    runs.search.clear()
    QTest.keyClicks(runs.search, "nothing like it")
    qtbot.waitUntil(runs.notice.isVisible)
    assert "“nothing like it”" in runs.notice._text.text()


def test_the_selection_stays_when_a_run_is_added(
    three: tuple[Run, ...], runs: Runs, history: History, qtbot: QtBot
) -> None:
    click(runs, 1)
    click(runs, 2, Qt.KeyboardModifier.ControlModifier)
    a_run(history, "new")
    runs.refresh()
    qtbot.waitUntil(lambda: len(names(runs)) == 4)
    assert [run.name for run in runs.selected] == ["large rate", "small rate"]


def test_a_run_whose_process_is_gone_is_no_running_one(
    history: History, runs: Runs, qtbot: QtBot
) -> None:
    a_run(history, "gone", how="crashed")
    runs.refresh()
    qtbot.waitUntil(lambda: names(runs) == ["gone"])
    assert runs.sorted.index(0, 2).data() == "crashed"


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [("name", "best", "best"), ("notes", "mine", "mine"), ("tags", "x, y", ("x", "y"))],
)
def test_names_notes_and_tags_are_typed_in_place(
    three: tuple[Run, ...],
    runs: Runs,
    history: History,
    qtbot: QtBot,
    field: str,
    typed: str,
    kept: object,
) -> None:
    click(runs, 0)
    runs.edit(field)
    editor = runs.table.findChild(QLineEdit)
    assert editor is not None
    editor.selectAll()
    QTest.keyClicks(editor, typed)
    QTest.keyClick(editor, Qt.Key.Key_Return)

    def there() -> bool:
        run = history.get(three[2].id)
        return run is not None and getattr(run, field) == kept

    qtbot.waitUntil(there)


def test_a_history_that_cannot_be_read_is_said(qtbot: QtBot, tmp_path: Path) -> None:
    place = runs_folder()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("no folder")
    shelf = Shelf(History())
    runs = Runs(shelf)
    qtbot.addWidget(runs)
    runs.show()
    qtbot.waitUntil(lambda: runs.notice.level == "error")
    shelf.shut_down()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_picture_of_the_list(
    history: History, runs: Runs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, theme: str
) -> None:
    for at, (name, how) in enumerate(
        (
            ("small rate", "finished"),
            ("large rate", "failed"),
            ("usual", "stopped"),
            ("gone", "crashed"),
        )
    ):
        run = a_run(history, name, how=how, seed=at)
        history.update(run.id, tags=("good",) if at == 0 else ())
    monkeypatch.setattr(words, "when", lambda *_: "5 minutes ago")
    appearance.use(theme)
    runs.refresh()
    qtbot.waitUntil(lambda: len(names(runs)) == 4)
    click(runs, 1)
    assert_looks_like(runs, f"runs-list-{theme}")


# Comparing


def projects() -> tuple[Project, Project]:
    network = chain("Input", "Flatten", "Linear")
    first = Project(network=network)
    node = next(node for node in network.nodes.values() if node.kind == "Linear")
    changed = dict(network.nodes) | {node.id: replace(node, parameters={"out_features": 5})}
    other = Network(changed, network.links)
    recipe = Recipe(learning_rate=0.01, optimizer="SGD")  # type: ignore[arg-type]
    return first, Project(network=other, recipe=recipe)


def two_runs() -> tuple[Run, Run]:
    good = {"loss": Result(best=0.2, last=0.3), "accuracy": Result(best=0.9, last=0.9)}
    bad = {"loss": Result(best=0.4, last=0.5), "accuracy": Result(best=0.8, last=0.8)}
    first = Run(id="1", name="first", started=1e9, how="finished", steps=10, results=good)
    return first, Run(id="2", name="second", started=1e9, how="failed", steps=7, results=bad)


def test_what_differs_between_two_runs() -> None:
    found = comparison(two_runs(), projects())
    assert found.names == ("first", "second")
    results, recipe, network = found.sections
    cells = {row.title: row for row in results.rows}
    assert cells["Loss, best"].cells == ("0.2", "0.4")
    assert cells["Loss, best"].best == (0,)
    assert cells["Accuracy, best"].best == (0,)
    assert cells["Ended"].cells == ("finished", "failed")
    rows = {row.title: row.cells for row in recipe.rows}
    assert rows["learning rate"] == ("0.001", "0.01")
    assert rows["optimizer"] == ("Adam", "SGD")
    assert [row.cells[1] for row in network.rows] == ["5"]
    assert "out_features" in network.rows[0].title


def test_runs_of_the_history_are_compared(three: tuple[Run, ...], history: History) -> None:
    found = compare(history, [three[0].id, three[1].id])
    assert found.names == ("small rate", "large rate")
    assert [row.cells for row in found.sections[1].rows] == [("0.0001", "0.01")]
    with pytest.raises(FileProblem, match="no run"):
        compare(history, [three[0].id, "gone"])


def test_equal_runs_have_no_differences() -> None:
    first, _ = projects()
    found = comparison(two_runs(), (first, first))
    assert [len(section.rows) for section in found.sections[1:]] == [0, 0]
    assert found.sections[2].remark == "The networks are the same."


def test_three_runs_are_compared_with_the_first() -> None:
    first, other = projects()
    runs = two_runs()
    found = comparison((*runs, runs[1]), (first, first, other))
    rows = {row.title: row.cells for row in found.sections[1].rows}
    assert rows["learning rate"] == ("0.001", "0.001", "0.01")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_picture_of_a_comparison(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, theme: str) -> None:
    monkeypatch.setattr(words, "moment", lambda _: "2026-01-02 15:04")
    appearance.use(theme)
    dialog = CompareDialog(comparison(two_runs(), projects()))
    qtbot.addWidget(dialog)
    dialog.show()
    qtbot.waitExposed(dialog)
    assert_looks_like(dialog, f"runs-compare-{theme}")
    appearance.use("light")


# Curves of other runs


@pytest.fixture
def loss(qtbot: QtBot) -> Iterator[LossPanel]:
    panel = LossPanel()
    qtbot.addWidget(panel)
    panel.resize(480, 480)
    panel.show()
    qtbot.waitExposed(panel)
    yield panel
    appearance.use("light")


def others() -> list[OtherRun]:
    return [OtherRun(f"r{seed}", f"run {seed}", long_run(4000 + seed, seed)) for seed in (1, 2)]


def test_curves_of_other_runs_lie_over_those_of_the_run(loss: LossPanel) -> None:
    loss.start_run(long_run(), Network())
    loss.refresh()
    loss.compare(others())
    assert [entry.label for entry in loss.others.legend.entries] == ["run 1", "run 2"]
    assert len(loss.loss.others) == 4
    assert all(len(curve.x) for curve in loss.loss.others)
    (_, right), _ = loss.loss.plot.getViewBox().viewRange()
    assert right >= 4002  # the longest of them is in sight as a whole
    loss.compare(())
    assert loss.loss.others == ()
    assert not loss.others.legend.isVisible()


def test_without_a_run_the_first_takes_its_place(loss: LossPanel) -> None:
    runs = others()
    loss.compare(runs)
    assert loss.state == "content"
    assert loss.recorder is runs[0].recorder
    assert [entry.label for entry in loss.others.legend.entries] == ["run 1", "run 2"]
    loss.start_run(long_run(), Network())  # a training begins: both are others then
    loss.refresh()
    assert len(loss.others.drawn) == 2
    loss.clear()
    loss.compare(())
    assert loss.state == "empty"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_picture_of_curves(loss: LossPanel, theme: str) -> None:
    appearance.use(theme)
    loss.start_run(long_run(), Network())
    loss.compare(others())
    loss.show_viewed(1024)
    assert_looks_like(loss, f"runs-curves-{theme}")


# Exporting


def test_curves_of_a_run_as_csv(
    three: tuple[Run, ...], qtbot: QtBot, runs: Runs, tmp_path: Path
) -> None:
    exporter = Exporter(runs)
    with qtbot.waitSignal(exporter.message) as said:
        exporter.export([three[0]], tmp_path / "one.csv", "csv")
    assert said.args[1] == "status"
    rows = list(csv.reader((tmp_path / "one.csv").open(encoding="utf-8")))
    assert len(rows) == STEPS + 1
    exporter.shut_down()


@pytest.mark.parametrize("kind", ["csv", "tensorboard"])
def test_several_runs_go_into_a_folder(
    three: tuple[Run, ...], qtbot: QtBot, runs: Runs, tmp_path: Path, kind: str
) -> None:
    if kind == "tensorboard":
        pytest.importorskip("tensorboardX")
    exporter = Exporter(runs)
    with qtbot.waitSignal(exporter.message):
        exporter.export(three, tmp_path, kind)  # type: ignore[arg-type]
    found = {path.name.removesuffix(".csv") for path in tmp_path.iterdir() if path.name != "data"}
    assert {file_name(run) for run in three} <= found
    exporter.shut_down()


def test_an_export_is_stopped(
    three: tuple[Run, ...],
    qtbot: QtBot,
    runs: Runs,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def endless(path: Path, recorder: Recorder, progress: Progress) -> bool:
        while progress(0.5):
            time.sleep(0.001)
        return False

    monkeypatch.setattr("engine.interop.csv_file.write_csv", endless)
    exporter = Exporter(runs)
    with qtbot.waitSignal(exporter.message) as said:
        exporter.export(three, tmp_path, "csv")
        qtbot.waitUntil(lambda: exporter.dialog is not None and exporter.dialog.value() > 100)
        assert exporter.dialog is not None
        button = exporter.dialog.findChild(QPushButton)
        assert button is not None
        button.click()
    assert said.args[0] == "The export was stopped"
    assert exporter.dialog is None
    exporter.shut_down()


def test_an_export_to_nowhere_is_said(
    three: tuple[Run, ...], qtbot: QtBot, runs: Runs, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    exporter = Exporter(runs)
    with qtbot.waitSignal(exporter.message) as said:
        exporter.export([three[0]], tmp_path / "file" / "x.csv", "csv")
    assert said.args[1] == "error"
    exporter.shut_down()


# After a crash


def test_the_crash_bar_is_used_with_the_keyboard(qtbot: QtBot) -> None:
    bar = CrashBar()
    qtbot.addWidget(bar)
    ended = time.time() - 120
    run = Run(id="1", project="mnist-cnn", started=ended - 60, ended=ended, steps=1234)
    bar.show_runs((run,))
    assert bar.text() == ("A training of mnist-cnn ended unexpectedly at step 1,234 (2 minutes ago).")
    with qtbot.waitSignal(bar.resumed):
        QTest.keyClick(bar.resume_button, Qt.Key.Key_Return)
    with qtbot.waitSignal(bar.shown_runs):
        QTest.keyClick(bar.show_button, Qt.Key.Key_Space)
    with qtbot.waitSignal(bar.dismissed):
        QTest.keyClick(bar, Qt.Key.Key_Escape)
    bar.show_runs(())
    assert not bar.isVisible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_picture_of_the_crash_bar(qtbot: QtBot, theme: str) -> None:
    appearance.use(theme)
    bar = CrashBar()
    qtbot.addWidget(bar)
    bar.resize(720, 40)
    ended = time.time() - 120
    bar.show_runs((Run(id="1", project="mnist-cnn", started=ended, ended=ended, steps=1234),))
    qtbot.waitExposed(bar)
    assert_looks_like(bar, f"runs-crash-{theme}")
    appearance.use("light")
