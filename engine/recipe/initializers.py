"""Where weights begin."""

from __future__ import annotations

from engine.recipe.option import Option

INITIALIZERS = {
    option.kind: option for option in (Option("default", "PyTorch's own", "What each layer chooses."),)
}
