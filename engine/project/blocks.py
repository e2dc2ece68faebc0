"""Blocks in a file: what lies in what. A file may say anything; afterwards it is a tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from engine.network.model import DEEPEST, Node
from engine.network.problem import Problem


def whole_blocks(nodes: dict[str, Node]) -> list[Problem]:
    """Puts nodes whose block is none, or lies too deep or in itself, at the top, drops parameters on
    the face of a block that no node in it has, and lists both."""
    repairs = []
    for node in list(nodes.values()):
        if node.block and not _lies_well(nodes, node):
            nodes[node.id] = replace(node, block="")
            values = {"node": node.name, "block": node.block}
            repairs.append(Problem("not_in_block", node.id, values=values))
    for node in list(nodes.values()):
        raised = {
            face: targets
            for face, targets in node.raised.items()
            if targets and all(_is_inside(nodes, target, node.id) for target, _ in targets)
        }
        if raised != node.raised:
            nodes[node.id] = replace(node, raised=raised)
            repairs.append(Problem("raised_without_node", node.id, values={"node": node.name}))
    return repairs


def _lies_well(nodes: Mapping[str, Node], node: Node) -> bool:
    around = _around(nodes, node)
    for depth, block in enumerate(around):
        if depth == DEEPEST or block not in nodes or nodes[block].kind != "Block" or block == node.id:
            return False
    return True


def _is_inside(nodes: Mapping[str, Node], node_id: str, block: str) -> bool:
    return node_id in nodes and block in _around(nodes, nodes[node_id])


def _around(nodes: Mapping[str, Node], node: Node) -> Iterator[str]:
    """The blocks around a node; whoever walks a loop must stop by itself."""
    block = node.block
    for _ in range(DEEPEST + 1):
        if not block:
            return
        yield block
        if block not in nodes:
            return
        block = nodes[block].block
