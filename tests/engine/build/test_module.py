"""The module that a network means, against PyTorch written by hand."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from engine.build.module import NetworkModule, NodeError
from engine.build.path import Path, find_path
from engine.build.shapes import ShapeInference
from engine.network.model import Network
from tests.networks import add, chain, mlp, seed_cnn


def build(network: Network) -> NetworkModule:
    path = find_path(network)
    assert isinstance(path, Path)
    return NetworkModule(network, path, ShapeInference().report(network))


def test_the_seed_network_is_the_plain_sequential_one() -> None:
    """Same seed, same initial numbers, same output, bit for bit."""
    torch.manual_seed(3)
    ours = build(seed_cnn())
    torch.manual_seed(3)
    plain = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(576, 64),
        nn.ReLU(),
        nn.Linear(64, 10),
        nn.Softmax(1),
    )
    x = torch.randn(4, 1, 28, 28)
    assert torch.equal(ours(x), plain(x))


def test_branches_meet_again() -> None:
    """Add and Concat over a skip connection and three branches."""
    network = chain(("Input", {"shape": (4, 8, 8)}), ("Conv2d", {"out_channels": 4, "padding": 1}))
    network, skip = add(network, "Add", "conv2d-1", "input-1")
    network, left = add(network, "ReLU", skip)
    network, right = add(network, "Tanh", skip)
    network, _ = add(network, "Concat", right, left, "input-1")
    ours = build(network)
    x = torch.randn(2, 4, 8, 8)
    total = ours.layer("conv2d-1")(x) + x
    expected = torch.cat([torch.tanh(total), torch.relu(total), x], dim=1)
    assert torch.equal(ours(x), expected)


def test_cross_entropy_takes_the_scores_before_softmax() -> None:
    """One logarithm of one softmax, also where the probabilities underflow to 0."""
    ours = build(mlp())
    with torch.no_grad():
        ours.layer("linear-2").weight.mul_(1e4)
    x, y = torch.randn(64, 2), torch.randint(0, 2, (64,))
    loss = functional.cross_entropy(ours.scores(x), y)
    scores = ours.layer("linear-2")(ours.layer("tanh-1")(ours.layer("linear-1")(x))).double()
    expected = (torch.logsumexp(scores, 1) - scores[torch.arange(64), y]).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    assert torch.allclose(ours(x).sum(1), torch.ones(64))


def test_a_layer_that_raises_is_named() -> None:
    ours = build(seed_cnn())
    with pytest.raises(NodeError) as error:
        ours(torch.randn(2, 1, 30, 28))
    assert error.value.node == "linear-1"


def test_weights_travel_by_name_and_shape() -> None:
    first, second = build(mlp()), build(mlp())
    weights = {name: tensor.detach().numpy().copy() for name, tensor in first.weights().items()}
    assert set(weights) == {
        "linear-1.weight",
        "linear-1.bias",
        "linear-2.weight",
        "linear-2.bias",
    }
    second.load(weights)
    x = torch.randn(5, 2)
    assert torch.equal(first(x), second(x))
