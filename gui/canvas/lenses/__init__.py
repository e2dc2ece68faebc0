"""What the canvas can show, one file a lens."""

from __future__ import annotations

from gui.canvas.lenses.cost import Flops, Memory, Parameters
from gui.canvas.lenses.gradients import Gradients
from gui.canvas.lenses.lens_kind import LensKind
from gui.canvas.lenses.structure import Structure
from gui.canvas.lenses.updates import Updates
from gui.canvas.lenses.values import Values

#: In the order of the menu.
LENSES: tuple[type[LensKind], ...] = (
    Structure,
    Parameters,
    Flops,
    Memory,
    Values,
    Gradients,
    Updates,
)
