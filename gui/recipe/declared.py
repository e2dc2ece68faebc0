"""The plain fields of a recipe as the form shows them: bounds from the model, words from here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import get_args

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

from engine.network.layers import Parameter
from engine.network.layers.parameter import ParameterType
from engine.recipe.recipe import Recipe

#: So far below a bound that is excluded lies the largest number that a field takes.
_BELOW = 1e-6
_TYPES: dict[object, ParameterType] = {int: "int", float: "float", bool: "bool"}


def _(text: str) -> str:
    return str(QT_TRANSLATE_NOOP("recipe", text))


@dataclass(frozen=True)
class Field:
    """title: how it is called in the form. zero: what 0 means, when it is no number like others."""

    title: str
    help: str
    zero: str = ""


FIELDS = {
    "learning_rate": Field(_("learning rate"), _("How far an update goes. Too large: the loss jumps.")),
    "warmup_steps": Field(
        _("warm-up"), _("Updates in which the rate rises from 0 to its full size."), _("none")
    ),
    "batch_size": Field(_("batch size"), _("Samples that are computed together in one step.")),
    "epochs": Field(_("epochs"), _("How often the run goes through all training samples.")),
    "steps": Field(
        _("steps"), _("Batches after which the run ends, whatever the epochs."), _("by epochs")
    ),
    "accumulate": Field(
        _("accumulation"), _("Batches whose gradients are averaged before one update.")
    ),
    "clip_norm": Field(
        _("clip norm"), _("A gradient whose norm is larger is scaled down to it."), _("off")
    ),
    "clip_value": Field(_("clip value"), _("Each entry of the gradient is cut off here."), _("off")),
    "ema_decay": Field(
        _("EMA decay"),
        _("Memory of a moving average of the weights, which is validated instead of them."),
        _("off"),
    ),
    "patience": Field(
        _("early stopping"), _("Validations without a better loss after which the run ends."), _("off")
    ),
    "shuffle": Field(_("shuffle"), _("Another order of the samples in each epoch.")),
    "validation_share": Field(
        _("validation share"),
        _("Part of the training samples that is held back to validate on, 0 to 0.9."),
        _("as it comes"),
    ),
    "validate_every": Field(_("validate every"), _("Steps between two validations."), _("epoch")),
    "seed": Field(_("seed"), _("Another seed, other initial weights and another order of samples.")),
    "precision": Field(_("precision"), _("Of forward and backward pass. The weights stay float32.")),
    "compile": Field(
        _("compile"), _("torch.compile makes kernels of the network first, where it can.")
    ),
}


def parameter_of(name: str) -> Parameter:
    """A field of the recipe as a parameter."""
    info = Recipe.model_fields[name]
    text = QCoreApplication.translate("recipe", FIELDS[name].help)
    kind = _TYPES.get(info.annotation)
    if kind is None:
        return Parameter(name, "choice", info.default, text, choices=get_args(info.annotation))
    bounds = {
        sign: getattr(bound, sign)
        for bound in info.metadata
        for sign in ("ge", "gt", "le", "lt")
        if hasattr(bound, sign)
    }
    below = 1 if kind == "int" else _BELOW
    least = bounds.get("ge", bounds["gt"] + below if "gt" in bounds else -math.inf)
    most = bounds.get("le", bounds["lt"] - below if "lt" in bounds else math.inf)
    return Parameter(name, kind, info.default, text, least, most)
