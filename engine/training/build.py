"""From a project to the module that is trained."""

from __future__ import annotations

from engine.build.blocks import at_origin
from engine.build.module import NetworkModule
from engine.build.path import Path, blocking, find_path, training_problems
from engine.build.shapes import ShapeInference
from engine.data import source_of
from engine.network.expand import expand
from engine.project.project import Project
from engine.recipe.losses import LOSSES
from engine.training.fault import TrainingError


def build_module(project: Project) -> NetworkModule:
    """The project's module on the CPU with PyTorch's initial numbers. Raises TrainingError naming
    the first problem that stands in the way."""
    expansion = expand(project.network)
    network, recipe = expansion.network, project.recipe
    report = ShapeInference().report(network)
    source = source_of(project.data)
    problems = (
        expansion.problems
        or blocking(network, report.problems, recipe.output_losses)
        or training_problems(network, report, source.sample, len(source.classes), source.title, recipe)
    )
    if problems:
        raise TrainingError(at_origin(expansion, problems)[0])
    path = find_path(network, recipe.output_losses)
    assert isinstance(path, Path)  # otherwise training_problems had said so
    endings = {output: LOSSES[recipe.loss_of(output).kind].ending for output in path.outputs}
    return NetworkModule(network, path, report, endings)
