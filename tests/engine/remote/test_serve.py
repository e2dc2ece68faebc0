"""What `main.py train --serve` says on standard error, and when it refuses."""

from __future__ import annotations

import socket

import pytest

from engine.command_line import parse
from engine.headless import run
from engine.remote.address import parse_link
from engine.remote.audience import Audience
from engine.remote.serve import audience_of
from engine.remote.server import RunServer
from tests.engine.remote.served import connected


def test_nobody_is_served_unless_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    with audience_of(parse(["train", "xor"])) as audience:
        assert type(audience) is Audience
        assert audience.watch is None
        assert audience.take(None)
    assert capsys.readouterr().err == ""


def test_the_line_that_is_printed_opens_the_door(capsys: pytest.CaptureFixture[str]) -> None:
    with audience_of(parse(["train", "xor", "--serve", "--control"])) as audience:
        assert isinstance(audience, RunServer)
        said = capsys.readouterr().err
        assert "warning" not in said
        address, token = parse_link(said.removeprefix("serving: "))
        assert len(token) >= 32
        with connected(address, token) as connection:
            assert connection.welcome.control


def test_two_runs_have_different_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    links = []
    for _ in range(2):
        with audience_of(parse(["train", "xor", "--serve"])):
            links.append(parse_link(capsys.readouterr().err.removeprefix("serving: ")))
    assert links[0][1] != links[1][1]


def test_serving_others_warns_that_nothing_is_encrypted(capsys: pytest.CaptureFixture[str]) -> None:
    with audience_of(parse(["train", "xor", "--serve", "0.0.0.0:0"])) as audience:
        assert isinstance(audience, RunServer)
        said = capsys.readouterr().err
        assert f"ssh -L {audience.address.port}:127.0.0.1" in said
        assert "not encrypted" in said
        assert parse_link(said.splitlines()[0].removeprefix("serving: "))[0].host != "0.0.0.0"


def test_an_address_that_is_taken_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert run(parse(["train", "xor", "--serve", str(port)])) == 2
    said = capsys.readouterr().err
    assert "cannot be served" in said
    assert "Choose another port" in said
