"""The live views of a training, one file a panel.

`PANELS` is filled from the modules of this folder: a new panel is a new file with a `PANEL`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from gui.panels.panel import Panel

__all__ = ["PANELS", "Panel"]


def _collect() -> Mapping[str, type[Panel]]:
    found: dict[str, type[Panel]] = {}
    for info in iter_modules(__path__):
        panel = getattr(import_module(f"{__name__}.{info.name}"), "PANEL", None)
        if panel is None:
            continue
        if panel.name in found:
            raise RuntimeError(f"the panel {panel.name} is declared twice")
        found[panel.name] = panel
    return dict(sorted(found.items(), key=lambda item: item[1].order))


#: Panel classes by `Panel.name`, in the order of the View menu.
PANELS: Mapping[str, type[Panel]] = _collect()
