"""What can change while a run goes on; everything else waits for the next one."""

from __future__ import annotations

from engine.network.model import Network
from engine.recipe.recipe import Recipe

#: Fields of the recipe that take effect at the next step. Of the optimizer its parameters do, too.
LIVE_FIELDS = frozenset(
    {
        "learning_rate",
        "schedule",
        "warmup_steps",
        "clip_norm",
        "clip_value",
        "patience",
        "batch_size",
        "epochs",
        "steps",
        "validate_every",
        "frozen",
    }
)
#: Parameters of layers, by kind.
LIVE_PARAMETERS = {"Dropout": frozenset({"p"})}


def is_live(field: str) -> bool:
    """Whether a field, or the parameters of the choice that it is, can change while a run goes on."""
    return field == "optimizer" or field in LIVE_FIELDS


def waits(field: str, began: Recipe, now: Recipe) -> bool:
    """Whether a plain field is another one than the run began with, and waits for the next run."""
    return field not in LIVE_FIELDS and bool(getattr(began, field) != getattr(now, field))


def live_values(network: Network) -> dict[tuple[str, str], object]:
    """The parameters of layers that can change while a run goes on, by node and name."""
    return {
        (node.id, name): node.parameters.get(name)
        for node in network.nodes.values()
        for name in LIVE_PARAMETERS.get(node.kind, ())
    }
