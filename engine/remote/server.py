"""Serves one run to whoever has the token: in its own thread, never in the loop's way.

The loop looks at `watch` at each step, as it would at a Mailbox, and hands over the frames that were
asked for; everything else this thread reads from the run by itself. Nothing is kept for a slow watcher
but the newest frame: it sees fewer frames, and scalars in larger pieces.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, Literal

from engine.remote import messages as say
from engine.remote.address import Address
from engine.remote.admission import Admission
from engine.remote.audience import Audience, Run
from engine.remote.codec import ProtocolError
from engine.remote.line import Line
from engine.remote.snapshot import packed
from engine.remote.watcher import Watcher
from engine.remote.wishes import merged
from engine.telemetry.frame import Frame, Watch
from engine.telemetry.recorder import Recorder

MOST_WATCHERS = 16
MOST_ORDERS = 16
#: s between two watched steps at least, whoever asks: they cost more than others.
SHORTEST = 1 / 30
PLACE_SECONDS = 0.25
#: s between two looks at what watchers want while the run is paused.
PAUSED_SECONDS = 0.05
#: s that watchers have to take the last state when the run has ended.
LINGER_SECONDS = 4.0
JOIN_SECONDS = 5.0


class RunServer(Audience):
    """`start` takes the address or raises OSError; `close` ends the thread. `begin`, `take` and `end`
    are the loop's. control: whether watchers may pause, step and stop the run."""

    def __init__(self, address: Address, token: str, *, control: bool = False) -> None:
        self.address = address
        self._control = control
        self._id = secrets.token_hex(8)
        self._admission = Admission(token)
        self._watchers: set[Watcher] = set()
        self._connections: set[asyncio.Task[None]] = set()
        self._run: Run | None = None
        self._begun: tuple[say.Begun, Recorder] | None = None
        self._state: say.RunState = "preparing"
        self._speed, self._speed_from = 0.0, (time.monotonic(), 0)
        #: What all watchers want to see, whether or not they wait for a frame.
        self._wishes = Watch()
        self._shown = 0.0
        self._turns = 0
        self._orders: Queue[say.Command] = Queue(MOST_ORDERS)
        self._pause_at = -1
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._thread = Thread(target=self._serve, name="run server")

    def start(self) -> None:
        family = socket.AF_INET6 if ":" in self.address.host else socket.AF_INET
        self._socket = socket.create_server((self.address.host, self.address.port), family=family)
        self.address = Address(self.address.host, self._socket.getsockname()[1])
        self._thread.start()

    # Called by the training loop

    def begin(self, run: Run) -> None:
        recorder = run.recorder
        project = packed(run.project)
        self._begun = (
            say.Begun(project, run.run, recorder.steps_per_epoch, recorder.validation_samples),
            recorder,
        )
        self._run = run
        self._soon(self._enter, "running")

    def take(self, frame: Frame | None) -> bool:
        run = self._run
        by_hand = run is not None and run.step == self._pause_at
        if frame is not None:
            self.watch = None
            self._soon(self._show, frame, by_hand)
        if by_hand:
            return self._pause(look=frame is None)
        return self._orders.empty() or self._obey()

    def end(
        self, how: Literal["finished", "stopped", "failed"], text: str = "", node: str | None = None
    ) -> None:
        """Serves on until all who watch have the last state, a few seconds at most."""
        if self._run is not None:
            with suppress(Exception):  # what cannot be flushed is the fault that is told
                self._run.flush()
        self._look(self._wishes)
        done = Event()
        self._soon(self._finish, say.Ended(how, text[:2000], node), done)
        done.wait(LINGER_SECONDS + 1)

    def close(self) -> None:
        if self._thread.is_alive():
            self._soon(self._closing.set)
            self._thread.join(JOIN_SECONDS)

    def _obey(self) -> bool:
        """What watchers asked of the loop. False when it is to end."""
        order = self._orders.get_nowait()
        return self._pause() if order == "pause" else order != "stop"

    def _pause(self, *, look: bool = True) -> bool:
        """Hold the loop until a watcher lets it go on. False when it is to end."""
        run = self._run
        assert run is not None
        self._pause_at = -1
        run.flush()
        self._soon(self._enter, "paused")
        if look:
            self._look(self._wishes)
        order = self._wait_for_order()
        if order == "step":
            self._pause_at = run.step + 1
            self.watch = self._wishes  # a step made by hand is always shown
        self._soon(self._enter, "running")
        return order != "stop"

    def _wait_for_order(self) -> say.Command:
        while self._thread.is_alive():
            with suppress(Empty):
                order = self._orders.get(timeout=PAUSED_SECONDS)
                if order != "pause":
                    return order
            if self.watch is not None:
                self._look(self.watch)
        return "resume"  # nobody is left who could say so

    def _look(self, watch: Watch) -> None:
        """A frame between two steps."""
        self.watch = None
        if self._run is not None and self._watchers:
            with suppress(Exception):  # a network that failed has nothing to show
                self._soon(self._show, self._run.look(watch), True)

    def _soon(self, call: Callable[..., object], *arguments: Any) -> None:
        with suppress(RuntimeError):  # it is closed already
            self._loop.call_soon_threadsafe(call, *arguments)

    # In the server's thread

    def _serve(self) -> None:
        try:
            self._loop.run_until_complete(self._main())
        finally:
            self._loop.close()

    async def _main(self) -> None:
        server = await asyncio.start_server(self._connected, sock=self._socket)
        telling = asyncio.create_task(self._tell())
        await self._closing.wait()
        server.close()
        tasks = {telling, *self._connections}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        line = Line(reader, writer)
        try:
            if await self._admission.admit(line, full=len(self._watchers) >= MOST_WATCHERS):
                await self._attend(Watcher(line))
        except (TimeoutError, ProtocolError, OSError):
            pass  # a stranger who speaks another language, or a watcher who is gone or stuck
        except asyncio.CancelledError:
            pass  # the server closes; nobody waits for this task to say so
        finally:
            line.abort()
            self._connections.discard(task)

    async def _attend(self, watcher: Watcher) -> None:
        """Everything with one watcher, until it goes or the run has ended."""
        watcher.line.trust()
        await watcher.line.send(say.Welcome(say.VERSION, self._id, self._control))
        self._watchers.add(watcher)
        watcher.tell(self._place())
        tasks = {
            asyncio.create_task(self._listen(watcher)),
            asyncio.create_task(watcher.write(lambda: self._begun)),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self._watchers.discard(watcher)
            self._wish()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, watcher: Watcher) -> None:
        while (message := await watcher.line.receive()) is not None:
            match message:
                case say.Follow():
                    watcher.follow(message)
                case say.Look():
                    watcher.watch = self._possible(message.watch)
                    self._wish()
                    if self._state == "paused":  # then a look costs no step
                        self.watch = self._wishes
                case say.Request():
                    watcher.waiting = True
                    self._loop.call_at(max(self._loop.time(), self._shown + SHORTEST), self._want)
                case say.Order() if self._control and not self._orders.full():
                    self._orders.put_nowait(message.command)

    def _possible(self, watch: Watch) -> Watch:
        """The watch with a sample that exists."""
        samples = self._begun[1].validation_samples if self._begun is not None else 0
        return replace(watch, sample=max(0, min(watch.sample, samples - 1)))

    def _wish(self) -> None:
        """Somebody looks at something else now, or went."""
        if self._watchers:
            self._wishes = merged([watcher.watch for watcher in self._watchers])
        if not any(watcher.waiting for watcher in self._watchers):
            self.watch = None

    def _want(self) -> None:
        """Ask the loop for a frame. Of what it shows only one of, the watchers get it in turn."""
        waiting = sorted((w for w in self._watchers if w.waiting), key=lambda watcher: watcher.turn)
        if waiting and self.watch is None and self._state == "running":
            self._turns += 1
            waiting[0].turn = self._turns
            self.watch = merged([watcher.watch for watcher in waiting])

    def _show(self, frame: Frame, to_all: bool) -> None:
        self._shown = self._loop.time()
        for watcher in self._watchers:
            if watcher.waiting or to_all:
                watcher.show(frame)

    async def _tell(self) -> None:
        """Where the run is, a few times a second."""
        while True:
            await asyncio.sleep(PLACE_SECONDS)
            self._enter(self._state)

    def _enter(self, state: say.RunState) -> None:
        self._state = state
        self._want()
        place = self._place()
        for watcher in self._watchers:
            watcher.tell(place)

    def _place(self) -> say.Place:
        run = self._run
        if run is None:
            return say.Place(self._state)
        now, step = time.monotonic(), run.step
        then, before = self._speed_from
        if now - then > 2 * PLACE_SECONDS:
            self._speed, self._speed_from = (step - before) / (now - then), (now, step)
        epochs = run.project.recipe.epochs
        return say.Place(
            self._state, step, run.total_steps, run.epoch, epochs, self._speed, str(run.device)
        )

    def _finish(self, ended: say.Ended, done: Event) -> None:
        self._enter("ended")
        for watcher in self._watchers:
            watcher.end(ended)
        task = self._loop.create_task(self._farewell(done))
        self._connections.add(task)

    async def _farewell(self, done: Event) -> None:
        """Until everybody has gone."""
        deadline = self._loop.time() + LINGER_SECONDS
        while self._watchers and self._loop.time() < deadline:
            await asyncio.sleep(0.02)
        done.set()
