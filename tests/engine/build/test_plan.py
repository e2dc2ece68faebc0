"""The cheaper pass gives the same numbers, to the last bit."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from engine.build.plan import Call, cheaper
from engine.network.edits import Connect
from engine.network.model import Link
from engine.project.project import Project
from engine.recipe.recipe import DataChoice, Recipe
from engine.training.build import build_module
from tests.networks import add, chain, seed_cnn


@pytest.mark.parametrize("kernel_size", [2, 3])
def test_heads_and_gradients_are_those_of_the_watched_pass(kernel_size: int) -> None:
    network = chain(
        ("Input", {}),
        ("Conv2d", {"out_channels": 8, "kernel_size": 3}),
        ("BatchNorm2d", {}),
        ("ReLU", {}),
        ("MaxPool2d", {"kernel_size": kernel_size, "padding": 1}),
        ("Conv2d", {"out_channels": 4, "kernel_size": 3}),
        ("ReLU", {}),
        ("Flatten", {}),
        ("Linear", {"out_features": 10}),
    )
    module = build_module(Project(network, Recipe(), DataChoice()))
    torch.manual_seed(1)
    x, y = torch.randn(16, 1, 28, 28), torch.arange(16) % 10
    gradients = []
    for keep in (None, {}):
        module.zero_grad()
        scores = module.scores(x, keep)
        functional.cross_entropy(scores, y).backward()
        gradients.append([scores.detach(), *(p.grad.clone() for p in module.parameters())])
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


def test_pools_come_before_relu_in_the_digit_network() -> None:
    module = build_module(Project(seed_cnn(), Recipe(), DataChoice()))
    kinds = [call.kind for call in module._cheaper]
    assert kinds[1:7] == ["Conv2d", "MaxPool2d", "ReLU", "Conv2d", "MaxPool2d", "ReLU"]
    assert [call.forward is functional.relu_ for call in module._cheaper].count(True) == 4


def test_what_others_read_is_left_as_it_is() -> None:
    """The convolution is added to its own ReLU, and that is read by the pooling as well."""
    network = chain(("Input", {}), ("Conv2d", {"out_channels": 2, "kernel_size": 1}), ("ReLU", {}))
    network, _ = add(network, "MaxPool2d", "relu-1")
    network, total = add(network, "Add", "conv2d-1")
    network = Connect(Link("relu-1", total)).apply(network)
    calls = (
        Call(0, "Conv2d", functional.relu, ()),
        Call(1, "ReLU", functional.relu, (0,)),
        Call(2, "MaxPool2d", functional.relu, (1,)),
        Call(3, "Add", functional.relu, (0, 1)),
    )
    assert cheaper(calls, (2, 3)) == calls
    assert cheaper(calls[:2], (0, 1)) == calls[:2], "nor is what a loss takes"
