"""The engine thread: commands at any moment, clean ends, faults that leave it alive."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from engine.network.edits import SetParameter
from engine.project.project import Project
from engine.session import EngineThread
from engine.telemetry.frame import Watch
from tests.networks import points_project

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
