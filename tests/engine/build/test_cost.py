"""Costs against what PyTorch itself counts, allocates and remembers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from engine.build.budget import FLOAT, node_costs, total, with_costs
from engine.build.diagnosis import Diagnosis
from engine.build.module import NetworkModule
from engine.build.report import NodeCost, ShapeReport
from engine.network.block_edits import GroupNodes
from engine.network.edits import SetParameter
from engine.network.expand import expand
from engine.network.model import Network
from engine.project.project import Project
from engine.recipe.recipe import Recipe
from engine.training.build import build_module
from engine.training.optimizers import make_optimizer
from tests.networks import add, chain, seed_cnn

#: Layers whose FLOPs PyTorch's counter counts; the others it takes for free.
COUNTED = ("Linear", "Conv2d", "MultiheadAttention")
#: Copies of the residual block.
STAGES = 3


def attention_network() -> Network:
    network, tokens = add(Network(), "Input", shape=(12,), dtype="int64")
    network, x = add(network, "Embedding", tokens, num_embeddings=50, embedding_dim=16)
    network, x = add(network, "PositionalEmbedding", x, max_length=20)
    network, normed = add(network, "LayerNorm", x)
    network, attended = add(network, "MultiheadAttention", normed, num_heads=4, is_causal=True)
    network, joined = add(network, "Add", x, attended)
    network, hidden = add(network, "Linear", joined, out_features=64)
    network, hidden = add(network, "GELU", hidden)
    network, hidden = add(network, "Linear", hidden, out_features=16)
    network, _ = add(network, "Add", joined, hidden)
    return network


def residual_network() -> Network:
    """A stem, then a block that adds two convolutions to its input, three times over."""
    network, x = add(Network(), "Input", shape=(1, 28, 28))
    network, stem = add(network, "Conv2d", x, out_channels=8, padding=1)
    network, first = add(network, "Conv2d", stem, out_channels=8, padding=1, bias=False)
    network, norm = add(network, "BatchNorm2d", first)
    network, relu = add(network, "ReLU", norm)
    network, second = add(network, "Conv2d", relu, out_channels=8, padding=1)
    network, joined = add(network, "Add", stem, second)
    network, pooled = add(network, "AdaptiveAvgPool2d", joined)
    network, flat = add(network, "Flatten", pooled)
    network, _ = add(network, "Linear", flat, out_features=10)
    inside = frozenset({first, norm, relu, second, joined})
    network = GroupNodes(inside, "Stage").apply(network)
    block = next(node.id for node in network.nodes.values() if node.kind == "Block")
    return SetParameter(block, "repeat", STAGES).apply(network)


def diagnosed(network: Network) -> ShapeReport:
    return with_costs(network, Diagnosis().of(Project(network), {}))


NETWORKS = {"cnn": seed_cnn, "attention": attention_network, "residual": residual_network}
each_network = pytest.mark.parametrize("name", NETWORKS)


@each_network
def test_parameters_are_those_of_the_real_modules(name: str) -> None:
    network = NETWORKS[name]()
    costs = diagnosed(network).costs
    cost = total(network, costs, Recipe(), 1)
    assert cost.parameters == sum(p.numel() for p in real_module(network).parameters()) > 0
    assert cost.weight_bytes == cost.gradient_bytes == FLOAT * cost.parameters


@each_network
def test_flops_are_those_that_pytorch_counts(name: str) -> None:
    network = NETWORKS[name]()
    module = real_module(network).eval()
    shape = next(node for node in network.nodes.values() if node.kind == "Input").parameters["shape"]
    assert isinstance(shape, tuple)
    whole = name == "attention"
    x = torch.zeros((1, *shape), dtype=torch.int64) if whole else torch.zeros(1, *shape)
    # The counter knows the plain products that attention means, not this machine's fused kernels.
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        module(x)
    costs = diagnosed(network).costs
    ours = sum(costs[node.id].flops or 0 for node in network.nodes.values() if node.kind in COUNTED)
    assert ours == counter.get_total_flops() > 0


def real_module(network: Network) -> nn.Module:
    """Made by the program for the seed network; for the others without a data set that fits."""
    if network == seed_cnn():
        return build_module(Project(network))
    from engine.build.path import Path, find_path
    from engine.build.shapes import ShapeInference

    flat = expand(network).network
    path = find_path(flat)
    assert isinstance(path, Path)
    return NetworkModule(flat, path, ShapeInference().report(flat))


def test_activations_are_the_values_that_the_nodes_put_out() -> None:
    network = seed_cnn()
    module = build_module(Project(network))
    kept: dict[str, torch.Tensor] = {}
    module.scores(torch.zeros(2, 1, 28, 28), kept)
    costs = diagnosed(network).costs
    for node_id, output in kept.items():
        values = 0 if network.nodes[node_id].kind == "Flatten" else output[0].numel()
        assert costs[node_id].activation_bytes == FLOAT * values, node_id


def test_tokens_are_kept_as_whole_numbers_of_eight_bytes() -> None:
    costs = diagnosed(attention_network()).costs
    assert costs["input-1"].activation_bytes == 12 * 8


def test_a_block_costs_what_all_its_copies_cost_and_is_not_counted_twice() -> None:
    network = residual_network()
    report = diagnosed(network)
    block = next(node for node in network.nodes.values() if node.kind == "Block")
    inside = [report.costs[key] for key in network.inside(block.id) if key in report.costs]
    found = report.costs[block.id]
    assert found.parameters == sum(cost.parameters for cost in inside)
    assert found.flops == sum(cost.flops or 0 for cost in inside)
    assert found.layers == 5 * STAGES
    assert report.costs["conv2d-2"].layers == STAGES
    assert report.costs["conv2d-2"].parameters == STAGES * 8 * 8 * 3 * 3
    outside = [cost for key, cost in report.costs.items() if not network.nodes[key].block]
    assert total(network, report.costs, Recipe(), 1).flops == sum(cost.flops or 0 for cost in outside)


def test_activations_grow_with_the_batch_and_weights_do_not() -> None:
    network = seed_cnn()
    costs = diagnosed(network).costs
    one, many = total(network, costs, Recipe(), 1), total(network, costs, Recipe(), 64)
    assert many.activation_bytes == 64 * one.activation_bytes
    assert many.weight_bytes == one.weight_bytes and many.flops == one.flops
    assert many.bytes - one.bytes == 63 * one.activation_bytes


def test_what_is_not_known_makes_the_total_a_lower_bound() -> None:
    network, _ = add(chain(("Input", {}), ("Conv2d", {})), "Linear")  # nothing feeds the Linear
    cost = total(network, node_costs(network, diagnosed(network)), Recipe(), 1)
    assert cost.unknown == 1 and cost.flops > 0
    assert total(seed_cnn(), diagnosed(seed_cnn()).costs, Recipe(), 1).unknown == 0


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("optimizer", ["Adam", "AdamW", "SGD", "RMSprop"])
def test_optimizers_remember_as_much_as_is_said(optimizer: str, momentum: float) -> None:
    """Against the tensors that PyTorch's optimizers hold after a step."""
    given = {"momentum": momentum} if optimizer in ("SGD", "RMSprop") else {}
    recipe = Recipe.model_validate({"optimizer": {"kind": optimizer, "parameters": given}})
    network = chain(("Input", {"shape": (5,)}), ("Linear", {"out_features": 7}), ("Tanh", {}))
    module = nn.Linear(5, 7)
    real = make_optimizer(recipe, module.parameters())
    module(torch.ones(3, 5)).sum().backward()
    real.step()
    numbers = sum(
        value.numel()
        for state in real.state.values()
        for key, value in state.items()
        if torch.is_tensor(value) and key != "step"
    )
    cost = total(network, diagnosed(network).costs, recipe, 1)
    assert cost.optimizer_bytes == FLOAT * numbers


