"""What `main.py train --serve` asks for, and what it says about it."""

from __future__ import annotations

import argparse
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from engine.remote.address import Address, link
from engine.remote.audience import Audience


class CannotServe(Exception):
    """The address cannot be taken; the text says why and what to do."""


@contextmanager
def audience_of(arguments: argparse.Namespace) -> Iterator[Audience]:
    """Whoever is to watch the run of these arguments. Raises CannotServe."""
    if arguments.serve is None:
        yield Audience()
        return
    from engine.remote.server import RunServer  # and asyncio with it

    token = arguments.token or secrets.token_urlsafe(24)
    server = RunServer(arguments.serve, token, control=arguments.control)
    try:
        server.start()
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotServe(
            f"{arguments.serve} cannot be served: {reason}. Choose another port, or port 0 for one "
            "that is free."
        ) from error
    # On standard error: standard output belongs to the results.
    _say(f"serving: {link(_to_reach(server.address), token)}")
    if not server.address.is_loopback:
        _say(
            "warning: what is served is not encrypted. Whoever reads the network sees the token and "
            "the run. Better serve this machine only and go through ssh:\n"
            f"  ssh -L {server.address.port}:127.0.0.1:{server.address.port} HOST"
        )
    try:
        yield server
    except KeyboardInterrupt:
        server.end("stopped")
        raise
    finally:
        server.close()


def _to_reach(address: Address) -> Address:
    """Served on every interface, it is found under the name of this machine."""
    everywhere = address.host in ("0.0.0.0", "::")
    return Address(socket.gethostname(), address.port) if everywhere else address


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()
