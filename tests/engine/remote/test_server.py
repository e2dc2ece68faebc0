"""A served run: who may watch, what watchers get, and that none of them holds the loop up."""

from __future__ import annotations

import random
import socket
import time
from threading import Thread

import numpy as np
import pytest

from engine.network.expand import expand
from engine.remote import admission
from engine.remote import messages as say
from engine.remote.address import Address
from engine.remote.client import ConnectionFailed
from engine.remote.mirror import add, known
from engine.remote.protocol import MAGIC, PREFIX, WATCHER, encode
from engine.remote.snapshot import opened
from engine.telemetry.frame import Watch
from engine.telemetry.recorder import Recorder
from tests.engine.remote.served import SECONDS, TOKEN, Served, connected, receive, receive_until
from tests.networks import points_project

LONG = points_project(epochs=100_000)
SHORT = points_project(epochs=20)
NODES = frozenset(expand(LONG.network).network.nodes)


def follow(connection, watch: Watch | None = None) -> None:  # type: ignore[no-untyped-def]
    connection.send(say.Follow())
    if watch is not None:
        connection.send(say.Look(watch))
        connection.send(say.Request())


def copied(messages: list[object]) -> Recorder:
    """The recorder that a watcher makes of what it gets."""
    recorder = Recorder(1, 1)
    for message in messages:
        if isinstance(message, say.News):
            add(message, recorder, NODES)
    return recorder


def assert_equal(copy: Recorder, original: Recorder) -> None:
    for family in ("scalars", "gradient_norms", "update_ratios"):
        copies, originals = getattr(copy, family), getattr(original, family)
        assert copies.keys() == originals.keys()
        for name, series in originals.items():
            assert np.array_equal(copies[name].view().steps, series.view().steps)
            assert np.array_equal(copies[name].view().last, series.view().last)
    assert copy.validations == original.validations
    assert copy.marks == original.marks


def test_a_watcher_gets_the_whole_run_and_its_end() -> None:
    with Served(SHORT) as served, connected(served.address) as connection:
        follow(connection, Watch(gradients=True))
        messages = receive_until(connection, say.Ended)
        connection.close()
        served.join()
        begun = next(message for message in messages if isinstance(message, say.Begun))
        assert opened(begun.project).project == SHORT
        assert begun.steps_per_epoch == 15
        assert messages[-1] == say.Ended("finished")
        places = [message for message in messages if isinstance(message, say.Place)]
        assert (places[-1].state, places[-1].step, places[-1].total_steps) == ("ended", 300, 300)
        assert_equal(copied(messages), served.trainer.recorder)


def test_who_comes_late_catches_up_and_who_comes_back_goes_on() -> None:
    with Served(LONG) as served:
        recorder = served.trainer.recorder
        with connected(served.address) as connection:
            follow(connection)
            first = []
            while recorder.newest_step < 400 or not first:
                first += list(connection.receive(0.1))
        copy = copied(first)
        reached = copy.newest_step
        assert reached > 0
        with connected(served.address) as connection:
            connection.send(known(copy))
            message = receive(connection, say.News, lambda news: "scalars/loss" in news.series)
            assert message.series["scalars/loss"].steps[0] == reached + 1
            add(message, copy, NODES)
        assert np.array_equal(
            copy.scalars["loss"].view().last,
            recorder.scalars["loss"].view().last[: copy.newest_step],
        )


def test_frames_show_what_was_asked_for() -> None:
    with Served(LONG) as served, connected(served.address) as connection:
        follow(connection, Watch(gradients=True, histogram_node="linear-1"))
        frame = receive(connection, say.Shown).frame
        assert set(frame.gradients) == {"linear-1", "linear-2"}
        assert frame.histogram is not None
        assert frame.histogram.node == "linear-1"
        connection.send(say.Look(Watch(values=True, sample=10**9)))
        connection.send(say.Request())
        frame = receive(connection, say.Shown, lambda shown: bool(shown.frame.values)).frame
        assert not frame.gradients
        assert frame.histogram is None


def test_no_frame_without_a_request() -> None:
    with Served(LONG) as served, connected(served.address) as connection:
        connection.send(say.Follow())
        connection.send(say.Look(Watch(gradients=True)))
        receive(connection, say.Place, lambda place: place.step > 200)
        assert served.server.watch is None
        assert not served.trainer.recorder.gradient_norms


