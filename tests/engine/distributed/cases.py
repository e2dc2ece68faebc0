"""What one process and two are to make the same of. As a program: train each of them as one of the
processes that torchrun started, and leave the weights in a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from engine.distributed.launch import leave
from engine.project.project import Project
from engine.recipe.recipe import DataChoice, Recipe
from engine.training.trainer import Trainer
from engine.training.world import World
from tests.networks import chain, points_project

_SGD = {"kind": "SGD", "parameters": {"momentum": 0.9}}


def _points(**recipe: Any) -> Project:
    return points_project(**{"epochs": 2, "learning_rate": 0.05, **recipe})


def _normalized() -> Project:
    """Batch normalization, in maps; the last batch has 2 samples, too few to share."""
    network = chain(
        ("Input", {}),
        ("Conv2d", {"out_channels": 4, "kernel_size": 5, "stride": 3}),
        ("BatchNorm2d", {}),
        ("ReLU", {}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
    )
    recipe = Recipe(batch_size=1333, epochs=1, optimizer=_SGD, learning_rate=0.05)
    return Project(network, recipe, DataChoice())


def cases() -> dict[str, Project]:
    balanced = {"kind": "cross_entropy", "parameters": {"weight": (0.2, 3.0)}}
    return {
        "plain": _points(),
        "uneven": _points(batch_size=29, optimizer=_SGD),
        "updates": _points(accumulate=2, clip_norm=0.1, ema_decay=0.9, validate_every=4, patience=2),
        "weighted": _points(loss=balanced, metrics=("accuracy", "perplexity", "f1", "auroc")),
        "pairs": _points(loss="cosine_embedding_loss"),
        "closure": _points(optimizer="LBFGS", epochs=1, batch_size=100, learning_rate=0.01),
        "frozen": _points(frozen=("linear-1",)),
        "normalized": _normalized(),
    }


#: Those whose optimizer's state is spread.
SHARDED = ("uneven", "updates", "normalized")


def trained(project: Project, world: World) -> dict[str, Any]:
    """Weights and validations by name."""
    trainer = Trainer(project, {}, "cpu", world=world)
    while not trainer.finished:
        trainer.advance()
    found: dict[str, Any] = dict(trainer.weights())
    for at, validation in enumerate(trainer.recorder.validations):
        for name, value in (*validation.validation.items(), *validation.train.items()):
            found[f"{at} {name}"] = np.float64(value)
    return found


def main(folder: Path) -> None:
    from engine.distributed.group import joined

    with joined() as group:
        for name, project in cases().items():
            np.savez(folder / f"{name} {group.rank}.npz", **trained(project, group))
        group.shard_optimizer = True
        for name in SHARDED:
            found = trained(cases()[name], group)
            np.savez(folder / f"{name} sharded {group.rank}.npz", **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
    leave(0)
