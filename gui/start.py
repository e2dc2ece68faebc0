"""Is there a screen? Then the window; else a word about the commands that need none."""

from __future__ import annotations

import ctypes
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
    """Whether a display answers. Qt aborts the process when none does, so this is asked before."""
    chosen = os.environ.get("QT_QPA_PLATFORM", "")
    if not sys.platform.startswith("linux") or (chosen and chosen not in ("xcb", "wayland")):
        return True
    return (bool(os.environ.get("WAYLAND_DISPLAY")) and _wayland_answers()) or (
        bool(os.environ.get("DISPLAY")) and _x_answers()
    )


def _x_answers() -> bool:
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True  # whether Qt finds its own is for Qt to say
    xcb.xcb_connect.restype = ctypes.c_void_p
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return not failed


def _wayland_answers() -> bool:
    try:
        wayland = ctypes.CDLL("libwayland-client.so.0")
    except OSError:
        return True
    wayland.wl_display_connect.restype = ctypes.c_void_p
    connection = wayland.wl_display_connect(None)
    if connection:
        wayland.wl_display_disconnect(ctypes.c_void_p(connection))
    return bool(connection)
