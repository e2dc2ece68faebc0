"""What a layer declares about itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from engine.network.layers.parameter import Parameter

Family = Literal[
    "input",
    "linear",
    "convolution",
    "pooling",
    "normalization",
    "activation",
    "regularization",
    "tensor",
    "recurrent",
    "structure",
]

#: Families in the order of the palette, with their titles.
FAMILIES: Mapping[Family, str] = {
    "input": "Input",
    "linear": "Linear",
    "convolution": "Convolution",
    "pooling": "Pooling",
    "normalization": "Normalization",
    "activation": "Activation",
    "regularization": "Regularization",
    "recurrent": "Recurrent and attention",
    "tensor": "Tensor operations",
    "structure": "Blocks and notes",
}

#: The axes of an image batch, in PyTorch's order.
IMAGE = ("batch", "channel", "height", "width")


@dataclass(frozen=True)
class Layer:
    """One layer type.

    kind: its name, PyTorch's where it has one; also the kind of its nodes in a file.
    torch: dotted name of the class, resolved only when a module is built; "" for what has none.
    parameters: what the user sets, by PyTorch's names.
    inferred: constructor arguments read off the incoming tensor: name -> axis.
    input_axes: the axes the layer insists on (their number is checked); () takes any tensor.
    fixed: constructor arguments that are always the same.
    formula: what it computes, in Unicode mathematics.
    optional_inputs: ports that need no link.
    input_dtype: kind of the numbers it insists on, by PyTorch's name; "" takes any that PyTorch takes.
    """

    kind: str
    family: Family
    torch: str
    formula: str
    help: str
    parameters: tuple[Parameter, ...] = ()
    inferred: Mapping[str, int] = field(default_factory=dict)
    input_axes: tuple[str, ...] = ()
    fixed: Mapping[str, object] = field(default_factory=dict)
    inputs: tuple[str, ...] = ("in",)
    outputs: tuple[str, ...] = ("out",)
    takes_many: bool = False
    optional_inputs: tuple[str, ...] = ()
    input_dtype: str = ""
    keywords: tuple[str, ...] = field(default=())

    @property
    def computes(self) -> bool:
        """Whether it is part of the computation, unlike a block, a port of one, or a comment."""
        return self.family != "structure"

    def parameter(self, name: str) -> Parameter | None:
        return next((p for p in self.parameters if p.name == name), None)
