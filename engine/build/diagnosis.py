"""Everything that is to be said about a project before it is trained, in one report."""

from __future__ import annotations

from dataclasses import replace

from engine.build.blocks import at_origin, with_blocks
from engine.build.path import blocking, training_problems, weight_problems
from engine.build.report import ShapeReport
from engine.build.shapes import ShapeInference
from engine.data import DataError, source_of
from engine.network.expand import expand
from engine.project.project import Project, Weights


class Diagnosis:
    """Shapes, wrong shapes with their causes, and what is missing for training on the chosen data."""

    def __init__(self) -> None:
        self._inference = ShapeInference()

    def of(self, project: Project, weights: Weights) -> ShapeReport:
        expansion = expand(project.network)
        network = expansion.network
        report = self._inference.report(network)
        problems = [*expansion.problems, *report.problems]
        in_the_way = [
            *expansion.problems,
            *blocking(network, report.problems, project.recipe.output_losses),
        ]
        try:
            source = source_of(project.data)
        except DataError as error:
            problems.append(error.problem)
            in_the_way.append(error.problem)
        else:
            # What follows from a wrong shape is not said a second time.
            if network.nodes and not in_the_way:
                in_the_way += training_problems(
                    network, report, source.sample, len(source.classes), source.title, project.recipe
                )
                problems += in_the_way
        problems += weight_problems(network, report, weights)
        return replace(
            report,
            nodes=with_blocks(project.network, expansion, report.nodes),
            problems=at_origin(expansion, problems),
            blocking=at_origin(expansion, in_the_way),
        )
