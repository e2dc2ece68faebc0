"""One connection to a served run, for one thread that waits for it; any thread may wake that one."""

from __future__ import annotations

import errno
import os
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Literal

from engine.remote import messages as say
from engine.remote.address import Address
from engine.remote.codec import ProtocolError
from engine.remote.protocol import SERVER, Decoder, encode

CONNECT_SECONDS = 6.0
#: A server says something four times a second; after so long without a word it is gone.
SILENCE_SECONDS = 15.0
#: More than this that a server does not take is no congestion any more.
MOST_UNSENT = 4 * 2**20
_PIECE = 2**18

Code = Literal[
    "unknown_host",
    "unreachable",
    "no_answer",
    "not_backlit",
    "lost",
    "token",
    "too_often",
    "version",
    "full",
    "protocol",
    "bad_project",
    "other_run",
]


class ConnectionFailed(Exception):
    """`code` says why there is no connection, `detail` what the system or the check said."""

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(code)
        self.code: Code = code
        self.detail = detail


class Cancelled(Exception):
    """It is not wanted any more."""


class Bell:
    """Ends a wait of another thread."""

    def __init__(self) -> None:
        self._in, self._out = socket.socketpair()
        self._in.setblocking(False)
        self._out.setblocking(False)

    def fileno(self) -> int:
        return self._out.fileno()

    def ring(self) -> None:
        with suppress(OSError):  # rung often enough already, or closed
            self._in.send(b"!")

    def hush(self) -> None:
        with suppress(OSError):
            while self._out.recv(4096):
                pass

    def wait(self, seconds: float) -> None:
        select.select([self], [], [], seconds)
        self.hush()

    def close(self) -> None:
        self._in.close()
        self._out.close()


class Connection:
    """Raises ConnectionFailed, and Cancelled as soon as `cancelled` says so after the bell was rung.

    welcome: what the server said to the token."""

    def __init__(self, address: Address, token: str, bell: Bell, cancelled: Callable[[], bool]) -> None:
        self._bell = bell
        self._cancelled = cancelled
        self._decoder = Decoder(say.FROM_SERVER, SERVER)
        self._received: deque[Any] = deque()
        self._unsent = bytearray()
        self._heard = time.monotonic()
        self._socket = self._connect(address)
        try:
            self.send(say.Hello(say.VERSION, token))
            self.welcome = self._wait_for_welcome()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._socket.close()

    def send(self, message: Any) -> None:
        """It goes out during the next `receive`."""
        self._unsent += encode(message)
        if len(self._unsent) > MOST_UNSENT:
            raise ConnectionFailed("lost")

    def receive(self, seconds: float) -> Iterator[Any]:
        """What has come by then, or as soon as something comes or the bell rings."""
        if not self._received:
            self._wait(seconds)
        while self._received:  # whoever stops in between finds the others the next time
            yield self._received.popleft()

    def _wait(self, seconds: float) -> None:
        writing = [self._socket] if self._unsent else []
        reading: list[Any] = [self._socket, self._bell]
        readable, writable, _ = select.select(reading, writing, [], seconds)
        self._check()
        if writable:
            self._write()
        if self._socket in readable:
            self._read()
        elif time.monotonic() - self._heard > SILENCE_SECONDS:
            raise ConnectionFailed("lost")

    def _write(self) -> None:
        try:
            sent = self._socket.send(self._unsent)
        except BlockingIOError:
            return
        except OSError as error:
            raise ConnectionFailed("lost", _reason(error)) from error
        del self._unsent[:sent]

    def _read(self) -> None:
        try:
            data = self._socket.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError as error:
            raise ConnectionFailed("lost", _reason(error)) from error
        if not data:
            raise ConnectionFailed("lost")
        self._heard = time.monotonic()
        try:
            self._received.extend(self._decoder.feed(data))
        except ProtocolError as error:
            raise ConnectionFailed("not_backlit", str(error)) from error

    def _wait_for_welcome(self) -> say.Welcome:
        deadline = time.monotonic() + CONNECT_SECONDS
        while time.monotonic() < deadline:
            for message in self.receive(0.5):
                if isinstance(message, say.Refused):
                    raise ConnectionFailed(message.reason, str(message.version))
                if isinstance(message, say.Welcome):
                    return message
                raise ConnectionFailed("not_backlit")
        raise ConnectionFailed("no_answer")

    def _connect(self, address: Address) -> socket.socket:
        family, place = self._resolve(address)
        plug = socket.socket(family, socket.SOCK_STREAM)
        try:
            plug.setblocking(False)
            number = plug.connect_ex(place)
            if number == errno.EINPROGRESS:
                number = self._connected(plug)
            if number:
                raise ConnectionFailed("unreachable", os.strerror(number))
            plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            plug.close()
            raise
        return plug

    def _connected(self, plug: socket.socket) -> int:
        """Wait for it; the number of what went wrong, or 0."""
        deadline = time.monotonic() + CONNECT_SECONDS
        while time.monotonic() < deadline:
            _, writable, _ = select.select(
                [self._bell], [plug], [], max(deadline - time.monotonic(), 0)
            )
            self._check()
            if writable:
                return plug.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        raise ConnectionFailed("no_answer")

    def _resolve(self, address: Address) -> tuple[socket.AddressFamily, Any]:
        """A name is looked up by another thread: nothing could end that wait."""
        found: SimpleQueue[Any] = SimpleQueue()

        def look_up() -> None:
            try:
                found.put(socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM))
            except (OSError, UnicodeError) as error:
                found.put(error)

        Thread(target=look_up, name="name look-up", daemon=True).start()
        deadline = time.monotonic() + CONNECT_SECONDS
        while time.monotonic() < deadline:
            self._check()
            with suppress(Empty):
                answer = found.get(timeout=0.1)
                if isinstance(answer, Exception):
                    raise ConnectionFailed("unknown_host") from answer
                family, _, _, _, place = answer[0]
                return family, place
        raise ConnectionFailed("unknown_host")

    def _check(self) -> None:
        self._bell.hush()
        if self._cancelled():
            raise Cancelled


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
