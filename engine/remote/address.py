"""Where a run is served: HOST:PORT, and with its token one line to copy.

backlit://127.0.0.1:41234/#a-long-random-token
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

LOOPBACK = "127.0.0.1"
SCHEME = "backlit://"
#: What `secrets.token_urlsafe` may give, and no shorter than anybody should choose.
SHORTEST_TOKEN, LONGEST_TOKEN = 8, 200


@dataclass(frozen=True)
class Address:
    """port: 0 lets the system choose one."""

    host: str = LOOPBACK
    port: int = 0

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether nobody but this machine can reach it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_address(text: str) -> Address:
    """HOST:PORT, :PORT or PORT; an IPv6 host stands in brackets. Raises ValueError."""
    host, _, port = text.strip().rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        host = str(ipaddress.IPv6Address(host[1:-1]))
    elif not all(part.isascii() and (part.isalnum() or part in "-._") for part in host):
        raise ValueError(text)
    if not (port.isascii() and port.isdecimal()) or int(port[:6]) > 65535 or len(host) > 253:
        raise ValueError(text)
    return Address(host or LOOPBACK, int(port))


def parse_token(text: str) -> str:
    """Raises ValueError for what no server takes."""
    if not SHORTEST_TOKEN <= len(text) <= LONGEST_TOKEN or not text.isascii() or not text.isprintable():
        raise ValueError("a token of that length or with such characters")
    if " " in text:
        raise ValueError("a token with a space")
    return text


def link(address: Address, token: str) -> str:
    """The one line that says all that is needed to attach."""
    return f"{SCHEME}{address}/#{token}"


def parse_link(text: str) -> tuple[Address, str]:
    """The inverse of `link`. Raises ValueError."""
    text = text.strip()
    if not text.startswith(SCHEME):
        raise ValueError(text)
    address, _, token = text.removeprefix(SCHEME).partition("#")
    return parse_address(address.rstrip("/")), parse_token(token)