def test_two_watchers_each_see_what_they_look_at() -> None:
    """A step has room for one histogram: they get it in turn, and never each other's."""
    with (
        Served(LONG) as served,
        connected(served.address) as one,
        connected(served.address) as two,
    ):
        lines = {"linear-1": one, "linear-2": two}
        for node, connection in lines.items():
            follow(connection, Watch(histogram_node=node))
        got = dict.fromkeys(lines, 0)
        deadline = time.monotonic() + SECONDS
        while min(got.values()) < 3 and time.monotonic() < deadline:
            for node, connection in lines.items():
                for message in connection.receive(0.02):
                    if isinstance(message, say.Shown):
                        histogram = message.frame.histogram
                        assert histogram is None or histogram.node == node
                        got[node] += histogram is not None
                        connection.send(say.Request())
        assert min(got.values()) >= 3


def test_a_wrong_token_is_told_so_and_soon_not_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "WRONG_DELAY", 0.01)
    with Served(LONG) as served:
        reasons = []
        for _ in range(admission.MOST_WRONG + 1):
            with pytest.raises(ConnectionFailed) as failure, connected(served.address, "wrong-token"):
                pass
            reasons.append(failure.value.code)
        assert reasons == ["token"] * admission.MOST_WRONG + ["too_often"]
        # Neither is the right one any more, for a while: else guessing would go on.
        with pytest.raises(ConnectionFailed) as failure, connected(served.address):
            pass
        assert failure.value.code == "too_often"
        monkeypatch.setattr(admission, "WRONG_SECONDS", 0.0)
        with connected(served.address) as connection:
            assert connection.welcome.control is False


def test_another_version_is_told_so() -> None:
    with Served(LONG) as served, socket.create_connection(("127.0.0.1", served.address.port)) as plug:
        plug.sendall(encode(say.Hello(say.VERSION + 1, TOKEN)))
        assert b'"version"' in plug.recv(4096)
        assert plug.recv(4096) == b""


@pytest.mark.parametrize("trusted", [False, True])
def test_bad_bytes_end_the_connection_and_nothing_else(trusted: bool) -> None:
    chance = random.Random(5)
    samples = [chance.randbytes(chance.randint(1, 3000)) for _ in range(30)]
    samples += [
        MAGIC + chance.randbytes(200),
        PREFIX.pack(MAGIC, 2**32 - 1, 2**32 - 1),
        PREFIX.pack(MAGIC, WATCHER.header + 1, 0),
        PREFIX.pack(MAGIC, 10, 8) + bytes(18),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        encode(say.Place("running")),
    ]
    with Served(LONG) as served:
        for sample in samples:
            with socket.create_connection(("127.0.0.1", served.address.port), timeout=SECONDS) as plug:
                if trusted:
                    plug.sendall(encode(say.Hello(say.VERSION, TOKEN)))
                    assert plug.recv(4, socket.MSG_PEEK | socket.MSG_WAITALL) == MAGIC
                plug.sendall(sample)
                plug.shutdown(socket.SHUT_WR)
                try:
                    while plug.recv(2**16):
                        pass
                except ConnectionResetError:
                    continue
        with connected(served.address) as connection:
            follow(connection, Watch(values=True))
            receive(connection, say.Shown)


def test_who_says_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether nothing at all, or a byte now and then."""
    monkeypatch.setattr(admission, "HELLO_SECONDS", 0.3)
    hello = encode(say.Hello(say.VERSION, TOKEN))
    with Served(LONG) as served:
        for trickle in (b"", hello):
            with socket.create_connection(("127.0.0.1", served.address.port), timeout=SECONDS) as plug:
                began = time.monotonic()
                plug.settimeout(0.05)
                gone = False
                for at in range(200):
                    try:
                        plug.sendall(trickle[at : at + 1])
                        gone = plug.recv(1) == b""
                    except TimeoutError:
                        continue
                    except OSError:
                        gone = True
                    if gone:
                        break
                assert gone
                assert time.monotonic() - began < 3


def test_a_watcher_that_never_reads_costs_neither_speed_nor_memory() -> None:
    """Everything is asked for and nothing taken; meanwhile another one sees the run as always."""
    with Served(LONG) as served:
        plug = socket.create_connection(("127.0.0.1", served.address.port), timeout=SECONDS)
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plug.sendall(encode(say.Hello(say.VERSION, TOKEN)) + encode(say.Follow()))
        everything = Watch(gradients=True, values=True, thumbnails=NODES, histogram_node="linear-1")
        plug.sendall(encode(say.Look(everything)))
        for _ in range(200):
            plug.sendall(encode(say.Request()))
        with connected(served.address) as connection:
            follow(connection, Watch(values=True))
            for _ in range(20):
                receive(connection, say.Shown)
                plug.sendall(encode(say.Request()) * 10)
                connection.send(say.Request())
        loop = served.server._loop
        sizes = [t.get_write_buffer_size() for t in _transports(loop)]
        assert sizes
        assert max(sizes) < 2**20
        before = served.trainer.step
        began = time.monotonic()
        while served.trainer.step < before + 500:
            time.sleep(0.01)
            assert time.monotonic() - began < SECONDS
        plug.close()


def _transports(loop: object) -> list:
    """What the server's loop writes to."""
    return list(loop._transports.values())  # type: ignore[attr-defined]


