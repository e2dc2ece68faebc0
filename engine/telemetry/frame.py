"""What a watcher asks for, and the picture of one training step that it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.telemetry.thumbnail import Thumbnail

if TYPE_CHECKING:  # numpy comes in after the window
    from numpy.typing import NDArray

Array: TypeAlias = "NDArray[Any]"


@dataclass(frozen=True)
class Watch:
    """What the screen shows now; the engine computes nothing else. Hidden panels ask for nothing.

    histogram_node: node whose weight gradient is drawn as a histogram.
    maps_node: convolution or pooling node whose feature maps are shown for validation sample
        number `sample`.
    thumbnails: nodes that show a small live picture of their output for the same sample.
    gradients: norms per layer and along the links.
    values: how large the output of each node is.
    """

    histogram_node: str | None = None
    maps_node: str | None = None
    sample: int = 0
    thumbnails: frozenset[str] = frozenset()
    gradients: bool = False
    values: bool = False


@dataclass(frozen=True)
class LayerGradient:
    """Norms over all parameters of one node at one step.

    gradient: ‖dE/dw‖. weight: ‖w‖ before the step. update: ‖Δw‖ that the optimizer made.
    """

    gradient: float
    weight: float
    update: float

    @property
    def ratio(self) -> float:
        """‖Δw‖ / ‖w‖; about 1e-3 is healthy for most networks."""
        return self.update / self.weight if self.weight > 0 else 0.0


@dataclass(frozen=True)
class Histogram:
    """Counts (bins,) between edges (bins + 1,) of all entries of dE/dw of one node."""

    node: str
    counts: Array
    edges: Array


@dataclass(frozen=True)
class FeatureMaps:
    """Output of one node for one sample, float32 (channels, height, width), reduced for the screen
    to at most 64 channels of 256 x 256. `channels` and `size` say what it was before."""

    node: str
    sample: int
    values: Array
    channels: int
    size: tuple[int, int]
    image: Array
    label: int
    predicted: int


@dataclass(frozen=True)
class Frame:
    """One training step as seen from outside. Arrays are copies and read-only.

    flow: ‖dE/da‖ for the output a of each node, in the order of the forward pass; `flow_reference`
    is that of the network's output, against which health is judged.
    values: root mean square of the output of each node over the batch.
    """

    run: int
    step: int
    epoch: int
    gradients: Mapping[str, LayerGradient] = field(default_factory=dict)
    flow: Mapping[str, float] = field(default_factory=dict)
    flow_reference: float = 0.0
    values: Mapping[str, float] = field(default_factory=dict)
    histogram: Histogram | None = None
    maps: FeatureMaps | None = None
    thumbnails: Mapping[str, Thumbnail] = field(default_factory=dict)
