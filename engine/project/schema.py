"""project.json as pydantic models, and the way to and from a Project.

Fields that this version does not know are kept and written back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError

from engine.network.layers import LAYERS
from engine.network.model import Link, Network, Node, ParameterValue, clamp_position
from engine.network.ports import takes_many
from engine.network.problem import Problem
from engine.project import limits
from engine.project.blocks import whole_blocks
from engine.project.errors import FileProblem
from engine.project.migrate import VERSION
from engine.project.project import Project
from engine.project.strict_json import brief
from engine.recipe.recipe import DataChoice, Recipe

MEMBER = "project.json"
#: Network.extra has no other use for this name: there stand the links with fields to be kept.
_LINKS = "links"


#: A node and one of its parameters.
Target = Annotated[list[str], Field(min_length=2, max_length=2)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", strict=True)


class NodePart(_Part):
    id: str = Field(min_length=1)
    kind: str = Field(min_length=1)
    name: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict, max_length=limits.PARAMETERS_PER_NODE)
    position: list[float] = Field(default=[0.0, 0.0], min_length=2, max_length=2)
    block: str = ""
    open: bool = False
    raised: dict[str, list[Target]] = Field(default_factory=dict, max_length=limits.PARAMETERS_PER_NODE)


class LinkPart(_Part):
    source: list[str] = Field(alias="from", min_length=2, max_length=2)
    target: list[str] = Field(alias="to", min_length=2, max_length=2)


class NetworkPart(_Part):
    # Of a million errors the first is enough.
    nodes: Annotated[list[NodePart], FailFast()] = Field(default=[], max_length=limits.NODES)
    links: Annotated[list[LinkPart], FailFast()] = Field(default=[], max_length=limits.LINKS)


class ProjectPart(_Part):
    format: str
    format_version: int
    network: NetworkPart
    recipe: Recipe = Recipe()
    data: DataChoice = DataChoice()


def to_project(document: dict[str, Any]) -> tuple[Project, tuple[Problem, ...]]:
    """The project in a document of the present version, and what was repaired in it or is not
    understood. Raises FileProblem with the path of the first field that cannot be."""
    _check_settings(document)
    try:
        part = ProjectPart.model_validate(document)
    except ValidationError as error:
        raise _problem_of(error) from error
    nodes: dict[str, Node] = {}
    for at, node in enumerate(part.network.nodes):
        if node.id in nodes:
            raise FileProblem("id_twice", f"{MEMBER}/network/nodes/{at}/id", id=node.id)
        nodes[node.id] = _to_node(node)
    repairs = [*_moved(part.network.nodes, nodes), *_unknown_parameters(nodes)]
    repairs += whole_blocks(nodes)
    links = _whole_links(nodes, part.network.links, repairs)
    network = Network(nodes, tuple(links), _extra(part.network) | _link_extras(links))
    return Project(network, part.recipe, part.data, _extra(part)), tuple(repairs)


def to_document(project: Project) -> dict[str, Any]:
    """What is written; `to_project` gives the same project back."""
    network = project.network
    extra = dict(network.extra)
    kept = {_ends(document): document for document in extra.pop(_LINKS, ())}
    links = [
        {"from": [link.source, link.source_port], "to": [link.target, link.target_port]}
        for link in network.links
    ]
    return {
        "format": "backlit",
        "format_version": VERSION,
        "network": {
            "nodes": [_from_node(node) for node in network.nodes.values()],
            "links": [kept.get(_ends(link), link) for link in links],
            **extra,
        },
        "recipe": project.recipe.model_dump(mode="json"),
        "data": project.data.model_dump(mode="json"),
        **project.extra,
    }


# Nodes


def _to_node(part: NodePart) -> Node:
    x, y = clamp_position(*part.position)
    known = part.kind in LAYERS
    parameters = {name: _tuple(value) if known else value for name, value in part.parameters.items()}
    name = part.id if part.name is None else part.name
    raised = {
        face: tuple((node_id, parameter) for node_id, parameter in targets)
        for face, targets in part.raised.items()
    }
    return Node(part.id, part.kind, name, parameters, x, y, part.block, part.open, raised, _extra(part))


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
        "position": [float(node.x), float(node.y)],
        **_from_block(node),
        **node.extra,
    }


def _from_block(node: Node) -> dict[str, Any]:
    """What only nodes in blocks, and blocks, say."""
    raised = {face: [list(target) for target in targets] for face, targets in node.raised.items()}
    fields: dict[str, Any] = {"block": node.block, "open": node.open, "raised": raised}
    return {name: value for name, value in fields.items() if value}


def _tuple(value: Any) -> ParameterValue:
    """Sizes and shapes are tuples; a list of anything else is kept, for the layer to complain of."""
    whole = isinstance(value, list) and all(type(item) is int for item in value)
    return tuple(value) if whole else value


def _extra(part: BaseModel) -> dict[str, Any]:
    return part.model_extra or {}


def _moved(parts: Iterable[NodePart], nodes: Mapping[str, Node]) -> list[Problem]:
    """Nodes so far away that nobody would find them."""
    return [
        Problem("position_moved", part.id, values={"node": nodes[part.id].name})
        for part in parts
        if [nodes[part.id].x, nodes[part.id].y] != part.position
    ]


def _unknown_parameters(nodes: Mapping[str, Node]) -> list[Problem]:
    """Parameters that a known layer does not have: kept, and said."""
    return [
        Problem("unknown_parameter", node.id, values={"node": node.name, "parameter": name})
        for node in nodes.values()
        if (layer := LAYERS.get(node.kind)) is not None
        for name in node.parameters
        if layer.parameter(name) is None
    ]


# Links


def _whole_links(
    nodes: Mapping[str, Node], parts: Iterable[LinkPart], repairs: list[Problem]
) -> dict[Link, LinkPart]:
    """The links that join two existing ports; the others are dropped and listed. A loop stays: the
    user decides where to cut it."""
    kept: dict[Link, LinkPart] = {}
    taken: set[tuple[str, str]] = set()
    for part in parts:
        link = Link(part.source[0], part.target[0], part.source[1], part.target[1])
        end = (link.target, link.target_port)
        problem = _broken(nodes, link)
        if problem is None and link in kept:
            problem = _dropped("link_twice", nodes, link)
        elif problem is None and end in taken and not takes_many(nodes[link.target]):
            problem = _dropped("port_taken", nodes, link)
        if problem is not None:
            repairs.append(problem)
        else:
            kept[link] = part
            taken.add(end)
    return kept


def _broken(nodes: Mapping[str, Node], link: Link) -> Problem | None:
    """Why `link` joins nothing, if so. The ports of an unknown kind are taken on trust."""
    for node_id in link.touches:
        if node_id not in nodes:
            return _dropped("link_without_node", nodes, link, id=node_id)
    source, target = nodes[link.source], nodes[link.target]
    if source.block != target.block:
        return _dropped("link_across_blocks", nodes, link)
    for node, port, output in ((source, link.source_port, True), (target, link.target_port, False)):
        if not _has_port(nodes, node, port, output):
            return _dropped("link_without_port", nodes, link, node=node.name, port=port)
    return None


def _has_port(nodes: Mapping[str, Node], node: Node, port: str, output: bool) -> bool:
    if node.kind == "Block":
        kind = "BlockOutput" if output else "BlockInput"
        return port in nodes and (nodes[port].block, nodes[port].kind) == (node.id, kind)
    layer = LAYERS.get(node.kind)
    return layer is None or port in (layer.outputs if output else layer.inputs)


def _dropped(code: str, nodes: Mapping[str, Node], link: Link, **values: str) -> Problem:
    """Shown at the node that the link should have entered, where there is one."""
    source, target = (nodes[end].name if end in nodes else end for end in link.touches)
    place = link.target if link.target in nodes else None
    return Problem(code, place, values={"source": source, "target": target, **values})


def _link_extras(links: Mapping[Link, LinkPart]) -> dict[str, Any]:
    documents = [part.model_dump(by_alias=True) for part in links.values() if part.model_extra]
    return {_LINKS: documents} if documents else {}


def _ends(document: Mapping[str, Any]) -> tuple[str, ...]:
    return (*document["from"], *document["to"])


# Errors


def _check_settings(document: Mapping[str, Any]) -> None:
    """pydantic would make several errors for each of a million settings."""
    data = document.get("data")
    settings = data.get("settings") if isinstance(data, dict) else None
    if isinstance(settings, dict) and len(settings) > limits.DATA_SETTINGS:
        raise FileProblem("too_many", f"{MEMBER}/data/settings", limit=limits.DATA_SETTINGS)


def _problem_of(error: ValidationError) -> FileProblem:
    """The first of pydantic's errors, with its path in the file."""
    first = error.errors(include_url=False)[0]
    place = "/".join([MEMBER, *map(str, first["loc"])])
    kind, given = first["type"], first["input"]
    if kind == "missing":
        return FileProblem("missing_field", place)
    if kind == "too_long":
        return FileProblem("too_many", place, limit=first["ctx"]["max_length"])
    return FileProblem("bad_value", place, reason=first["msg"], found=brief(given))
