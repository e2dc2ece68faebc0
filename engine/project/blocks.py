"""Blocks in a file: what lies in what. A file may say anything; afterwards it is a tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import chain

from engine.network.model import DEEPEST, Node
from engine.network.ports import PORTS
from engine.network.problem import Problem


def whole_blocks(nodes: dict[str, Node]) -> list[Problem]:
    """Puts nodes whose block is none, or lies too deep or in itself, at the top, and drops parameters
    on the face of a block that no node in it has. Lists both, and ports that lie in no block: they do
    no harm."""
    return [*_in_a_tree(nodes), *_faces(nodes), *_loose_ports(nodes)]


def _in_a_tree(nodes: dict[str, Node]) -> Iterator[Problem]:
    blocks = [node.id for node in nodes.values() if node.kind == "Block"]
    # Blocks in themselves first: what else lies in them lies well once they are out.
    in_themselves = (block for block in blocks if block in _around(nodes, nodes[block]))
    misplaced = (node_id for node_id in nodes if not _lies_well(nodes, nodes[node_id]))
    for node_id in chain(in_themselves, misplaced):  # each looks when its turn has come
        node = nodes[node_id]
        nodes[node_id] = replace(node, block="")
        yield Problem("not_in_block", node_id, values={"node": node.name, "block": node.block})


def _faces(nodes: dict[str, Node]) -> Iterator[Problem]:
    for node in list(nodes.values()):
        raised = {
            face: targets
            for face, targets in node.raised.items()
            if targets and all(_is_inside(nodes, target, node.id) for target, _ in targets)
        }
        if raised != node.raised:
            nodes[node.id] = replace(node, raised=raised)
            yield Problem("raised_without_node", node.id, values={"node": node.name})


def _loose_ports(nodes: Mapping[str, Node]) -> Iterator[Problem]:
    for node in nodes.values():
        if node.kind in PORTS and not node.block:
            yield Problem("loose_port", node.id, values={"node": node.name})


def _lies_well(nodes: Mapping[str, Node], node: Node) -> bool:
    for depth, block in enumerate(_around(nodes, node)):
        if depth == DEEPEST or block not in nodes or nodes[block].kind != "Block":
            return False
    return True


def _is_inside(nodes: Mapping[str, Node], node_id: str, block: str) -> bool:
    return node_id in nodes and block in _around(nodes, nodes[node_id])


def _around(nodes: Mapping[str, Node], node: Node) -> Iterator[str]:
    """The blocks around a node; of those on a loop, or too deep, as many as it takes to tell."""
    block = node.block
    for _ in range(DEEPEST + 1):
        if not block:
            return
        yield block
        if block not in nodes:
            return
        block = nodes[block].block
