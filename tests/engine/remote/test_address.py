"""Addresses, tokens, and the one line that holds both."""

from __future__ import annotations

import pytest

from engine.command_line import parse
from engine.remote.address import Address, link, parse_address, parse_link, parse_token


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("5678", Address("127.0.0.1", 5678)),
        (":0", Address("127.0.0.1", 0)),
        ("0.0.0.0:80", Address("0.0.0.0", 80)),
        ("node-7.cluster:1234", Address("node-7.cluster", 1234)),
        ("[::1]:9", Address("::1", 9)),
        (" localhost:1 ", Address("localhost", 1)),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    "text",
    ["", "host", "host:", "host:x", "a b:1", "h:65536", "h:-1", "h:1/2", "[zz]:1", "h:٣", "a@b:1"],
)
def test_no_addresses(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        parse_address(text)


def test_the_line_that_is_printed_can_be_pasted() -> None:
    for address in (Address("127.0.0.1", 5), Address("::1", 6), Address("gpu.example", 7)):
        assert parse_link(f"  {link(address, 'a-long_token')}\n") == (address, "a-long_token")
    for text in ("http://h:1/#a-long_token", "backlit://h:1", "backlit://h:1/#short", "backlit://#x"):
        with pytest.raises(ValueError):  # noqa: PT011
            parse_link(text)


def test_who_can_reach_it() -> None:
    inside = ("127.0.0.1", "::1", "localhost", "127.1.2.3")
    assert all(Address(host).is_loopback for host in inside)
    assert not any(Address(host).is_loopback for host in ("0.0.0.0", "::", "example.com", "10.0.0.1"))


def test_tokens() -> None:
    assert parse_token("x" * 8) == "x" * 8
    for text in ("x" * 7, "x" * 201, "with space", "ümlautümlaut", "line\nline"):
        with pytest.raises(ValueError):  # noqa: PT011
            parse_token(text)


def test_the_command_line_serves_this_machine_by_default() -> None:
    assert parse(["train", "xor"]).serve is None
    assert parse(["train", "xor", "--serve"]).serve == Address("127.0.0.1", 0)
    assert parse(["train", "xor", "--serve", "5678"]).serve == Address("127.0.0.1", 5678)
    assert not parse(["train", "xor", "--serve"]).control
    for wrong in (["--serve", "nowhere"], ["--token", "short"]):
        with pytest.raises(SystemExit):
            parse(["train", "xor", *wrong])
