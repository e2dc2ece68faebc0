"""What several watchers want to see of one step, and what each of them gets of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from engine.telemetry.frame import Frame, Watch


def merged(watches: Sequence[Watch]) -> Watch:
    """What all of them ask for. Of what a step can show only once, such as the maps of one node, it is
    the first who gets it: whoever merges lets them take turns."""
    first, *others = watches
    values: dict[str, Any] = {}
    for field in fields(Watch):
        value = getattr(first, field.name)
        for other in others:
            also = getattr(other, field.name)
            if isinstance(value, bool | frozenset):
                value = value | also
            elif value is None:
                value = also
        values[field.name] = value
    return Watch(**values)


def share(frame: Frame, watch: Watch) -> Frame:
    """The frame without what somebody else asked for: maps of another node would be taken for ours."""
    histogram, maps = frame.histogram, frame.maps
    if histogram is not None and histogram.node != watch.histogram_node:
        histogram = None
    if maps is not None and (maps.node, maps.sample) != (watch.maps_node, watch.sample):
        maps = None
    thumbnails = {
        node: picture
        for node, picture in frame.thumbnails.items()
        if node in watch.thumbnails and picture.sample == watch.sample
    }
    return replace(frame, histogram=histogram, maps=maps, thumbnails=thumbnails)
