"""What can change while a run goes on."""

from __future__ import annotations

from collections.abc import Collection

from torch import nn

from engine.build.module import NetworkModule
from engine.network.expand import expand
from engine.network.layers import complete
from engine.network.model import Network
from engine.project.project import Project
from engine.recipe.live import LIVE_FIELDS
from engine.recipe.optimizers import LIVE
from engine.recipe.recipe import OptimizerChoice, Recipe
from engine.telemetry.recorder import Mark


def adjusted(running: Recipe, wanted: Recipe, step: int) -> tuple[Recipe, tuple[Mark, ...]]:
    """The recipe that a run goes on with, and a mark for each change."""
    changed = {
        name: getattr(wanted, name)
        for name in sorted(LIVE_FIELDS)
        if getattr(wanted, name) != getattr(running, name)
    }
    marks = [_mark(step, name, getattr(running, name), value) for name, value in changed.items()]
    if wanted.optimizer.kind == running.optimizer.kind:
        optimizer = _with_live(running.optimizer, wanted.optimizer)
        before, after = running.optimizer.complete, optimizer.complete
        marks += [
            _mark(step, name, before[name], after[name])
            for name in after
            if before[name] != after[name]
        ]
        changed["optimizer"] = optimizer
    return running.model_copy(update=changed), tuple(marks)


def _with_live(running: OptimizerChoice, wanted: OptimizerChoice) -> OptimizerChoice:
    """The running optimizer with what can change of the wanted one; the rest was built in."""
    live = {name: value for name, value in wanted.complete.items() if name in LIVE}
    parameters = {**running.parameters, **live}
    if running.option.complaint(parameters) is not None:  # such as nesterov without momentum
        return running
    return running.model_copy(update={"parameters": parameters})


def set_dropout(module: NetworkModule, wanted: Project, step: int) -> tuple[Mark, ...]:
    """Give the dropout layers of the module the probabilities of another network; all their copies."""
    after = expand(wanted.network).network.nodes
    marks: dict[str, Mark] = {}
    for flat_id in module.node_ids:
        layer, node = module.layer(flat_id), after.get(flat_id)
        if not isinstance(layer, nn.Dropout) or node is None or node.kind != "Dropout":
            continue
        p = complete(node)["p"]
        if isinstance(p, int | float) and 0 <= p <= 1 and p != layer.p:
            marks[node.name] = _mark(step, f"p of {node.name}", layer.p, p)
            layer.p = float(p)
    return tuple(marks.values())


def dropout(module: NetworkModule, network: Network) -> dict[str, float]:
    """The probabilities of the dropout layers, by the nodes of the diagram."""
    expansion = expand(network)
    layers = ((expansion.origin_of(flat_id), module.layer(flat_id)) for flat_id in module.node_ids)
    return {node_id: layer.p for node_id, layer in layers if isinstance(layer, nn.Dropout)}


def freeze(module: NetworkModule, network: Network, frozen: Collection[str]) -> None:
    """Let the nodes with these ids (of the diagram, blocks with all that lies in them) keep their
    parameters and statistics; all others learn. Only where something is to change."""
    expansion = expand(network)
    for flat_id in module.node_ids:
        layer = module.layer(flat_id)
        learns = not _is_frozen(network, expansion.origin_of(flat_id), frozen)
        for parameter in layer.parameters():
            if parameter.requires_grad != learns:
                parameter.requires_grad_(learns)
                parameter.grad = None
        if not learns and isinstance(layer, nn.modules.batchnorm._NormBase):
            layer.eval()


def _is_frozen(network: Network, node_id: str, frozen: Collection[str]) -> bool:
    return node_id in frozen or any(block in frozen for block in network.blocks_around(node_id))


def _mark(step: int, name: str, before: object, after: object) -> Mark:
    return Mark(step, "changed", {"name": name, "before": _shown(before), "after": _shown(after)})


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
