"""What nodes put out: how large it is over a batch, and the feature maps of one sample."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.telemetry.frame import FeatureMaps

LARGEST_MAP = 256  #: pixels a side sent to the screen
MOST_MAPS = 64


def feature_maps(
    node: str, sample: int, kept: Mapping[str, Tensor], x: Tensor, label: int, predicted: int
) -> FeatureMaps | None:
    """The maps of `node`, whose output in `kept` is (1, channels, height, width); None when it makes
    no maps."""
    output = kept.get(node)
    if output is None or output.dim() != 4:
        return None
    channels, height, width = output.shape[1:]
    values = reduced(output[0, :MOST_MAPS], LARGEST_MAP)
    image = reduced(x[0], LARGEST_MAP) if x.dim() == 4 else x.cpu().numpy()
    return FeatureMaps(node, sample, values, channels, (height, width), image, label, predicted)


def output_rms(kept: Mapping[str, Tensor]) -> dict[str, float]:
    """Root mean square of each node's output over the batch. One transfer for all of them."""
    outputs = {node: output.detach() for node, output in kept.items() if output.numel()}
    if not outputs:
        return {}
    # The norm makes no tensor of squares beside the output, which may be large.
    norms = torch._foreach_norm(
        [output if output.is_floating_point() else output.float() for output in outputs.values()]
    )
    values = torch.stack(list(norms)).tolist()
    return {
        node: norm / output.numel() ** 0.5
        for (node, output), norm in zip(outputs.items(), values, strict=True)
    }


def reduced(maps: Tensor, side: int) -> NDArray[np.float32]:
    """Maps (channels, height, width) no larger than `side`, by area mean; a copy, read-only."""
    height, width = maps.shape[-2:]
    if max(height, width) > side:
        scale = side / max(height, width)
        size = (max(1, round(height * scale)), max(1, round(width * scale)))
        maps = functional.interpolate(maps.float()[None], size, mode="area")[0]
    values: NDArray[np.float32] = maps.to(torch.float32).cpu().contiguous().numpy().copy()
    values.flags.writeable = False
    return values
