"""Which layers a tensor fits, and which usually come next: from the declarations, without inference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.network.layers import LAYERS, Family, Layer

#: What usually follows a layer of a family, the likeliest first: behind an image, and behind a vector
#: or a sequence. Layers that are not named here come after these, in the order of the palette.
_AFTER_IMAGE: Mapping[Family, tuple[str, ...]] = {
    "input": ("Conv2d", "Flatten", "BatchNorm2d"),
    "convolution": ("ReLU", "BatchNorm2d", "MaxPool2d", "Conv2d", "LeakyReLU", "GELU"),
    "normalization": ("ReLU", "Conv2d", "MaxPool2d", "LeakyReLU", "GELU", "Add"),
    "activation": ("MaxPool2d", "Conv2d", "Flatten", "AvgPool2d", "Dropout", "AdaptiveAvgPool2d"),
    "pooling": ("Conv2d", "Flatten", "Dropout", "BatchNorm2d"),
    "regularization": ("Conv2d", "Flatten", "MaxPool2d"),
    "tensor": ("ReLU", "Conv2d", "BatchNorm2d", "MaxPool2d", "AdaptiveAvgPool2d", "Flatten"),
}
_AFTER_OTHERS: Mapping[Family, tuple[str, ...]] = {
    "input": ("Linear", "LayerNorm"),
    "linear": ("ReLU", "Softmax", "Dropout", "GELU", "LayerNorm", "MultiheadAttention", "Linear"),
    "convolution": ("ReLU", "BatchNorm2d", "MaxPool2d", "Conv2d"),
    "normalization": ("MultiheadAttention", "Linear", "ReLU", "GELU"),
    "activation": ("Linear", "Dropout", "LayerNorm"),
    "pooling": ("Conv2d", "Flatten", "Dropout"),
    "regularization": ("Linear", "Add", "Flatten"),
    "recurrent": ("Add", "LayerNorm", "Dropout", "Linear"),
    "tensor": ("Linear", "LayerNorm", "ReLU", "Dropout", "Softmax"),
}
_IMAGE_AXES = 4


@dataclass(frozen=True)
class Tensor:
    """What is at hand: sizes without the batch axis (None: not known), kind of its numbers, and the
    family of the layer that makes it."""

    shape: tuple[int, ...] | None
    dtype: str = "float32"
    family: Family = "tensor"


def fits(layer: Layer, tensor: Tensor) -> bool:
    """Whether the layer can take such a tensor, as far as its declaration says. Sizes may still be
    wrong: a kernel larger than the image, for one."""
    if tensor.shape is None:
        return True
    if layer.input_dtype and layer.input_dtype != tensor.dtype:
        return False
    return not layer.input_axes or len(layer.input_axes) == len(tensor.shape) + 1


def successors(tensor: Tensor) -> tuple[Layer, ...]:
    """Every layer that takes an input, the likeliest successor first."""
    image = tensor.shape is not None and len(tensor.shape) == _IMAGE_AXES - 1
    usual = (_AFTER_IMAGE if image else _AFTER_OTHERS).get(tensor.family, ())

    def rank(layer: Layer) -> tuple[bool, bool, int, bool]:
        """One that wants just this kind of number comes before all others; of those that are not
        usual, one that wants just these axes."""
        wanted = tensor.dtype != "float32" and layer.input_dtype == tensor.dtype
        return not fits(layer, tensor), not wanted, _place(layer, usual), not layer.input_axes

    return tuple(sorted(_computing("inputs"), key=rank))


def predecessors(layer: Layer | None) -> tuple[Layer, ...]:
    """Every layer that gives an output, the likeliest to stand before `layer` first."""
    if layer is None:
        return _computing("outputs")
    after = _AFTER_IMAGE if len(layer.input_axes) == _IMAGE_AXES else _AFTER_OTHERS

    def rank(other: Layer) -> tuple[bool, int]:
        keeps = not layer.input_axes or len(other.input_axes) in (0, len(layer.input_axes))
        return not keeps, _place(layer, after.get(other.family, ()))

    return tuple(sorted(_computing("outputs"), key=rank))


def _computing(ports: str) -> tuple[Layer, ...]:
    return tuple(layer for layer in LAYERS.values() if layer.computes and getattr(layer, ports))


def _place(layer: Layer, usual: tuple[str, ...]) -> int:
    return usual.index(layer.kind) if layer.kind in usual else len(LAYERS)