def only(network: Network) -> NodeCost:
    """The cost of the last node."""
    return diagnosed(network).costs[list(network.nodes)[-1]]


def counted(module: nn.Module, *shape: int) -> int:
    with FlopCounterMode(display=False) as counter, torch.device("meta"):
        module(torch.empty(1, *shape))
    return int(counter.get_total_flops())


@settings(max_examples=25, deadline=None)
@given(
    groups=st.integers(1, 3),
    channels=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    dilation=st.integers(1, 2),
    bias=st.booleans(),
)
def test_any_convolution(
    groups: int,
    channels: tuple[int, int],
    kernel: tuple[int, int],
    stride: int,
    padding: int,
    dilation: int,
    bias: bool,
) -> None:
    ins, outs = groups * channels[0], groups * channels[1]
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    network = chain(
        ("Input", {"shape": (ins, 11, 9)}),
        ("Conv2d", {"out_channels": outs, "kernel_size": kernel, "bias": bias, **options}),
    )
    with torch.device("meta"):
        module = nn.Conv2d(ins, outs, kernel, bias=bias, **options)
        output = module(torch.empty(1, ins, 11, 9))
    cost = only(network)
    assert cost.flops == counted(module, ins, 11, 9)
    assert cost.parameters == sum(p.numel() for p in module.parameters())
    assert cost.activation_bytes == FLOAT * output.numel()


@settings(max_examples=25, deadline=None)
@given(
    shape=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    out_features=st.integers(1, 50),
    bias=st.booleans(),
)
def test_any_linear(shape: list[int], out_features: int, bias: bool) -> None:
    network = chain(
        ("Input", {"shape": tuple(shape)}), ("Linear", {"out_features": out_features, "bias": bias})
    )
    with torch.device("meta"):
        module = nn.Linear(shape[-1], out_features, bias=bias)
    cost = only(network)
    assert cost.flops == counted(module, *shape)
    assert cost.parameters == sum(p.numel() for p in module.parameters())
    assert cost.activation_bytes == FLOAT * math.prod(shape[:-1]) * out_features


def test_an_unknown_layer_costs_nobody_knows_what() -> None:
    network = chain(("Input", {}), ("ReLU", {}))
    odd = replace(network.nodes["relu-1"], kind="Marvel")
    network = replace(network, nodes={**network.nodes, "relu-1": odd})
    assert diagnosed(network).costs["relu-1"].flops is None