def test_the_run_ends_at_once_when_nobody_watches_and_soon_when_a_watcher_is_stuck() -> None:
    with Served(points_project()) as served:
        served.join()
    with (
        Served(LONG, control=True) as served,
        socket.create_connection(("127.0.0.1", served.address.port)) as plug,
    ):
        plug.sendall(encode(say.Hello(say.VERSION, TOKEN)) + encode(say.Follow()))
        with connected(served.address) as connection:
            follow(connection)
            receive(connection, say.Begun)
            connection.send(say.Order("stop"))
            assert receive(connection, say.Ended).how == "stopped"
        began = time.monotonic()
        served.join()
        assert time.monotonic() - began < 8


def test_orders_are_obeyed_only_with_control() -> None:
    with Served(LONG) as served, connected(served.address) as connection:
        follow(connection)
        connection.send(say.Order("stop"))
        step = receive(connection, say.Place, lambda place: place.step > 0).step
        receive(connection, say.Place, lambda place: place.step > step + 50)


def test_pause_step_resume_and_stop() -> None:
    with Served(LONG, control=True) as served, connected(served.address) as connection:
        assert connection.welcome.control
        follow(connection, Watch(gradients=True))
        receive(connection, say.Place, lambda place: place.step > 10)
        connection.send(say.Order("pause"))
        place = receive(connection, say.Place, lambda place: place.state == "paused")
        again = receive(connection, say.Place, lambda place: place.state == "paused")
        assert again.step == place.step == served.trainer.step
        # What is looked at while it is paused is shown without a step.
        connection.send(say.Look(Watch(thumbnails=frozenset({"linear-1"}))))
        frame = receive(connection, say.Shown, lambda shown: bool(shown.frame.thumbnails)).frame
        assert frame.step == place.step
        connection.send(say.Look(Watch(gradients=True)))
        connection.send(say.Order("step"))
        frame = receive(connection, say.Shown, lambda shown: bool(shown.frame.gradients)).frame
        assert frame.step == place.step + 1
        receive(connection, say.Place, lambda p: (p.state, p.step) == ("paused", place.step + 1))
        connection.send(say.Order("resume"))
        receive(connection, say.Place, lambda now: now.step > place.step + 20)
        connection.send(say.Order("stop"))
        assert receive(connection, say.Ended).how == "stopped"


def test_more_watchers_than_there_is_room_for_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.remote.server.MOST_WATCHERS", 1)
    with Served(LONG) as served, connected(served.address):
        with pytest.raises(ConnectionFailed) as failure, connected(served.address):
            pass
        assert failure.value.code == "full"


def test_a_server_that_is_none() -> None:
    """Nothing there, somebody who says nothing of ours, and a name that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        def answer() -> None:
            plug, _ = other.accept()
            with plug:
                plug.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                plug.recv(1000)

        thread = Thread(target=answer)
        thread.start()
        with pytest.raises(ConnectionFailed) as failure, connected(Address(port=port)):
            pass
        assert failure.value.code == "not_backlit"
        thread.join()
    with pytest.raises(ConnectionFailed) as failure, connected(Address(port=port)):
        pass
    assert failure.value.code == "unreachable"
    with pytest.raises(ConnectionFailed) as failure, connected(Address("no-such-host.invalid", 1)):
        pass
    assert failure.value.code == "unknown_host"
