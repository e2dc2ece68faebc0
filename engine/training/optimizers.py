"""The optimizer that a recipe names, and what of it changes while a run goes on."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from engine.recipe.optimizers import LIVE, OPTIMIZERS
from engine.recipe.recipe import Recipe


def make_optimizer(recipe: Recipe, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """torch.optim's own class; fused where it has such a kernel (one call for all parameters)."""
    choice = recipe.optimizer
    parameters = list(parameters)
    kind = getattr(torch.optim, choice.kind)
    values = {name: value for name, value in choice.complete.items() if value != ""}  # "": torch's own
    if values.get("line_search_fn") == "none":
        values["line_search_fn"] = None
    if OPTIMIZERS[choice.kind].matrices_only:
        return _paired(kind, parameters, recipe.learning_rate, values)
    return _made(kind, parameters, recipe.learning_rate, values)


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """The learning rate of the next update."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def set_hyper(optimizer: torch.optim.Optimizer, recipe: Recipe, rate: float) -> None:
    """Bring learning rate, momentum and weight decay of a running optimizer to those of `recipe`.
    What else a recipe says of its optimizer, and another kind of it, waits for the next run."""
    set_rate(optimizer, rate)
    if not _is_named(optimizer, recipe):
        return
    values = recipe.optimizer.complete
    for group in optimizer.param_groups:
        group.update({name: values[name] for name in LIVE if name in values and name in group})
        if isinstance(optimizer, torch.optim.RMSprop) and group["momentum"] > 0:
            for parameter in group["params"]:  # made only for a momentum there from the start
                state = optimizer.state.get(parameter)
                if state and "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(parameter)


def plain_state(
    optimizer: torch.optim.Optimizer,
) -> tuple[dict[str, Tensor], dict[str, dict[str, Any]]]:
    """All that the optimizer remembers: tensors by "<parameter>/<name>", and what JSON can hold by
    parameter and name. Lists of tensors (L-BFGS) have "<parameter>/<name>/<place>"; where they have
    gaps, and how long they are, stands with the JSON."""
    tensors: dict[str, Tensor] = {}
    others: dict[str, dict[str, Any]] = {}
    for at, held in optimizer.state_dict()["state"].items():
        for name, value in held.items():
            if isinstance(value, Tensor):
                tensors[f"{at}/{name}"] = value
            elif isinstance(value, list):
                others.setdefault(str(at), {})[name] = [_gap(item) for item in value]
                for place, item in enumerate(value):
                    if isinstance(item, Tensor):
                        tensors[f"{at}/{name}/{place}"] = item
            else:
                others.setdefault(str(at), {})[name] = value
    return tensors, others


def load_plain_state(
    optimizer: torch.optim.Optimizer,
    tensors: Mapping[str, Tensor],
    others: Mapping[str, Mapping[str, Any]],
) -> None:
    """Take up what `plain_state` gave, in copies."""
    state: dict[int, dict[str, Any]] = {
        int(at): {
            name: list(value) if isinstance(value, list) else value for name, value in held.items()
        }
        for at, held in others.items()
    }
    for key, tensor in tensors.items():
        at, name, *place = key.split("/")
        held = state.setdefault(int(at), {})
        if place:
            held[name][int(place[0])] = tensor.clone()
        else:
            held[name] = tensor.clone()
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _gap(item: Any) -> Any:
    return None if isinstance(item, Tensor) else item


class MatricesAndRest(torch.optim.Optimizer):
    """Several optimizers as one: Muon for weights of two axes, AdamW with the same rate and weight
    decay for all others. Groups and state are shared with them, so whoever saves it sees one."""

    def __init__(self, *parts: torch.optim.Optimizer) -> None:
        self._parts = parts
        super().__init__([group for part in parts for group in part.param_groups], {})
        self._share()

    def step(self, closure: Any = None) -> Any:
        loss = None if closure is None else torch.enable_grad()(closure)()
        for part in self._parts:
            part.step()
        return loss

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        super().load_state_dict(state_dict)
        self._share()

    def _share(self) -> None:
        for part, group in zip(self._parts, self.param_groups, strict=True):
            part.param_groups = [group]
            part.state = self.state


def _is_named(optimizer: torch.optim.Optimizer, recipe: Recipe) -> bool:
    """Whether it was made for this recipe's kind. AdamW is a subclass of Adam."""
    if OPTIMIZERS[recipe.optimizer.kind].matrices_only:
        return isinstance(optimizer, MatricesAndRest)
    return type(optimizer) is getattr(torch.optim, recipe.optimizer.kind)


def _paired(
    kind: type[torch.optim.Optimizer],
    parameters: list[nn.Parameter],
    rate: float,
    values: dict[str, Any],
) -> torch.optim.Optimizer:
    matrices = [parameter for parameter in parameters if parameter.dim() == 2]
    others = [parameter for parameter in parameters if parameter.dim() != 2]
    parts = []
    if matrices:
        parts.append(_made(kind, matrices, rate, values))
    if others:
        decay = {"weight_decay": values["weight_decay"]}
        parts.append(_made(torch.optim.AdamW, others, rate, decay))
    return MatricesAndRest(*parts)


def _made(
    kind: type[torch.optim.Optimizer],
    parameters: list[nn.Parameter],
    rate: float,
    values: dict[str, Any],
) -> torch.optim.Optimizer:
    if "fused" in inspect.signature(kind).parameters and _has_fused(kind, parameters):
        values = {**values, "fused": True}
    return kind(parameters, lr=rate, **values)  # type: ignore[call-arg]


def _has_fused(kind: type[torch.optim.Optimizer], parameters: list[nn.Parameter]) -> bool:
    """Adagrad's one kernel is for the CPU; the others are for every device here."""
    return kind is not torch.optim.Adagrad or all(p.device.type == "cpu" for p in parameters)
