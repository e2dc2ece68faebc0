"""What a frame from elsewhere may hold before it is drawn: a server is believed as little as a file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TypeVar

from engine.telemetry.frame import FeatureMaps, Frame, Histogram
from engine.telemetry.thumbnail import Thumbnail

T = TypeVar("T")

#: Axes of a Thumbnail's values.
_AXES = {
    "image": 3,
    "maps": 3,
    "vector": 1,
    "classes": 1,
    "histogram": 1,
    "sequence": 2,
    "attention": 3,
    "boundary": 3,
    "regions": 3,
}
#: Larger arrays than these are reduced by every honest sender.
_LARGEST_PICTURE = 2**18
_LARGEST_SIDE, _MOST_MAPS, _MOST_BINS = 256, 64, 4096


def sound(frame: Frame, nodes: Collection[str]) -> Frame:
    """The frame without what could not be drawn, or belongs to no node of the network."""
    histogram, maps = frame.histogram, frame.maps
    return replace(
        frame,
        gradients=_of(nodes, frame.gradients),
        flow=_of(nodes, frame.flow),
        values=_of(nodes, frame.values),
        histogram=histogram if histogram is not None and _is_histogram(histogram) else None,
        maps=maps if maps is not None and _are_maps(maps) else None,
        thumbnails={
            node: picture
            for node, picture in frame.thumbnails.items()
            if node in nodes and _is_picture(picture)
        },
    )


def _of(nodes: Collection[str], values: Mapping[str, T]) -> dict[str, T]:
    return {node: value for node, value in values.items() if node in nodes}


def _is_histogram(histogram: Histogram) -> bool:
    counts, edges = histogram.counts, histogram.edges
    return counts.ndim == edges.ndim == 1 and 0 < len(counts) == len(edges) - 1 < _MOST_BINS


def _are_maps(maps: FeatureMaps) -> bool:
    shape = maps.values.shape
    return (
        maps.values.dtype.kind == "f"
        and len(shape) == 3
        and 0 < shape[0] <= _MOST_MAPS
        and all(0 < side <= _LARGEST_SIDE for side in shape[1:])
        and all(side > 0 for side in maps.image.shape)
    )


def _is_picture(picture: Thumbnail) -> bool:
    values = picture.values
    chosen = (picture.label, picture.predicted)
    return (
        values.dtype.kind == "f"
        and values.ndim == _AXES[picture.kind]
        and 0 < values.size <= _LARGEST_PICTURE
        and (picture.kind != "image" or len(values) in (1, 3))
        and (picture.kind != "classes" or all(at is None or 0 <= at < len(values) for at in chosen))
        and (not picture.names or len(picture.names) == len(values))
    )
