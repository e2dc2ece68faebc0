"""One connection of the server: messages in and out, each within a bounded time."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

from engine.remote.messages import FROM_WATCHER
from engine.remote.protocol import STRANGER, WATCHER, Decoder, encode

#: s for a message that has begun to end, and for one that is sent to get away.
MESSAGE_SECONDS = 15.0
SEND_SECONDS = 30.0
#: s that the other side has to hang up after the last word.
FAREWELL_SECONDS = 2.0
_PIECE = 2**16


class Line:
    """Raises ProtocolError for what is no message, TimeoutError for what takes too long, and OSError
    when the other side is gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = Decoder(FROM_WATCHER, STRANGER)
        self._received: deque[Any] = deque()
        writer.transport.set_write_buffer_limits(high=_PIECE)
        self.peer = str((writer.get_extra_info("peername") or ("?",))[0])

    def trust(self) -> None:
        """It has the token: its messages may be larger."""
        self._decoder.limits = WATCHER

    async def receive(self) -> Any:
        """The next message; None when there will be no more."""
        while not self._received:
            if not self._decoder.pending:
                await self._more()
            else:  # one byte now and then is no progress: the whole message has to be here in time
                async with asyncio.timeout(MESSAGE_SECONDS):
                    await self._rest()
            if self._reader.at_eof():
                break
        return self._received.popleft() if self._received else None

    async def _rest(self) -> None:
        while not self._received and not self._reader.at_eof():
            await self._more()

    async def _more(self) -> None:
        self._received.extend(self._decoder.feed(await self._reader.read(_PIECE)))

    async def send(self, message: Any) -> None:
        """Returns when nearly all of it is on its way, so that nothing piles up here."""
        self._writer.write(encode(message))
        async with asyncio.timeout(SEND_SECONDS):
            await self._writer.drain()

    async def farewell(self) -> None:
        """Wait until the other side has read all and hangs up: closed before, the last word is lost."""
        with suppress(TimeoutError, OSError):
            self._writer.write_eof()
            async with asyncio.timeout(FAREWELL_SECONDS):
                while not self._reader.at_eof():
                    await self._reader.read(_PIECE)

    def abort(self) -> None:
        self._writer.transport.abort()
