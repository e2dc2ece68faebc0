"""Changes of training images that leave their class as it is."""

from __future__ import annotations

from engine.recipe.option import Option

AUGMENTATIONS: dict[str, Option] = {}
