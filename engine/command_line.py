"""The words of the command line. What they do lives in `engine.headless` and `gui`."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path

from engine import __version__
from engine.distributed.interval import Interval, parse_interval
from engine.remote.address import (
    LONGEST_TOKEN,
    LOOPBACK,
    SHORTEST_TOKEN,
    Address,
    parse_address,
    parse_token,
)

#: Exit codes.
DONE, FAULT, USAGE = 0, 1, 2

COMMANDS = ("train", "resume", "info", "screenshot", "predict", "selfcheck")
#: What opens when nothing is named.
FIRST_EXAMPLE = "mnist-cnn"
#: Seconds that a picture may be trained for.
LONGEST_PICTURE = 86_400


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The arguments as a namespace with `command`. Exits with 2 on wrong usage."""
    if not arguments or (arguments[0] not in COMMANDS and not arguments[0].startswith("-")):
        parser = argparse.ArgumentParser(prog="main.py", epilog=_more())
        parser.add_argument("file", nargs="?", default=FIRST_EXAMPLE, metavar="FILE")
        return argparse.Namespace(command="open", **vars(parser.parse_args(arguments)))
    return _commands().parse_args(arguments)


def _more() -> str:
    return "other commands: " + ", ".join(COMMANDS)


def _commands() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="main.py",
        description="Draw, train and see neural networks. With a FILE or nothing: open the window.",
        epilog="FILE may be the name of an example.",
    )
    parser.add_argument("--version", action="version", version=f"Backlit {__version__}")
    commands = parser.add_subparsers(dest="command", required=True)

    train = commands.add_parser("train", help="train a saved network without a screen")
    train.add_argument("file", metavar="FILE")
    train.add_argument("--epochs", type=_positive, help="instead of the file's number")
    train.add_argument("--seed", type=_natural, help="instead of the file's seed")
    train.add_argument("--device", default="", help="auto, cpu, cuda or mps; else the file's")
    train.add_argument("--out", type=Path, metavar="FILE", help="save the trained network here")
    train.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    _add_serving(train)
    train.add_argument(
        "--checkpoints",
        type=Path,
        metavar="FOLDER",
        help="keep the two newest states of the run here; with torchrun and --out also without this, "
        "beside the output",
    )
    train.add_argument(
        "--checkpoint-every",
        type=_interval,
        default=Interval(seconds=60),
        metavar="N",
        help="so many steps, or seconds: 500 or 30s (60s)",
    )
    train.add_argument(
        "--resume", action="store_true", help="go on from the newest state in --checkpoints"
    )
    train.add_argument(
        "--shard-optimizer",
        action="store_true",
        help="with torchrun: each process keeps a part of the optimizer's state",
    )
    train.add_argument("--no-history", action="store_true", help="leave no run in the history")

    resume = commands.add_parser("resume", help="go on with a run that was interrupted, exactly")
    resume.add_argument("run", nargs="?", default="last", metavar="RUN", help="its id; else the newest")
    resume.add_argument("--device", default="", help="auto, cpu, cuda or mps")
    resume.add_argument("--out", type=Path, metavar="FILE", help="save the trained network here")
    resume.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    _add_serving(resume)

    info = commands.add_parser("info", help="shapes, parameters and problems of a saved network")
    info.add_argument("file", metavar="FILE")
    info.add_argument("--json", action="store_true")

    screenshot = commands.add_parser("screenshot", help="the main window as a picture, off-screen")
    screenshot.add_argument("file", metavar="FILE")
    screenshot.add_argument("--out", type=Path, required=True, metavar="PNG")
    screenshot.add_argument("--train", type=_seconds, default=0.0, metavar="SECONDS")
    screenshot.add_argument("--theme", choices=("light", "dark"), default="light")
    screenshot.add_argument("--size", type=_size, default=(1440, 900), metavar="WxH")

    predict = commands.add_parser("predict", help="run a batch through a saved network")
    predict.add_argument("file", metavar="FILE")
    predict.add_argument("--input", type=Path, required=True, metavar="X.npy")
    predict.add_argument("--out", type=Path, required=True, metavar="Y.npy")

    commands.add_parser("selfcheck", help="does everything Backlit needs work on this machine?")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 to 1,000,000")
    return int(text)


def _add_serving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--serve",
        type=_address,
        nargs="?",
        const=Address(),
        metavar="ADDRESS",
        help="let a window attach to the run: HOST:PORT or PORT, this machine only by default",
    )
    parser.add_argument("--token", type=_token, help="what who attaches must know; else a new one")
    parser.add_argument(
        "--control", action="store_true", help="who attaches may also pause, step and stop the run"
    )


def _address(text: str) -> Address:
    try:
        return parse_address(text)
    except ValueError as error:
        message = f"{text} is not an address such as {LOOPBACK}:0 or 5678"
        raise argparse.ArgumentTypeError(message) from error


def _token(text: str) -> str:
    try:
        return parse_token(text)
    except ValueError as error:
        message = f"a token has {SHORTEST_TOKEN} to {LONGEST_TOKEN} letters, digits or signs, no spaces"
        raise argparse.ArgumentTypeError(message) from error


def _interval(text: str) -> Interval:
    try:
        return parse_interval(text)
    except ValueError as error:
        message = f"{text} is not a number of steps or seconds such as 500 or 30s"
        raise argparse.ArgumentTypeError(message) from error


def _natural(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**32:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number from 0 to 4,294,967,295")
    return int(text)


def _seconds(text: str) -> float:
    with contextlib.suppress(ValueError):
        if 0 <= float(text) <= LONGEST_PICTURE:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text} is not a number from 0 to {LONGEST_PICTURE:,}")


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdecimal() and height.isdecimal() and 0 < int(width) <= 16384):
        raise argparse.ArgumentTypeError(f"{text} is not a size such as 1440x900")
    if not 0 < int(height) <= 16384:
        raise argparse.ArgumentTypeError(f"{text} is not a size such as 1440x900")
    return int(width), int(height)
