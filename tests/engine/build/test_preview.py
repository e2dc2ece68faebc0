"""What a network that is being drawn makes of a sample: the same as torch, run anew downstream only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from engine.build.module import Ran
from engine.build.preview import Preview
from engine.network.block_edits import GroupNodes
from engine.network.edits import Connect, Disconnect, SetParameter
from engine.network.expand import expand
from engine.network.model import Link, Network
from engine.project.project import Weights
from tests.networks import add, chain, mlp, seed_cnn

X = torch.linspace(-1, 1, 28 * 28).reshape(1, 1, 28, 28)


def weights_of(ran: Mapping[str, Ran]) -> dict[str, np.ndarray]:
    return {
        f"{node}.{name}": values.numpy()
        for node, step in ran.items()
        for name, values in step.layer.state_dict().items()
    }


def independent(weights: Weights) -> nn.Sequential:
    """The network of `seed_cnn` written down by hand."""
    module = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 10), nn.Softmax(1),
    )  # fmt: skip
    owners = {"0": "conv2d-1", "3": "conv2d-2", "6": "conv2d-3", "9": "linear-1", "11": "linear-2"}
    state = {}
    for key in module.state_dict():
        place, name = key.split(".")
        state[key] = torch.from_numpy(weights[f"{owners[place]}.{name}"])
    module.load_state_dict(state)
    return module.eval()


def test_it_computes_what_torch_computes() -> None:
    network = seed_cnn()
    ran = Preview().of(network, X, {}, seed=0)
    result: Tensor = X
    for node, layer in zip(network.order[1:], independent(weights_of(ran)), strict=True):
        with torch.no_grad():
            result = layer(result)
        torch.testing.assert_close(ran[node].output, result)


def test_only_what_is_downstream_of_an_edit_runs_again() -> None:
    preview, network = Preview(), seed_cnn()
    before = preview.of(network, X, {}, 0)
    assert preview.runs == 14
    preview.of(network, X, {}, 0)
    assert preview.runs == 14
    edited = SetParameter("linear-1", "out_features", 32).apply(network)
    after = preview.of(edited, X, {}, 0)
    assert preview.runs == 14 + 4  # Linear, ReLU, Linear, Softmax
    assert after["flatten-1"] is before["flatten-1"]
    assert after["linear-1"].output.shape == (1, 32)
    preview.of(edited, X.clone(), {}, 0)
    assert preview.runs == 18 + 14, "another sample runs through all of it"


def test_initial_weights_follow_from_seed_and_node_alone() -> None:
    first = Preview().of(mlp(), torch.ones(1, 2), {}, 7)
    other, _ = add(mlp(), "Linear", "input-1", out_features=5)
    assert set(weights_of(Preview().of(other, torch.ones(1, 2), {}, 7))) > set(weights_of(first))
    again = Preview().of(other, torch.ones(1, 2), {}, 7)
    torch.testing.assert_close(again["softmax-1"].output, first["softmax-1"].output, rtol=0, atol=0)
    reseeded = Preview().of(mlp(), torch.ones(1, 2), {}, 8)
    assert not torch.equal(reseeded["linear-1"].output, first["linear-1"].output)
    assert not torch.equal(first["linear-1"].layer.weight[:2], first["linear-2"].layer.weight[:, :2])


def test_the_random_numbers_of_a_training_are_left_alone() -> None:
    every = ("Linear", "PositionalEmbedding", "MultiheadAttention", "LayerNorm", "Dropout")
    network = chain(
        ("Input", {"shape": (4, 8)}), *((kind, {}) for kind in every), ("Flatten", {}), ("Linear", {})
    )
    before = torch.get_rng_state()
    ran = Preview().of(network, torch.ones(1, 4, 8), {}, 0)
    assert len(ran) == len(network.nodes)
    assert torch.equal(torch.get_rng_state(), before)


def test_trained_weights_are_used_and_what_they_lead_to_is_trained() -> None:
    x = torch.tensor([[0.3, -0.2]])
    weights = weights_of(Preview().of(mlp(), x, {}, 5))
    preview = Preview()
    ran = preview.of(mlp(), x, weights, 0)
    torch.testing.assert_close(
        ran["softmax-1"].output, Preview().of(mlp(), x, {}, 5)["softmax-1"].output
    )
    assert all(step.trained for step in ran.values())
    half = {key: values for key, values in weights.items() if not key.startswith("linear-2.bias")}
    ran = preview.of(mlp(), x, half, 0)
    assert {node: step.trained for node, step in ran.items()} == {
        "input-1": True,
        "linear-1": True,
        "tanh-1": True,
        "linear-2": False,
        "softmax-1": False,
    }
    untrained = preview.of(mlp(), x, {}, 0)
    assert untrained["input-1"].trained and not untrained["tanh-1"].trained
    misfit = {**weights, "linear-1.weight": np.zeros((3, 3), np.float32)}
    assert not preview.of(mlp(), x, misfit, 0)["linear-1"].trained


def test_it_stops_at_a_problem_and_what_comes_before_remains() -> None:
    network = SetParameter("maxpool2d-2", "kernel_size", 40).apply(seed_cnn())
    assert list(Preview().of(network, X, {}, 0)) == list(network.order[:6])
    cut = Disconnect(frozenset({Link("relu-1", "maxpool2d-1")})).apply(seed_cnn())
    assert set(Preview().of(cut, X, {}, 0)) == {"input-1", "conv2d-1", "relu-1"}
    assert Preview().of(seed_cnn(), torch.ones(1, 2), {}, 0) == {}, "data of another shape"
    assert Preview().of(seed_cnn(), X.long(), {}, 0) == {}, "data of another kind"


@pytest.mark.parametrize(
    ("layer", "change"),
    [("linear-1", {"out_features": 1_000_000}), ("conv2d-1", {"out_channels": 200_000})],
)
def test_nothing_runs_in_a_network_that_is_too_large(layer: str, change: dict[str, int]) -> None:
    network = seed_cnn()
    for name, value in change.items():
        network = SetParameter(layer, name, value).apply(network)
    preview = Preview()
    assert preview.of(network, X, {}, 0) == {}
    assert preview.runs == 0


def test_branches_meet_with_the_same_values() -> None:
    network, _ = add(Network(), "Input", shape=(3,))
    network, first = add(network, "Linear", "input-1", out_features=3)
    network, total = add(network, "Add", "input-1", first)
    ran = Preview().of(network, torch.tensor([[1.0, 2.0, 3.0]]), {}, 0)
    torch.testing.assert_close(ran[total].output, ran["input-1"].output + ran[first].output)


def test_of_a_repeated_block_every_copy_runs() -> None:
    network = GroupNodes(frozenset({"linear-1", "tanh-1"}), "Stage").apply(mlp(hidden=2))
    block = next(node for node in network.nodes.values() if node.kind == "Block")
    network = network.with_nodes([replace(block, parameters={"repeat": 3})])
    flat = expand(network).network
    preview = Preview()
    ran = preview.of(flat, torch.tensor([[0.5, -1.0]]), {}, 0)
    assert set(ran) == set(flat.nodes) and preview.runs == 9
    copies = [node for node in flat.order if node.startswith("linear-1")]
    assert len(copies) == 3
    firsts = [ran[node].layer.weight for node in copies]
    assert not torch.equal(firsts[0], firsts[1]) and not torch.equal(firsts[1], firsts[2])
    result = torch.tensor([[0.5, -1.0]])
    with torch.no_grad():
        for node in copies:
            result = torch.tanh(ran[node].layer(result))
    torch.testing.assert_close(ran["linear-2"].inputs[0], result)


def test_a_new_link_changes_what_it_leads_to() -> None:
    network, added = add(mlp(), "Linear", out_features=2)
    preview, x = Preview(), torch.ones(1, 2)
    assert added not in preview.of(network, x, {}, 0)
    runs = preview.runs
    linked = Connect(Link("tanh-1", added)).apply(network)
    assert added in preview.of(linked, x, {}, 0)
    assert preview.runs == runs + 1
