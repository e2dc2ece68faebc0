"""Is there a screen? Then the window; else a word about the commands that need none."""

from __future__ import annotations

import os
import sys

from engine.command_line import USAGE
from engine.project.examples import find


def open_window(file: str) -> int:
    """Open `file` in a window. The exit status; 2 when there is no screen."""
    if not _has_screen():
        sys.stderr.write(
            "No display here. Without one you can use:\n"
            "  main.py train FILE | main.py info FILE | main.py predict FILE ...\n"
            "  main.py screenshot FILE --out PNG --train 10   (the window, off-screen)\n"
        )
        return USAGE
    from gui.application import run

    return run(find(file))


def _has_screen() -> bool:
    """Qt aborts the process when a display is missing, so this is asked before."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
