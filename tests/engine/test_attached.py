"""A run elsewhere as the window sees it, with servers that are slow, gone or hostile."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from threading import Thread

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.attached import AttachedRun
from engine.remote import messages as say
from engine.remote.address import Address
from engine.remote.protocol import MAGIC, PREFIX, SERVER, encode
from engine.remote.snapshot import packed
from engine.telemetry.frame import FeatureMaps, Frame, Histogram, LayerGradient, Watch
from engine.telemetry.thumbnail import Thumbnail
from tests.engine.remote.served import TOKEN, Served
from tests.networks import points_project

WAIT = 5_000
LONG = points_project(epochs=100_000)
BEGUN = encode(say.Welcome(say.VERSION, "run", False)) + encode(say.Begun(packed(LONG), 1, 15, 50))


def news(path: str, steps: list[int], count: int) -> bytes:
    return encode(say.News({path: say.Values(np.array(steps), np.ones(count, np.float32))}))


class Script:
    """Says what it is given to whoever comes, one after the other, and reads nothing but the first."""

    def __init__(self, *words: bytes, hang_up: bool = False) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = Address(port=self._socket.getsockname()[1])
        self._words, self._hang_up = words, hang_up
        self._plugs: list[socket.socket] = []
        self._thread = Thread(target=self._speak)
        self._thread.start()

    def _speak(self) -> None:
        for word in self._words:
            try:
                plug, _ = self._socket.accept()
                self._plugs.append(plug)
                plug.recv(4096)
                plug.sendall(word)
            except OSError:
                return
            if self._hang_up:
                plug.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for plug in self._plugs:
            plug.close()
        self._thread.join()


@pytest.fixture
def attach(qtbot: QtBot) -> Iterator[Callable[[Address], AttachedRun]]:
    runs: list[AttachedRun] = []

    def start(address: Address) -> AttachedRun:
        run = AttachedRun(address, TOKEN)
        runs.append(run)
        run.start()
        return run

    yield start
    for run in runs:
        began = time.monotonic()
        assert run.shut_down()
        assert time.monotonic() - began < 1


Attach = Callable[[Address], AttachedRun]


def test_the_recorder_goes_on_after_a_lost_connection(qtbot: QtBot, attach: Attach) -> None:
    """The run itself lives on: what was missed comes, and nothing comes twice."""
    with Served(LONG) as served:
        run = attach(served.address)
        with qtbot.waitSignal(run.run_started, timeout=WAIT) as started:
            pass
        recorder = started.args[0]
        qtbot.waitUntil(lambda: recorder.newest_step > 30, timeout=WAIT)
        server = served.server
        server._loop.call_soon_threadsafe(lambda: [w.line.abort() for w in server._watchers])
        qtbot.waitUntil(lambda: run.link == "lost", timeout=WAIT)
        run.try_now()
        qtbot.waitUntil(lambda: run.link == "connected", timeout=WAIT)
        reached = recorder.newest_step
        qtbot.waitUntil(lambda: recorder.newest_step > reached + 100, timeout=WAIT)
        points = recorder.scalars["loss"].view()
        steps = points.steps.tolist()
        assert steps == list(range(1, len(steps) + 1))
        original = served.trainer.recorder.scalars["loss"].view()
        assert np.array_equal(points.last, original.last[: len(points)])


def test_frames_are_asked_for_one_at_a_time(qtbot: QtBot, attach: Attach) -> None:
    with Served(LONG) as served:
        run = attach(served.address)
        run.watch(Watch(gradients=True))
        for _ in range(3):
            with qtbot.waitSignal(run.frame_ready, timeout=WAIT):
                run.mailbox.request()
            frame = run.mailbox.take()
            assert frame is not None
            assert set(frame.gradients) == {"linear-1", "linear-2"}
            assert run.mailbox.take() is None


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", "not_backlit"),
        (PREFIX.pack(MAGIC, SERVER.header + 1, 0), "not_backlit"),
        (encode(say.Place("running")), "not_backlit"),
        (encode(say.Refused("token")), "token"),
        (encode(say.Welcome(1, "run", False)) + b"nonsense", "not_backlit"),
        (
            encode(say.Welcome(1, "run", False))
            + encode(say.Begun(np.frombuffer(b"PK\3\4 no project", np.uint8), 1, 1, 1)),
            "bad_project",
        ),
        (BEGUN + news("scalars/loss", [2, 1], 2), "not_backlit"),
        (BEGUN + news("scalars/loss", [1], 2), "not_backlit"),
        (BEGUN + news("__class__/x", [1], 1), "not_backlit"),
        (BEGUN + news("update_ratios/x", [1], 1), "not_backlit"),
    ],
    ids=range(10),
)
def test_a_hostile_server_is_left(qtbot: QtBot, attach: Attach, words: bytes, code: str) -> None:
    server = Script(words)
    run = attach(server.address)
    qtbot.waitUntil(lambda: run.link == "failed", timeout=WAIT)
    assert run.failure is not None
    assert run.failure.code == code
    qtbot.waitUntil(run.isFinished, timeout=WAIT)
    server.close()


def test_what_could_not_be_drawn_is_left_out(qtbot: QtBot, attach: Attach) -> None:
    flat = np.zeros(3, np.float32)
    good = Thumbnail("vector", flat, (3,), 0.0, 1.0, 0)
    frame = Frame(
        1,
        5,
        1,
        gradients={"linear-1": LayerGradient(1, 1, 1), "stranger": LayerGradient(1, 1, 1)},
        histogram=Histogram("linear-1", flat, flat),
        maps=FeatureMaps("linear-1", 0, flat, 1, (1, 1), flat, 0, 0),
        thumbnails={
            "linear-1": good,
            "linear-2": Thumbnail("maps", flat, (3,), 0.0, 1.0, 0),
            "softmax-1": Thumbnail("classes", flat, (3,), 0.0, 1.0, 0, predicted=7),
            "stranger": good,
        },
    )
    server = Script(BEGUN + encode(say.Shown(frame)))
    run = attach(server.address)
    with qtbot.waitSignal(run.frame_ready, timeout=WAIT):
        pass
    got = run.mailbox.take()
    assert got is not None
    assert set(got.gradients) == {"linear-1"}
    assert got.histogram is None
    assert got.maps is None
    assert set(got.thumbnails) == {"linear-1"}
    server.close()


def test_another_run_at_the_same_place_is_told(qtbot: QtBot, attach: Attach) -> None:
    other = say.Begun(packed(points_project(epochs=7)), 1, 15, 50)
    server = Script(
        BEGUN, encode(say.Welcome(say.VERSION, "other", False)) + encode(other), hang_up=True
    )
    run = attach(server.address)
    qtbot.waitUntil(lambda: run.link == "lost", timeout=WAIT)
    qtbot.waitUntil(lambda: run.failure is not None, timeout=WAIT)
    assert run.failure is not None
    assert run.failure.code == "other_run"
    server.close()


@pytest.mark.parametrize("words", [b"", MAGIC, BEGUN, BEGUN + MAGIC], ids=range(4))
def test_it_ends_at_once_whatever_the_server_does(qtbot: QtBot, attach: Attach, words: bytes) -> None:
    """The fixture measures how long that takes."""
    server = Script(words)
    run = attach(server.address)
    if words.startswith(BEGUN):
        qtbot.waitUntil(lambda: run.project is not None, timeout=WAIT)
    else:
        qtbot.waitUntil(run.isRunning, timeout=WAIT)
    assert run.shut_down()
    server.close()
