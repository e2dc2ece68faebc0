"""One watcher of a served run: what it wants to see, and what it still has to get."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from engine.remote import messages as say
from engine.remote.line import Line
from engine.remote.mirror import Reading
from engine.remote.wishes import share
from engine.telemetry.frame import Frame, Watch
from engine.telemetry.recorder import Recorder

#: s between two looks into the recorder.
NEWS_SECONDS = 0.1


class Watcher:
    """Has room for one frame, the newest. Of the scalars it has only a place in the recorder: those are
    read when they can be sent."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.watch = Watch()
        #: Whether it asked for a frame that it has not got, and when it was last first in turn.
        self.waiting = False
        self.turn = 0
        self._known: say.Follow | None = None
        self._frame: Frame | None = None
        self._place: say.Place | None = None
        self._ended: say.Ended | None = None
        self._wake = asyncio.Event()

    def follow(self, known: say.Follow) -> None:
        if self._known is None:
            self._known = known
            self._wake.set()

    def show(self, frame: Frame) -> None:
        self.waiting = False
        self._frame = frame
        self._wake.set()

    def tell(self, place: say.Place) -> None:
        self._place = place
        self._wake.set()

    def end(self, ended: say.Ended) -> None:
        self._ended = ended
        self._wake.set()

    async def write(self, begun: Callable[[], tuple[say.Begun, Recorder] | None]) -> None:
        """Send whatever there is to send, until the run has ended and all of it was sent."""
        while self._known is None or begun() is None:
            if self._ended is not None:
                break
            await self._pause()
            await self._send_place()
        found = begun()
        if found is not None and self._known is not None:
            await self.line.send(found[0])
            await self._send_run(Reading(found[1], self._known))
        assert self._ended is not None
        await self.line.send(self._ended)
        await self.line.farewell()

    async def _send_run(self, reading: Reading) -> None:
        while True:
            ended = self._ended  # before the news are read: then nothing comes after them
            while (news := reading.news()) is not None:
                await self.line.send(news)
            frame, self._frame = self._frame, None
            if frame is not None:
                await self.line.send(say.Shown(share(frame, self.watch)))
            await self._send_place()
            if ended is not None and self._frame is None:
                return
            await self._pause()

    async def _send_place(self) -> None:
        place, self._place = self._place, None
        if place is not None:
            await self.line.send(place)

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(NEWS_SECONDS):
                await self._wake.wait()
        self._wake.clear()
