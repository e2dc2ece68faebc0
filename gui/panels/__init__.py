"""The live views of a training, one file a panel: `panel.py` is the base, every other file here has a
`PANEL`. They are imported after the window is on screen, since they bring pyqtgraph with them."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gui.panels.panel import Panel

#: Names of all panels: those of their files.
PANEL_NAMES = tuple(info.name for info in iter_modules(__path__) if info.name != "panel")


def panel_class(name: str) -> type[Panel]:
    """The panel of that name. Raises RuntimeError when its file does not declare it."""
    panel: type[Panel] | None = getattr(import_module(f"{__name__}.{name}"), "PANEL", None)
    if panel is None or panel.name != name:
        raise RuntimeError(f"gui/panels/{name}.py must have a PANEL with the name {name}")
    return panel
