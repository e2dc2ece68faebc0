"""For all tests: no screen, the program's own fonts and theme, settings of their own, and garbage
collected on this thread only, as in the program."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(scope="session")
def qapp_cls() -> type:
    """pytest-qt makes the application; it is prepared as the program prepares its own."""
    from PySide6.QtWidgets import QApplication

    from gui.application import prepare

    class PreparedApplication(QApplication):
        def __init__(self, arguments: list[str]) -> None:
            super().__init__(arguments)
            prepare(self)

    return PreparedApplication


@pytest.fixture(autouse=True)
def collect_here(request: pytest.FixtureRequest) -> Iterator[None]:
    if not {"qtbot", "qapp"} & set(request.fixturenames):
        yield
        return
    gc.disable()
    yield
    gc.collect(1)
    gc.enable()


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKLIT_CONFIG", str(tmp_path / "settings"))
    monkeypatch.setenv("BACKLIT_DATA", str(tmp_path / "data"))
