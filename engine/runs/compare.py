"""What differs between two runs: recipes, networks, results. Pure functions; the values are plain, for
a table to show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from engine.network.layers import LAYERS
from engine.network.model import Link, Network, Node, changes
from engine.project.project import Project
from engine.recipe.recipe import Recipe
from engine.runs.run import Result, Run


@dataclass(frozen=True)
class Difference:
    """A value that is not the same on both sides; None where there is none."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True)
class NodeDifference:
    """A node of both networks, as it is after, and what differs in it."""

    node: Node
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Rewired:
    """An input port of a node of both networks, and the output ports (node, port) that feed it."""

    node: Node
    port: str
    before: tuple[tuple[str, str], ...]
    after: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class NetworkDifference:
    """Places on the canvas do not count. Links of added and removed nodes go without saying."""

    added: tuple[Node, ...] = ()
    removed: tuple[Node, ...] = ()
    changed: tuple[NodeDifference, ...] = ()
    rewired: tuple[Rewired, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed or self.rewired)


@dataclass(frozen=True)
class ResultRow:
    """One measure of several runs, in their order; `best` are the places of the best one(s)."""

    measure: str
    results: tuple[Result | None, ...]
    best: tuple[int, ...]


def compare_recipes(before: Recipe, after: Recipe) -> tuple[Difference, ...]:
    """One row a value, such as "optimizer.betas", in the order of the recipe. Parameters that are not
    given count with their defaults."""
    return _differences(recipe_values(before), recipe_values(after))


def compare_projects(before: Project, after: Project) -> tuple[Difference, ...]:
    """The recipes and, as "data. ...", the data."""
    one, other = (
        recipe_values(project.recipe) | _flat(project.data.model_dump(), "data.")
        for project in (before, after)
    )
    return _differences(one, other)


def compare_networks(before: Network, after: Network) -> NetworkDifference:
    """Nodes are the same when their ids are."""
    found = changes(before, after)
    changed = []
    for node_id in found.changed:
        rows = _differences(_node_values(before.nodes[node_id]), _node_values(after.nodes[node_id]))
        if rows:
            changed.append(NodeDifference(after.nodes[node_id], rows))
    return NetworkDifference(
        tuple(after.nodes[node_id] for node_id in found.added),
        tuple(before.nodes[node_id] for node_id in found.removed),
        tuple(changed),
        tuple(_rewired(before, after, (*found.links_added, *found.links_removed))),
    )


def compare_results(runs: Sequence[Run], rising: Iterable[str] = ()) -> tuple[ResultRow, ...]:
    """Side by side. `rising`: the measures of which more is better."""
    more = frozenset(rising)
    measures = dict.fromkeys(name for run in runs for name in run.results)
    rows = []
    for name in measures:
        results = tuple(run.results.get(name) for run in runs)
        numbers = [r.best for r in results if r is not None and r.best is not None]
        top = (max if name in more else min)(numbers, default=None)
        best = tuple(
            at for at, r in enumerate(results) if r is not None and r.best is not None and r.best == top
        )
        rows.append(ResultRow(name, results, best))
    return tuple(rows)


# Recipes


def recipe_values(recipe: Recipe) -> dict[str, Any]:
    """A recipe as one table: "learning_rate", "optimizer", "optimizer.betas" …"""
    values: dict[str, Any] = {}
    for name, value in recipe:
        if isinstance(value, Mapping):
            for key, item in value.items():
                values |= _part_values(f"{name}.{key}", item)
        elif isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value):
            values |= _list_values(name, value)
        else:
            values |= _part_values(name, value)
    return values


def _part_values(path: str, value: Any) -> dict[str, Any]:
    """A choice is its kind, and below it what else it says."""
    if not isinstance(value, BaseModel):
        return {path: value}
    values = dict(value)
    kind = values.pop("kind")
    values.pop("parameters")
    values = {**value.complete, **values}  # type: ignore[attr-defined]
    return {path: kind} | {f"{path}.{name}": item for name, item in values.items()}


def _list_values(path: str, choices: Iterable[Any]) -> dict[str, Any]:
    """The kinds in their order, and below the parameters of each; the second of a kind has a number."""
    values: dict[str, Any] = {path: tuple(choice.kind for choice in choices)}
    seen: dict[str, int] = {}
    for choice in choices:
        seen[choice.kind] = number = seen.get(choice.kind, 0) + 1
        name = f"{path}.{choice.kind}" + (f" {number}" if number > 1 else "")
        values |= {key: item for key, item in _part_values(name, choice).items() if key != name}
    return values


def _flat(values: Mapping[str, Any], path: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{path}{name}.") if isinstance(value, Mapping) else {path + name: value}
    return flat


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """In the order of `after`, what is gone behind."""
    paths = (*after, *(path for path in before if path not in after))
    rows = (Difference(path, before.get(path), after.get(path)) for path in paths)
    return tuple(row for row in rows if _unlike(row.before, row.after))


def _unlike(one: Any, other: Any) -> bool:
    """True is not 1, but 1 is 1.0."""
    return one != other or isinstance(one, bool) is not isinstance(other, bool)


# Networks


def _node_values(node: Node) -> dict[str, Any]:
    layer = LAYERS.get(node.kind)
    defaults = {} if layer is None else {p.name: p.default for p in layer.parameters}
    parameters = {**defaults, **node.parameters}
    raised = {f"raised.{name}": targets for name, targets in node.raised.items()}
    return {"kind": node.kind, "name": node.name, "block": node.block, **parameters, **raised}


def _rewired(before: Network, after: Network, links: Iterable[Link]) -> Iterable[Rewired]:
    ports = dict.fromkeys((link.target, link.target_port) for link in links)
    for node_id, port in ports:
        if node_id in before.nodes and node_id in after.nodes:
            one, other = _sources(before, node_id, port), _sources(after, node_id, port)
            if one != other:
                yield Rewired(after.nodes[node_id], port, one, other)


def _sources(network: Network, node_id: str, port: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (link.source, link.source_port)
        for link in network.incoming[node_id]
        if link.target_port == port
    )
