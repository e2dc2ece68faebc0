"""The engine thread: commands at any moment, clean ends, faults that leave it alive."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.network.edits import SetParameter
from engine.project.project import Project
from engine.runs.history import History
from engine.session import EngineThread
from engine.telemetry.frame import Watch
from tests.networks import deep_project, points_project

LONG = points_project(epochs=100_000)
SECONDS_20 = 20_000


@pytest.fixture
def engine(qtbot: QtBot) -> Iterator[EngineThread]:
    thread = EngineThread()
    with qtbot.waitSignal(thread.state_changed, timeout=SECONDS_20):
        thread.start()
    yield thread
    assert thread.shut_down(), "the engine thread did not end"


def wait_state(qtbot: QtBot, engine: EngineThread, state: str) -> None:
    qtbot.waitUntil(lambda: engine.state == state, timeout=SECONDS_20)


def test_a_run_goes_to_its_end_and_leaves_its_weights(qtbot: QtBot, engine: EngineThread) -> None:
    with qtbot.waitSignal(engine.run_started) as started, qtbot.waitSignal(engine.run_ended) as end:
        engine.train(points_project(), {})
    recorder = started.args[0]
    assert end.args == [True]
    assert len(recorder.scalars["loss"]) == 30  # 150 samples in batches of 10, twice
    assert len(recorder.validations) == 2
    assert set(engine.take_weights()) == {
        "linear-1.weight",
        "linear-1.bias",
        "linear-2.weight",
        "linear-2.bias",
    }
    assert engine.progress.step == engine.progress.total_steps == 30
    assert engine.state == "idle"


def test_pause_holds_and_resume_goes_on(qtbot: QtBot, engine: EngineThread) -> None:
    engine.train(LONG, {})
    wait_state(qtbot, engine, "running")
    engine.pause()
    wait_state(qtbot, engine, "paused")
    with qtbot.waitSignal(engine.weights_ready):
        engine.request_weights()
    first = engine.take_weights()
    with qtbot.waitSignal(engine.weights_ready):
        engine.request_weights()
    second = engine.take_weights()
    assert all((first[name] == second[name]).all() for name in first)
    engine.resume()
    wait_state(qtbot, engine, "running")
    engine.stop()
    wait_state(qtbot, engine, "idle")


def test_each_step_is_one_batch_and_is_shown(qtbot: QtBot, engine: EngineThread) -> None:
    engine.watch(Watch(gradients=True))
    with qtbot.waitSignal(engine.run_started) as started:
        engine.train(LONG, {}, single_step=True)
    recorder = started.args[0]
    wait_state(qtbot, engine, "paused")
    assert len(recorder.scalars["loss"]) == 1
    for count in (2, 3, 4):
        engine.mailbox.take()
        engine.step()
        qtbot.waitUntil(lambda n=count: len(recorder.scalars["loss"]) == n, timeout=SECONDS_20)
        wait_state(qtbot, engine, "paused")
    assert recorder.gradient_steps[-1] == 4


def test_frames_come_only_when_asked_for_and_one_at_a_time(qtbot: QtBot, engine: EngineThread) -> None:
    engine.watch(Watch(gradients=True))
    engine.train(LONG, {})
    wait_state(qtbot, engine, "running")
    qtbot.waitUntil(lambda: engine.progress.total_steps > 0)
    for _ in range(5):
        with qtbot.waitSignal(engine.frame_ready):
            engine.mailbox.request()
        frame = engine.mailbox.take()
        assert frame is not None
        assert set(frame.gradients) == {"linear-1", "linear-2"}
        assert engine.mailbox.take() is None


def test_a_fault_is_said_on_its_node_and_the_engine_lives(qtbot: QtBot, engine: EngineThread) -> None:
    broken = SetParameter("linear-1", "out_features", -1).apply(LONG.network)
    with qtbot.waitSignal(engine.faulted) as fault:
        engine.train(Project(broken, LONG.recipe, LONG.data), {})
    assert fault.args[0].problem.node == "linear-1"
    with qtbot.waitSignal(engine.run_ended, timeout=SECONDS_20):
        engine.train(points_project(), {})


def test_a_loss_that_explodes_becomes_a_fault(qtbot: QtBot, engine: EngineThread) -> None:
    wild = points_project(
        optimizer={"kind": "SGD", "parameters": {"momentum": 0.99}}, learning_rate=1e6, epochs=1000
    )
    with qtbot.waitSignal(engine.faulted, timeout=SECONDS_20) as fault:
        engine.train(
            wild,
            {"linear-1.weight": _huge()},
        )
    assert fault.args[0].problem.code in ("output_not_finite", "loss_not_finite")
    wait_state(qtbot, engine, "idle")


def _huge():  # type: ignore[no-untyped-def]
    import numpy as np

    return np.full((8, 2), np.inf, np.float32)


def test_any_commands_in_any_order_leave_it_alive(qtbot: QtBot, engine: EngineThread) -> None:
    """A hundred presses a second, seeded."""
    chance = random.Random(7)
    commands = [
        engine.pause,
        engine.resume,
        engine.step,
        engine.stop,
        engine.request_weights,
        lambda: engine.train(LONG, {}),
        lambda: engine.train(LONG, {}, single_step=True),
        lambda: engine.watch(Watch(gradients=True)),
        engine.mailbox.request,
        engine.mailbox.take,
    ]
    for _ in range(300):
        chance.choice(commands)()
    engine.stop()
    with qtbot.waitSignal(engine.weights_ready, timeout=SECONDS_20):
        engine.request_weights()
    wait_state(qtbot, engine, "idle")
    # That the last of those runs ended may be told only now, and it was stopped.
    with qtbot.waitSignal(engine.run_ended, timeout=SECONDS_20, check_params_cb=bool):
        engine.train(points_project(), {})


@pytest.mark.parametrize("moment", ["starting", "preparing", "running", "paused"])
def test_it_ends_cleanly_at_any_moment(qtbot: QtBot, moment: str) -> None:
    engine = EngineThread()
    engine.start()
    if moment != "starting":
        engine.train(LONG, {})
    if moment in ("running", "paused"):
        wait_state(qtbot, engine, "running")
    if moment == "paused":
        engine.pause()
        wait_state(qtbot, engine, "paused")
    assert engine.shut_down()
    assert engine.isFinished()


@pytest.fixture
def keeping(qtbot: QtBot, tmp_path: Path) -> Iterator[EngineThread]:
    """An engine with a history."""
    thread = EngineThread(history=History(tmp_path / "runs"))
    with qtbot.waitSignal(thread.state_changed, timeout=SECONDS_20):
        thread.start()
    yield thread
    assert thread.shut_down(), "the engine thread did not end"


def test_a_recorded_step_is_shown_while_the_run_goes_on(qtbot: QtBot, keeping: EngineThread) -> None:
    keeping.watch(Watch(gradients=True))
    keeping.train(LONG, {})
    qtbot.waitUntil(lambda: len(keeping.states) > 8, timeout=SECONDS_20)
    with qtbot.waitSignal(keeping.viewed_changed) as viewed:
        keeping.go_to(6)
    assert viewed.args == [keeping.viewed] and keeping.viewed in keeping.states
    frame = keeping.mailbox.take()
    assert frame is not None and frame.step == keeping.viewed and frame.gradients
    before = keeping.steps_done
    keeping.mailbox.request()
    qtbot.waitUntil(lambda: keeping.steps_done > before + 50, timeout=SECONDS_20)
    assert keeping.mailbox.take() is None, "the present is not shown over the past"
    with qtbot.waitSignal(keeping.frame_ready):
        keeping.return_to_live()
    frame = keeping.mailbox.take()
    assert keeping.viewed is None and frame is not None and frame.step > before
    keeping.stop()
    wait_state(qtbot, keeping, "idle")
    with qtbot.waitSignal(keeping.viewed_changed):
        keeping.go_to(1)
    assert keeping.viewed == 1, "and after the end as well"


def test_a_fork_and_a_resumed_run(qtbot: QtBot, keeping: EngineThread) -> None:
    keeping.train(LONG, {}, name="long")
    qtbot.waitUntil(lambda: len(keeping.states) > 20, timeout=SECONDS_20)
    first = keeping.run_id
    with qtbot.waitSignal(keeping.run_started, timeout=SECONDS_20) as started:
        keeping.fork(LONG, 4)
    recorder = started.args[0]
    assert keeping.run_id != first and recorder.scalars["loss"].view().steps[0] == 1
    keeping.stop()
    wait_state(qtbot, keeping, "idle")
    stood = keeping.steps_done
    history = keeping.history
    assert history is not None
    qtbot.waitUntil(lambda: [run.how for run in history.find()] == ["stopped", "stopped"])
    with qtbot.waitSignal(keeping.run_started, timeout=SECONDS_20):
        keeping.resume_run(history.find()[0].id)
    wait_state(qtbot, keeping, "running")
    assert keeping.steps_done >= stood
    keeping.forget()
    wait_state(qtbot, keeping, "idle")
    qtbot.waitUntil(lambda: keeping.run_id == "" and keeping.states == ())


def test_live_changes_are_told(qtbot: QtBot, keeping: EngineThread) -> None:
    keeping.train(LONG, {})
    wait_state(qtbot, keeping, "running")
    with qtbot.waitSignal(keeping.adjusted) as adjusted:
        keeping.adjust(points_project(epochs=100_000, learning_rate=0.5))
    (mark,) = adjusted.args[0]
    assert mark.values == {"name": "learning_rate", "before": "0.01", "after": "0.5"}


def test_after_a_fault_the_last_good_numbers_are_there(qtbot: QtBot, keeping: EngineThread) -> None:
    keeping.train(deep_project(), {})
    qtbot.waitUntil(lambda: keeping.steps_done > 30, timeout=SECONDS_20)
    with qtbot.waitSignal(keeping.faulted, timeout=SECONDS_20) as fault:
        keeping.adjust(deep_project(learning_rate=1e6))
    assert fault.args[0].problem.values["step"] == keeping.steps_done + 1
    weights = keeping.take_weights()
    assert weights and all(np.isfinite(values).all() for values in weights.values())
    history = keeping.history
    assert history is not None
    qtbot.waitUntil(lambda: history.find()[0].how == "failed", timeout=SECONDS_20)
