"""Does everything Backlit needs work on this machine? One line a check."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from engine.command_line import DONE, FAULT


def selfcheck() -> int:
    """Print a line for each check; 0 when all passed, else 1."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    checks: tuple[tuple[str, Callable[[], str]], ...] = (
        ("versions", _versions),
        ("examples open", _examples),
        ("save and open", _round_trip),
        ("window draws", _window_draws),
        ("None keeps its references", _references),
        ("training", _training),
    )
    passed = True
    for name, check in checks:
        try:
            result, mark = check(), "ok  "
        except Exception as error:  # a check may fail in any way; that is what it is for
            result, mark, passed = f"{type(error).__name__}: {error}", "FAIL", False
        sys.stdout.write(f"{mark} {name}: {result}\n")
    return DONE if passed else FAULT


def _versions() -> str:
    import pyqtgraph
    import PySide6
    import torch

    from engine.training.device import available_devices

    python = ".".join(map(str, sys.version_info[:3]))
    return (
        f"Python {python}, PySide6 {PySide6.__version__}, pyqtgraph {pyqtgraph.__version__}, "
        f"torch {torch.__version__} on {', '.join(available_devices())}"
    )


def _examples() -> str:
    from engine.build.diagnosis import Diagnosis
    from engine.project.examples import STRUCTURES, example_names, find
    from engine.project.project_file import read

    for name in example_names():
        opened = read(find(name))
        problems = Diagnosis().of(opened.project, opened.weights).problems
        if opened.repairs or (problems and name not in STRUCTURES):
            raise RuntimeError(f"{name} has problems: {problems or opened.repairs}")
    return ", ".join(example_names())


def _round_trip() -> str:
    from engine.project.examples import find
    from engine.project.project_file import read, write

    before = read(find("xor"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "copy.backlit"
        write(path, before.project, before.weights)
        if read(path).project != before.project:
            raise RuntimeError("a saved network came back changed")
    return "identical"


def _window_draws() -> str:
    from gui.application import make_application

    application = make_application(sys.argv[:1])
    return f"{application.platformName()}, font {application.font().family()}"


def _references() -> str:
    """PySide6 6.12.0 on Python 3.11 loses a reference to None at nearly every call."""
    from PySide6.QtWidgets import QGraphicsRectItem

    item = QGraphicsRectItem()
    before = sys.getrefcount(None)
    for place in range(500):
        item.setPos(place, place)
    lost = before - sys.getrefcount(None)
    if lost > 50:
        raise RuntimeError(f"500 calls lost {lost} references; use PySide6 6.11.2 to 6.11.x")
    return "500 calls lost none"


def _training() -> str:
    from engine.project.examples import find
    from engine.project.project_file import read
    from engine.training.trainer import Trainer

    trainer = Trainer(read(find("xor")).project, {})
    for _ in range(100):
        trainer.advance()
    trainer.flush()
    losses = trainer.recorder.scalars["loss"].view().mean
    return f"100 steps, loss {losses[0]:.3f} to {losses[-1]:.3f} on {trainer.device}"
