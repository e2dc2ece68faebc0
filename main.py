"""Backlit: a light table for neural networks. Arguments in, one thing done."""

from __future__ import annotations

import sys


def main() -> int:
    from engine.command_line import parse

    arguments = parse(sys.argv[1:])
    match arguments.command:
        case "open":
            from gui.start import open_window

            return open_window(arguments.file)
        case "screenshot":
            from gui.screenshot import screenshot

            return screenshot(arguments)
        case "selfcheck":
            from gui.selfcheck import selfcheck

            return selfcheck()
        case _:
            from engine.headless import run

            return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
