"""project.json as pydantic models, and the way to and from a Project.

Fields that this version does not know are kept and written back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.network.edits import connection_problem, takes_many
from engine.network.layers import LAYERS
from engine.network.model import Link, Network, Node, ParameterValue, clamp_position
from engine.network.problem import Problem
from engine.project import limits
from engine.project.errors import FileProblem
from engine.project.migrate import VERSION
from engine.project.project import Project
from engine.project.recipe import DataChoice, Recipe

Text = str


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class NodePart(_Part):
    id: Text = Field(min_length=1, max_length=limits.TEXT)
    kind: Text = Field(min_length=1, max_length=limits.TEXT)
    name: Text = Field("", max_length=limits.TEXT)
    parameters: dict[str, Any] = Field(default_factory=dict, max_length=limits.PARAMETERS_PER_NODE)
    position: list[float | int] = Field(default_factory=lambda: [0.0, 0.0], min_length=2, max_length=2)


class LinkPart(_Part):
    source: list[str] = Field(alias="from", min_length=2, max_length=2)
    target: list[str] = Field(alias="to", min_length=2, max_length=2)


class NetworkPart(_Part):
    nodes: list[NodePart] = Field(default_factory=list, max_length=limits.NODES)
    links: list[LinkPart] = Field(default_factory=list, max_length=limits.LINKS)


class ProjectPart(_Part):
    format: Text
    format_version: int
    network: NetworkPart
    recipe: Recipe = Recipe()
    data: DataChoice = DataChoice()


def to_project(document: dict[str, Any]) -> tuple[Project, tuple[Problem, ...]]:
    """The project in a document of the present version, and what was repaired in it."""
    try:
        part = ProjectPart.model_validate(document)
    except ValidationError as error:
        raise _problem_of(error) from error
    if part.format != "backlit":
        raise FileProblem("other_format", "project.json/format", found=part.format)
    nodes: dict[str, Node] = {}
    for at, node in enumerate(part.network.nodes):
        if node.id in nodes:
            raise FileProblem("id_twice", f"project.json/network/nodes/{at}/id", id=node.id)
        nodes[node.id] = _to_node(node)
    repairs: list[Problem] = _unknown_parameters(nodes)
    links = _whole_links(nodes, part.network.links, repairs)
    network = Network(nodes, links, part.network.model_extra or {})
    project = Project(network, part.recipe, part.data, part.model_extra or {})
    return project, tuple(repairs)


def to_document(project: Project) -> dict[str, Any]:
    """What is written; `to_project` gives the same project back."""
    network = project.network
    return {
        "format": "backlit",
        "format_version": VERSION,
        "network": {
            "nodes": [_from_node(node) for node in network.nodes.values()],
            "links": [
                {
                    "from": [link.source, link.source_port],
                    "to": [link.target, link.target_port],
                }
                for link in network.links
            ],
            **network.extra,
        },
        "recipe": project.recipe.model_dump(mode="json"),
        "data": project.data.model_dump(mode="json"),
        **project.extra,
    }


def _to_node(part: NodePart) -> Node:
    x, y = clamp_position(*map(float, part.position))
    known = part.kind in LAYERS
    parameters = {name: _tuples(value) if known else value for name, value in part.parameters.items()}
    name = part.name or part.id
    return Node(part.id, part.kind, name, parameters, x, y, part.model_extra or {})


def _from_node(node: Node) -> dict[str, Any]:
    parameters = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in node.parameters.items()
    }
    return {
        "id": node.id,
        "kind": node.kind,
        "name": node.name,
        "parameters": parameters,
        "position": [node.x, node.y],
        **node.extra,
    }


def _tuples(value: Any) -> ParameterValue:
    return tuple(value) if isinstance(value, list) else value


def _unknown_parameters(nodes: Mapping[str, Node]) -> list[Problem]:
    """Parameters that a known layer does not have: kept, and said."""
    return [
        Problem("unknown_parameter", node.id, values={"node": node.name, "parameter": name})
        for node in nodes.values()
        if (layer := LAYERS.get(node.kind)) is not None
        for name in node.parameters
        if layer.parameter(name) is None
    ]


def _whole_links(
    nodes: Mapping[str, Node], parts: list[LinkPart], repairs: list[Problem]
) -> tuple[Link, ...]:
    """The links that join two existing ports; the others are dropped and listed. A loop stays: the
    user decides where to cut it."""
    bare = Network(nodes)
    kept: dict[Link, None] = {}
    taken: set[tuple[str, str]] = set()
    for part in parts:
        link = Link(part.source[0], part.target[0], part.source[1], part.target[1])
        problem = connection_problem(bare, link)
        end = (link.target, link.target_port)
        if problem is not None and problem.code != "would_cycle":
            repairs.append(problem)
        elif link in kept or (end in taken and not takes_many(nodes[link.target])):
            values = {"source": nodes[link.source].name, "target": nodes[link.target].name}
            repairs.append(Problem("port_taken", link.target, values=values))
        else:
            kept[link] = None
            taken.add(end)
    return tuple(kept)


def _problem_of(error: ValidationError) -> FileProblem:
    """The first of pydantic's errors, with its path in the file."""
    first = error.errors()[0]
    path = "/".join(str(step) for step in first["loc"])
    found = repr(first.get("input"))
    found = found if len(found) <= 40 else found[:39] + "…"
    return FileProblem("bad_value", f"project.json/{path}", reason=first["msg"], found=found)
