"""Thumbnails of a project that is being drawn: real data through the network as it stands."""

from __future__ import annotations

import torch

from engine.build.module import Ran
from engine.build.path import Path, find_path
from engine.build.preview import MOST_NODES, Preview
from engine.data import DataError, load, source_of
from engine.network.expand import expand
from engine.network.model import Network
from engine.probes.sample import Sample, Samples
from engine.probes.thumbnails import thumbnail
from engine.project.project import Project, Weights
from engine.recipe.recipe import DataChoice
from engine.telemetry.thumbnail import Previews, Thumbnail


class Previewer:
    """Remembers data, outputs and thumbnails. Not for several threads at once."""

    def __init__(self) -> None:
        self._preview = Preview()
        self._data: tuple[DataChoice, Samples] | None = None
        self._sample: Sample | None = None
        self._drawn: dict[Ran, tuple[bool, Thumbnail | None]] = {}

    def of(self, request: int, project: Project, weights: Weights, number: int) -> Previews:
        """By the ids of the nodes that the user drew: of a repeated block the first copy."""
        if len(project.network.nodes) > MOST_NODES:
            return Previews(request)
        try:
            samples = self._samples(project.data)
        except DataError:
            return Previews(request)
        if self._sample is None or self._sample.number != samples.take(number).number:
            self._sample = samples.take(number)
        sample = self._sample
        network = expand(project.network).network
        ran = self._preview.of(network, sample.x, weights, project.recipe.seed)
        last = _last(network)
        drawn = {
            node: self._thumbnail(ran[node], sample, last=node == last)
            for node in ran
            if node in project.network.nodes
        }
        self._drawn = {ran[node]: (node == last, made) for node, made in drawn.items()}
        found = {node: made for node, made in drawn.items() if made is not None}
        return Previews(request, found, sample.number, len(samples))

    def _samples(self, choice: DataChoice) -> Samples:
        if self._data is None or self._data[0] != choice:
            data, classes = load(choice), source_of(choice).classes
            x, labels = torch.from_numpy(data.val_x.copy()), torch.from_numpy(data.val_y.copy())
            self._data, self._sample = (choice, Samples(x, labels, classes)), None
        return self._data[1]

    def _thumbnail(self, ran: Ran, sample: Sample, *, last: bool) -> Thumbnail | None:
        """The same object for what has not changed: whoever shows it need not draw it again."""
        before = self._drawn.get(ran)
        if before is not None and before[0] == last:
            return before[1]
        return thumbnail(ran, sample, last=last)


def _last(network: Network) -> str | None:
    path = find_path(network)
    return path.output if isinstance(path, Path) else None
