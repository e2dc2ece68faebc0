"""Nodes in rows by their distance from the inputs, each row ordered so that few links cross."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

Edges = Sequence[tuple[int, int]]
#: Row (0 is the uppermost) and place in it, from left to right, of each node.
Ranks = Mapping[int, tuple[int, float]]

#: Up to so many nodes neighbours in a row are swapped one by one to save crossings.
_TRANSPOSED = 1000


def without_cycles(count: int, edges: Edges) -> Edges:
    """A cycle is broken where it runs upwards in the picture."""
    table: list[list[int]] = [[] for _ in range(count)]
    missing = [0] * count
    for source, target in edges:
        table[source].append(target)
        missing[target] += 1
    ready = [node for node in range(count) if missing[node] == 0]
    for node in ready:  # grows while it is walked
        for target in table[node]:
            missing[target] -= 1
            if missing[target] == 0:
                ready.append(target)
    stuck = set(range(count)).difference(ready)
    return [(a, b) for a, b in edges if a < b or not (a in stuck and b in stuck)]


def connected(count: int, edges: Edges) -> list[list[int]]:
    """Nodes that are linked with each other, in any direction."""
    root = list(range(count))

    def find(node: int) -> int:
        while root[node] != node:
            root[node] = root[root[node]]
            node = root[node]
        return node

    for source, target in edges:
        root[find(source)] = find(target)
    members: dict[int, list[int]] = defaultdict(list)
    for node in range(count):
        members[find(node)].append(node)
    return list(members.values())


def ranks(nodes: Sequence[int], edges: Edges) -> Ranks:
    """Row and place of the nodes of one part: by fast-sugiyama, or plainer where it does not run."""
    if not edges:
        return dict.fromkeys(nodes, (0, 0.0))
    try:
        from fast_sugiyama import from_edges

        # It holds the interpreter lock, so what is slow in it would stop the window: its other
        # rankings take 5 … 60 s for 5,000 nodes, transposition 0.3 s more.
        [layout] = from_edges(edges, ranking_type="up", transpose=len(nodes) <= _TRANSPOSED)
    except Exception:  # it is compiled code: not built for this machine, or a panic in it
        return _plain_ranks(edges)
    known = set(nodes)
    places = {node: place for node, place in layout[0] if node in known}
    rows = {y: row for row, y in enumerate(sorted({y for _, y in places.values()}, reverse=True))}
    found = {node: (rows[y], x) for node, (x, y) in places.items()}
    # About one layout of a hundred puts a node beside or above what feeds it.
    runs_down = all(found[source][0] < found[target][0] for source, target in edges)
    return found if runs_down else _plain_ranks(edges)


def _plain_ranks(edges: Edges) -> Ranks:
    """Rows by the longest way from an input; in a row, each node below the middle of its inputs."""
    import networkx

    graph = networkx.DiGraph(edges)
    found: dict[int, tuple[int, float]] = {}
    for row, generation in enumerate(networkx.topological_generations(graph)):
        wish = {}
        for node in sorted(generation):
            above = [found[source][1] for source in graph.predecessors(node)]
            wish[node] = sum(above) / len(above) if above else 0.0
        ordered = sorted(wish, key=wish.__getitem__)
        for place, node in enumerate(ordered):
            found[node] = (row, place - (len(ordered) - 1) / 2)
    return found
