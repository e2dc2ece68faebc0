"""Who may watch: those with the token, and not too many."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections import OrderedDict, deque

from engine.remote import messages as say
from engine.remote.line import Line

MOST_STRANGERS = 16
#: s for a stranger to say hello.
HELLO_SECONDS = 5.0
#: So many wrong tokens from one host in so many seconds; then it has to wait. Each costs a while, too.
MOST_WRONG = 5
WRONG_SECONDS = 60.0
WRONG_DELAY = 0.5
#: Hosts that are remembered.
MOST_HOSTS = 1000


class Admission:
    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._strangers = 0
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()

    async def admit(self, line: Line, *, full: bool) -> bool:
        """Whether the other side may watch; when not, it is told why."""
        if self._strangers >= MOST_STRANGERS:
            return False
        self._strangers += 1
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                hello = await line.receive()
            reason = await self._judge(hello, line.peer)
            if reason is None and full:
                reason = "full"
            if reason is not None:
                await line.send(say.Refused(reason, say.VERSION))
                await line.farewell()
        finally:
            self._strangers -= 1
        return reason is None

    async def _judge(self, hello: object, host: str) -> say.Reason | None:
        if not isinstance(hello, say.Hello):
            return "protocol"
        if hello.version != say.VERSION:
            return "version"
        wrong = self._wrong.get(host, deque())
        if len(wrong) == MOST_WRONG and time.monotonic() - wrong[0] < WRONG_SECONDS:
            return "too_often"
        if hmac.compare_digest(hello.token.encode(), self._token):
            return None
        self._remember(host)
        await asyncio.sleep(WRONG_DELAY)
        return "token"

    def _remember(self, host: str) -> None:
        self._wrong.setdefault(host, deque(maxlen=MOST_WRONG)).append(time.monotonic())
        self._wrong.move_to_end(host)
        if len(self._wrong) > MOST_HOSTS:
            self._wrong.popitem(last=False)
