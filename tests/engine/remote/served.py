"""A run that is served, in a thread of this process; watchers as simple as can be."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from types import TracebackType
from typing import Any, Self, TypeVar

from engine.project.project import Project
from engine.remote.address import Address
from engine.remote.client import Bell, Connection
from engine.remote.server import RunServer
from engine.training.trainer import Trainer

TOKEN = "a-token-for-tests"
SECONDS = 15
M = TypeVar("M")


class Served:
    """Trains `project` as `main.py train --serve` does, until it ends or the block does."""

    def __init__(self, project: Project, *, port: int = 0, control: bool = False) -> None:
        self.server = RunServer(Address(port=port), TOKEN, control=control)
        self.trainer = Trainer(project, {})
        self.error: Exception | None = None
        #: Set it, and the run fails with these words at this node.
        self.failure: tuple[str, str] | None = None
        self._leave = False
        self._thread = Thread(target=self._train)

    @property
    def address(self) -> Address:
        return self.server.address

    def __enter__(self) -> Self:
        self.server.start()
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._leave = True
        self.server.close()
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()
        if self.error is not None:
            raise self.error

    def join(self) -> None:
        """Until the run has ended by itself."""
        self._thread.join(SECONDS)
        assert not self._thread.is_alive()

    def break_off(self) -> None:
        """As if the process had been killed: nobody is told anything."""
        self.__exit__()

    def _train(self) -> None:
        server, trainer = self.server, self.trainer
        try:
            server.begin(trainer)
            while not self._leave:
                if self.failure is not None:
                    server.end("failed", *self.failure)
                    return
                if not server.take(trainer.advance(server.watch)):
                    server.end("stopped")
                    return
        except StopIteration:
            server.end("finished")
        except Exception as error:  # for the test to see
            self.error = error


@contextmanager
def connected(address: Address, token: str = TOKEN) -> Iterator[Connection]:
    bell = Bell()
    connection = Connection(address, token, bell, lambda: False)
    try:
        yield connection
    finally:
        connection.close()
        bell.close()


def receive(connection: Connection, kind: type[M], accept: Callable[[M], bool] = lambda _: True) -> M:
    """The next message of this kind that is accepted; others are dropped."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found: list[Any] = list(connection.receive(0.2))
        for message in found:
            if isinstance(message, kind) and accept(message):
                return message
    raise AssertionError(f"no {kind.__name__} came")


def receive_until(connection: Connection, last: type) -> list[Any]:
    """All messages up to one of this kind."""
    found: list[Any] = []
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for message in connection.receive(0.2):
            found.append(message)
            if isinstance(message, last):
                return found
    raise AssertionError(f"no {last.__name__} came")
