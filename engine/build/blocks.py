"""What is known of the flat network, told of the blocks that the user sees."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.build.cost import and_cost_of
from engine.build.report import NodeShape
from engine.network.expand import Expansion
from engine.network.model import Network
from engine.network.ports import output_ports
from engine.network.problem import Problem


def with_blocks(
    network: Network, expansion: Expansion, shapes: Mapping[str, NodeShape]
) -> dict[str, NodeShape]:
    """`shapes` of the flat nodes, and besides them those of every block and port of one: a port has
    the shape of what runs through it, a block those of its ports and the sum of all costs inside."""
    if expansion.network is network:
        return dict(shapes)
    found = dict(shapes)
    for port, (source, source_port) in expansion.sources.items():
        given = shapes.get(source, NodeShape())
        shape = given.outputs.get(source_port, given.output)
        found[port] = NodeShape(output=shape, dtype=given.dtype, axes=given.axes)
    sums: dict[str, NodeShape] = {}
    for flat_id in expansion.network.nodes:
        given = shapes.get(flat_id, NodeShape())  # those on a cycle have none
        for block in network.blocks_around(expansion.origin_of(flat_id)):
            sums[block] = and_cost_of(sums.get(block, NodeShape(flops=0, activations=0)), given)
    for node in network.nodes.values():
        if node.kind == "Block":
            found[node.id] = _of_block(network, node.id, sums.get(node.id, NodeShape()), found)
    return found


def _of_block(
    network: Network, block: str, total: NodeShape, shapes: Mapping[str, NodeShape]
) -> NodeShape:
    ports = {
        port: shapes[port] for port in output_ports(network, network.nodes[block]) if port in shapes
    }
    outputs = {port: given.output for port, given in ports.items() if given.output is not None}
    first = next(iter(ports.values()), NodeShape())
    return replace(total, output=first.output, dtype=first.dtype, axes=first.axes, outputs=outputs)


def at_origin(expansion: Expansion, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems at the nodes that the user drew; that of many copies is said once."""
    told: dict[tuple[str, str | None], Problem] = {}
    for problem in problems:
        node = problem.node and expansion.origin_of(problem.node)
        cause = problem.cause and expansion.origin_of(problem.cause)
        told.setdefault((problem.code, node), replace(problem, node=node, cause=cause))
    return tuple(told.values())
