"""What a folded section says is in it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from engine.data import SOURCES
from engine.project.project import Project
from engine.recipe.recipe import Recipe
from gui.inspector.fields import value_text


def summaries(project: Project) -> dict[str, str]:
    """By the name of the section."""
    recipe = project.recipe
    return {
        "optimizer": recipe.optimizer.option.title,
        "rate": _rate(recipe),
        "length": length_text(recipe),
        "loss": ", ".join(choice.option.title for choice in (recipe.loss, *recipe.metrics)),
        "regularization": _regularization(recipe),
        "data": data_title(project),
        "start": _tr("seed {0}").format(recipe.seed),
        "device": "{0}, {1}".format(recipe.device, recipe.precision),
    }


def training_lines(project: Project) -> tuple[str, ...]:
    """The recipe in a few lines."""
    recipe = project.recipe
    steps = _tr("{0}, learning rate {1}").format(recipe.optimizer.option.title, _rate(recipe))
    return data_title(project), steps, length_text(recipe)


def data_title(project: Project) -> str:
    known = SOURCES.get(project.data.source)
    return project.data.source[:80] if known is None else known.title


def length_text(recipe: Recipe) -> str:
    """`5 epochs in batches of 32`."""
    if recipe.steps:
        count, batch = format(recipe.steps, ","), format(recipe.batch_size, ",")
        return _tr("{0} steps of {1}").format(count, batch)
    text = _tr("{0} epochs, batches of {1}")
    return text.format(format(recipe.epochs, ","), format(recipe.batch_size, ","))


def _rate(recipe: Recipe) -> str:
    return "{0}, {1}".format(value_text(recipe.learning_rate), recipe.schedule.option.title.lower())


def _regularization(recipe: Recipe) -> str:
    said: tuple[tuple[float, Callable[[], str]], ...] = (
        (recipe.clip_norm, lambda: _tr("norm ≤ {0}").format(value_text(recipe.clip_norm))),
        (recipe.clip_value, lambda: _tr("entries ≤ {0}").format(value_text(recipe.clip_value))),
        (recipe.ema_decay, lambda: _tr("EMA {0}").format(value_text(recipe.ema_decay))),
        (recipe.patience, lambda: _tr("early stopping")),
    )
    return ", ".join(text() for value, text in said if value) or _tr("off")


def _tr(text: str) -> str:
    return QCoreApplication.translate("recipe", text)
