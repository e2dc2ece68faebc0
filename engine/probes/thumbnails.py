"""What is drawn small of a node: decided by what it is and by the shape of what it makes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.build.module import Ran
from engine.build.operations import MultiheadAttention
from engine.probes.activations import reduced
from engine.probes.sample import SIDE, Sample
from engine.telemetry.thumbnail import Kind, Thumbnail, has_thumbnail

MOST_MAPS = 4
MAP_SIDE = 32  #: pixels a side of a map
MOST_UNITS = 64  #: of a vector; of a longer one the distribution is drawn
BINS = 32
LONGEST, WIDEST = 96, 32  #: steps and features of a sequence

Values = NDArray[np.float32]


def thumbnails(
    ran: Mapping[str, Ran], nodes: Iterable[str], last: str | None, sample: Sample
) -> dict[str, Thumbnail]:
    """Of those of `nodes` that ran on `sample` and make something to draw. `last`: the node that the
    loss is taken of, if there is one."""
    found = {node: thumbnail(ran[node], sample, last=node == last) for node in nodes if node in ran}
    return {node: made for node, made in found.items() if made is not None}


@torch.no_grad()
def thumbnail(ran: Ran, sample: Sample, *, last: bool = False) -> Thumbnail | None:
    """Small and copied; None when there is nothing to draw."""
    size = tuple(ran.output.shape[1:])
    kind = kind_of(ran.kind, size, planar=sample.point is not None, last=last)
    if kind is None:
        return None
    values, low, high = _small(kind, _drawn(kind, ran))
    named = len(sample.classes) == size[0] if last and len(size) == 1 else False
    return Thumbnail(
        kind,
        values,
        size,
        low,
        high,
        sample.number,
        ran.trained,
        sample.classes if named else (),
        sample.label if last else None,
        int(ran.output[0].argmax()) if last else None,
        sample.point if kind in ("boundary", "regions") else None,
    )


def kind_of(layer: str, size: tuple[int, ...], *, planar: bool, last: bool) -> Kind | None:
    """What to draw of a node of this kind whose output for a sample has this size. planar: the
    network's input is a point of the plane."""
    if not has_thumbnail(layer) or not math.prod(size):
        return None
    if layer == "MultiheadAttention":
        return "attention"
    if len(size) == 3 and layer == "Input" and size[0] in (1, 3):
        return "image"
    if len(size) == 3 and size[1] * size[2] > 1:
        return "maps"
    if len(size) == 2:
        return "sequence"
    if planar and len(size) == 1:
        return "regions" if last and size[0] > 1 else "boundary"
    if not size or math.prod(size) > min(size[0], MOST_UNITS):
        return "histogram"
    return "classes" if last or layer == "Softmax" else "vector"


def _drawn(kind: Kind, ran: Ran) -> Tensor:
    """The numbers that the picture is of, still as large as they are."""
    output = ran.output.detach()
    if kind == "attention":
        assert isinstance(ran.layer, MultiheadAttention)
        return ran.layer.attention(*(None if x is None else x[:1] for x in ran.inputs))[0]
    if kind == "boundary":
        return _over_plane(output[1:, :MOST_MAPS])
    if kind == "regions":
        grid = output[1:].float()
        return _over_plane(grid if ran.kind == "Softmax" else grid.softmax(dim=1))
    if kind in ("vector", "classes"):
        return output[0].flatten()
    return output[0]


def _over_plane(answers: Tensor) -> Tensor:
    """(SIDE², k) as (k, SIDE, SIDE)."""
    return answers.T.reshape(-1, SIDE, SIDE)


def _small(kind: Kind, drawn: Tensor) -> tuple[Values, float, float]:
    """The values of the picture, and the range of what it is of."""
    if kind == "histogram":
        return _shares(drawn)
    if kind == "sequence":
        size = (min(drawn.shape[0], LONGEST), min(drawn.shape[1], WIDEST))
        values = _copy(functional.interpolate(drawn.float()[None, None], size, mode="area")[0, 0])
    elif kind in ("image", "maps", "attention"):
        values = reduced(drawn[:MOST_MAPS], MAP_SIDE)
    else:
        values = _copy(drawn)
    return values, *_range(values)


def _shares(drawn: Tensor) -> tuple[Values, float, float]:
    values = drawn.float().cpu().numpy().ravel()
    values = values[np.isfinite(values)]
    low, high = _range(values)
    edges = (low, high) if high > low else (low - 0.5, low + 0.5)
    counts, _ = np.histogram(values, BINS, edges)
    shares: Values = (counts / max(len(values), 1)).astype(np.float32)
    shares.flags.writeable = False
    return shares, low, high


def _range(values: Values) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _copy(values: Tensor) -> Values:
    result: Values = values.to(torch.float32).cpu().contiguous().numpy().copy()
    result.flags.writeable = False
    return result
