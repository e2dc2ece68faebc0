"""Hypothesis strategies: any project that a window could hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st

from engine.network.expand import expand
from engine.network.layers import LAYERS
from engine.network.model import CANVAS_LIMIT, Link, Network, Node
from engine.network.ports import PORTS, input_ports, output_ports, takes_many
from engine.project.project import Project, Weights
from engine.recipe.augmentations import AUGMENTATIONS
from engine.recipe.initializers import INITIALIZERS
from engine.recipe.losses import LOSSES
from engine.recipe.metrics import METRICS
from engine.recipe.optimizers import OPTIMIZERS
from engine.recipe.recipe import DataChoice, Recipe
from engine.recipe.schedules import SCHEDULES
from tests.engine.recipe.options import choices as options

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
ids = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)
whole = st.integers(-(2**53), 2**53)
real = st.floats(allow_nan=False, allow_infinity=False)
json_values = st.recursive(
    st.none() | st.booleans() | whole | real | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
coordinates = st.floats(-CANVAS_LIMIT, CANVAS_LIMIT)
#: Names that no version uses.
extras = st.dictionaries(texts.map("new_{}".format), json_values, max_size=2)
sizes = whole | real | st.booleans() | texts | st.lists(whole, max_size=4).map(tuple)


@st.composite
def nodes(draw: st.DrawFn, node_id: str, blocks: list[str]) -> Node:
    """A node in one of these blocks or in none; a port only in a block."""
    block = draw(st.sampled_from(["", *blocks]))
    kinds = [*LAYERS, "Block", "Block", *PORTS, "Unknown", "层"]
    kind = draw(st.sampled_from([kind for kind in kinds if block or kind not in PORTS]))
    parameters: dict[str, Any]
    if kind in LAYERS:
        names = [parameter.name for parameter in LAYERS[kind].parameters]
        parameters = {name: draw(sizes) for name in names if draw(st.booleans())}
    else:
        parameters = draw(st.dictionaries(texts, json_values, max_size=3))
    if kind == "Block" and draw(st.booleans()):
        parameters["repeat"] = draw(st.integers(1, 4))
    x, y = draw(coordinates), draw(coordinates)
    opened = kind == "Block" and draw(st.booleans())
    return Node(node_id, kind, draw(texts), parameters, x, y, block, opened, extra=draw(extras))


@st.composite
def faces(draw: st.DrawFn, network: Network, block: str) -> Node:
    """The block with parameters of nodes inside on its face."""
    inside = sorted(network.inside(block))
    target = st.tuples(st.sampled_from(inside), texts)
    targets = st.lists(target, min_size=1, max_size=3).map(tuple)
    raised = draw(st.dictionaries(texts, targets, max_size=2)) if inside else {}
    return replace(network.nodes[block], raised=raised)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    table: dict[str, Node] = {}
    for node_id in draw(st.lists(ids, max_size=8, unique=True)):
        blocks = [key for key, node in table.items() if node.kind == "Block"]
        table[node_id] = draw(nodes(node_id, blocks))
    network = Network(table)
    network = network.with_nodes(
        [draw(faces(network, key)) for key, node in table.items() if node.kind == "Block"]
    )
    links: dict[Link, None] = {}
    taken: set[tuple[str, str]] = set()
    for _ in range(draw(st.integers(0, 10)) if table else 0):
        source = table[draw(st.sampled_from(sorted(table)))]
        target = table[draw(st.sampled_from(sorted(network.children[source.block])))]
        outputs, inputs = output_ports(network, source), input_ports(network, target)
        if not outputs or not inputs:
            continue
        out = draw(st.sampled_from(outputs) if source.kind in LAYERS else texts)
        into = draw(st.sampled_from(inputs) if target.kind in LAYERS else texts)
        if takes_many(target) or (target.id, into) not in taken:
            taken.add((target.id, into))
            links[Link(source.id, target.id, out, into)] = None
    return Network(network.nodes, tuple(links), draw(extras))


@st.composite
def losses(draw: st.DrawFn) -> dict[str, Any]:
    choice = draw(options(LOSSES))
    choice["weight"] = draw(st.floats(0, 1e6))
    choice["target"] = draw(st.sampled_from(["", *LOSSES[choice["kind"]].targets]))
    return choice


#: Fields of a recipe that are numbers, by the ends of their ranges.
_COUNTS = {
    "warmup_steps": (0, 10_000_000),
    "accumulate": (1, 100_000),
    "patience": (0, 1_000_000),
    "batch_size": (1, 1_000_000),
    "epochs": (1, 1_000_000),
    "steps": (0, 1_000_000_000),
    "validate_every": (0, 1_000_000_000),
    "seed": (0, 2**32 - 1),
}
_FRACTIONS = {
    "learning_rate": 1e6,
    "clip_norm": 1e9,
    "clip_value": 1e9,
    "validation_share": 0.9,
    "ema_decay": 0.9999,
}
_fields: dict[str, st.SearchStrategy[Any]] = {
    **{name: st.integers(*ends) for name, ends in _COUNTS.items()},
    **{name: st.floats(0, top) for name, top in _FRACTIONS.items()},
    "optimizer": options(OPTIMIZERS) | st.sampled_from(sorted(OPTIMIZERS)),
    "schedule": options(SCHEDULES),
    "loss": losses(),
    "output_losses": st.dictionaries(ids, losses(), max_size=2),
    "metrics": st.lists(options(METRICS), max_size=3),
    "augmentations": st.lists(options(AUGMENTATIONS), max_size=3),
    "initializer": options(INITIALIZERS),
    "frozen": st.lists(ids, max_size=3),
    "shuffle": st.booleans(),
    "compile": st.booleans(),
    "device": st.sampled_from(["auto", "cpu", "cuda", "mps"]),
    "precision": st.sampled_from(["float32", "bfloat16", "float16"]),
}
recipes = st.builds(
    lambda extra, fields: Recipe.model_validate({**extra, **fields}),
    extras,
    st.fixed_dictionaries({}, optional=_fields),
)
choices = st.builds(
    lambda extra, **fields: DataChoice(**fields, **extra),
    extras,
    source=texts,
    settings=st.dictionaries(texts, st.booleans() | whole | real | texts, max_size=3),
)
projects = st.builds(Project, networks(), recipes, choices, extras)

_types = st.sampled_from(["<f8", "<f4", "<f2", "<i8", "<i4", "u1", "?", ">f4", ">i8"]).map(np.dtype)
_shapes = numpy_st.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)


@st.composite
def weights(draw: st.DrawFn, network: Network) -> Weights:
    names: list[Any] = [
        f"{node_id}.{name}" for node_id in expand(network).network.nodes for name in ("weight", "bias")
    ]
    chosen = draw(st.lists(st.sampled_from(names), unique=True)) if names else []
    return {name: draw(numpy_st.arrays(draw(_types), draw(_shapes))) for name in chosen}
