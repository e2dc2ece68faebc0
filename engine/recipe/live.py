"""What can change while a run goes on; everything else waits for the next one."""

from __future__ import annotations

from engine.network.model import Network
from engine.recipe.recipe import Recipe

#: Fields of the recipe. Of the optimizer its parameters, not its kind.
LIVE_FIELDS = frozenset(
    {"learning_rate", "optimizer", "batch_size", "clip_norm", "clip_value", "frozen"}
)
#: Parameters of layers, by kind.
LIVE_PARAMETERS = {"Dropout": frozenset({"p"})}


def waits(field: str, began: Recipe, now: Recipe) -> bool:
    """Whether a field is another one than the run began with, and has to wait for the next run."""
    before, after = getattr(began, field), getattr(now, field)
    if field == "optimizer":
        return bool(before.kind != after.kind)
    return field not in LIVE_FIELDS and before != after


def live_values(network: Network) -> dict[tuple[str, str], object]:
    """The parameters of layers that can change while a run goes on, by node and name."""
    return {
        (node.id, name): node.parameters.get(name)
        for node in network.nodes.values()
        for name in LIVE_PARAMETERS.get(node.kind, ())
    }
