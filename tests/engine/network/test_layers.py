"""Declarations say what PyTorch says."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from engine.network.layers import FAMILIES, LAYERS, Layer

#: All of them, in no order.
EXPECTED = {
    "Input",
    "Linear",
    "Conv2d",
    "MaxPool2d",
    "AvgPool2d",
    "Flatten",
    "BatchNorm2d",
    "Dropout",
    "ReLU",
    "LeakyReLU",
    "GELU",
    "Sigmoid",
    "Tanh",
    "Softmax",
    "Add",
    "Concat",
    "AdaptiveAvgPool2d",
    "LayerNorm",
    "Embedding",
    "PositionalEmbedding",
    "MultiheadAttention",
    "Block",
    "BlockInput",
    "BlockOutput",
    "Comment",
    "Frame",
}
every_layer = pytest.mark.parametrize("layer", LAYERS.values(), ids=lambda layer: layer.kind)


def test_all_layers_are_found() -> None:
    assert set(LAYERS) == EXPECTED


@every_layer
def test_defaults_fit_their_own_range(layer: Layer) -> None:
    for parameter in layer.parameters:
        assert parameter.complaint(parameter.default) is None, parameter.name
        assert parameter.help


@every_layer
def test_it_has_help_formula_and_family(layer: Layer) -> None:
    assert layer.help and (layer.formula or layer.family == "structure")
    assert layer.family in FAMILIES


@every_layer
def test_names_are_those_of_the_torch_class(layer: Layer) -> None:
    if not layer.torch:
        return
    module, _, name = layer.torch.rpartition(".")
    signature = inspect.signature(getattr(import_module(module), name))
    given = {parameter.name for parameter in layer.parameters}
    assert given | set(layer.inferred) | set(layer.fixed) <= set(signature.parameters)


@pytest.mark.parametrize(
    ("kind", "name", "bad"),
    [
        ("Linear", "out_features", 0),
        ("Linear", "out_features", 1e12),
        ("Linear", "out_features", True),
        ("Linear", "out_features", "64"),
        ("Conv2d", "kernel_size", -3),
        ("Conv2d", "kernel_size", (3, 0)),
        ("Conv2d", "kernel_size", (3, 3, 3)),
        ("Conv2d", "stride", 0),
        ("Conv2d", "groups", 0),
        ("Dropout", "p", 2.0),
        ("Dropout", "p", float("nan")),
        ("Input", "shape", ()),
        ("Input", "shape", (1, -28)),
    ],
)
def test_impossible_values_are_refused(kind: str, name: str, bad: object) -> None:
    parameter = LAYERS[kind].parameter(name)
    assert parameter is not None
    assert parameter.complaint(bad) is not None
