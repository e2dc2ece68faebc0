"""Initial weights as a recipe wants them."""

from __future__ import annotations

from hashlib import sha256

import torch
from torch import Tensor, nn
from torch.nn import init

from engine.build.module import NetworkModule
from engine.recipe.recipe import InitializerChoice


def initialise(module: NetworkModule, choice: InitializerChoice, seed: int) -> None:
    """Give every weight of `module` its first numbers. They follow from the seed and the node's id, so
    that an edit elsewhere changes none of them. Weights are what has two axes or more; scales and
    shifts of normalization stay at 1 and 0. "default" leaves everything as PyTorch made it."""
    for node_id, layer in zip(module.node_ids, module.layers, strict=True):
        initialise_layer(layer, node_id, choice, seed)


def initialise_layer(layer: nn.Module, node_id: str, choice: InitializerChoice, seed: int) -> None:
    """`initialise` for the layer of one node."""
    if choice.kind == "default":
        return
    digest = sha256(f"{seed} {node_id}".encode()).digest()
    generator = torch.Generator().manual_seed(int.from_bytes(digest[:7], "big"))
    zeros = choice.complete["bias"] == "zeros"
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            if parameter.dim() >= 2:  # drawn on the CPU: equal numbers on every device
                parameter.copy_(_drawn(parameter.shape, choice, generator))
            elif zeros and "bias" in name.rpartition(".")[2]:
                parameter.zero_()


def _drawn(shape: torch.Size, choice: InitializerChoice, generator: torch.Generator) -> Tensor:
    values = dict(choice.complete)
    del values["bias"]
    if choice.kind.startswith(("xavier", "orthogonal")):
        values = {"gain": init.calculate_gain(values["nonlinearity"])}
    draw = getattr(init, f"{choice.kind}_")
    drawn: Tensor = draw(torch.empty(shape), **values, generator=generator)
    return drawn
