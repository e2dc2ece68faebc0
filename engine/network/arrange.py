"""Where the cards of a network go so that it reads from top to bottom.

Sugiyama, Tagawa, Toda: Methods for visual understanding of hierarchical system structures (1981):
nodes in rows by their distance from the inputs, rows ordered so that few links cross. Then, our own:
the longest way through the network is one straight column, and every branch is a column beside it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.network.model import CANVAS_LIMIT
from engine.network.rows import Edges, connected, ranks, without_cycles

Position = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A card, or the frame of an opened block: upper left corner and size in px."""

    x: float
    y: float
    width: float
    height: float

    def touches(self, other: Box) -> bool:
        return (
            self.x < other.x + other.width
            and other.x < self.x + self.width
            and self.y < other.y + other.height
            and other.y < self.y + self.height
        )


@dataclass(frozen=True)
class Spacing:
    """In px. `lane` and `label` are what a link needs that runs beside the cards it skips."""

    grid: int = 8
    row: int = 40
    #: Between two rows whose links go aside: a flat curve is hard to follow.
    bent_row: int = 56
    column: int = 72
    lane: int = 16
    label: int = 128
    part: int = 80


def arrange(
    boxes: Mapping[str, Box],
    links: Iterable[tuple[str, str]],
    others: Iterable[Box] = (),
    spacing: Spacing = Spacing(),
) -> dict[str, Position]:
    """New upper left corners, on the grid; no two boxes overlap. The whole stays where its upper
    left corner was, or goes right of `others`, the cards that do not move.

    links: (source, target); those that name no box, and those that close a cycle, do not count."""
    ids = sorted(boxes, key=lambda key: (boxes[key].y, boxes[key].x))
    if not ids:
        return {}
    number = {key: at for at, key in enumerate(ids)}
    edges = sorted({(number[a], number[b]) for a, b in links if a in number and b in number})
    acyclic = without_cycles(len(ids), edges)
    parts = [_Part(ids, boxes, members, acyclic, spacing) for members in connected(len(ids), acyclic)]
    placed = _beside_each_other(parts, spacing)
    return _where_it_was(placed, boxes, tuple(others), spacing)


# Columns


@dataclass
class _Chain:
    """Nodes in one straight column. left, right: what it needs of each row, from its middle."""

    nodes: list[int]
    onward: Mapping[int, int]
    left: dict[int, float] = field(default_factory=dict)
    right: dict[int, float] = field(default_factory=dict)
    middle: float = 0.0


class _Part:
    """Nodes that hang together, placed with the upper left corner of all at (0, 0)."""

    def __init__(
        self,
        ids: Sequence[str],
        boxes: Mapping[str, Box],
        members: Sequence[int],
        edges: Edges,
        spacing: Spacing,
    ) -> None:
        inside = set(members)
        self._edges = [edge for edge in edges if edge[0] in inside] if len(members) > 1 else []
        self._boxes = {node: boxes[ids[node]] for node in members}
        self._ids = ids
        self._spacing = spacing
        self._ranks = ranks(members, self._edges)
        self._row = {node: rank[0] for node, rank in self._ranks.items()}
        self._chains = self._find_chains()
        self._chain_of = {node: chain for chain in self._chains for node in chain.nodes}
        self._measure()
        self._pack()
        self.positions = self._place()
        self.width = max(x + boxes[key].width for key, (x, _) in self.positions.items())
        self.height = max(y + boxes[key].height for key, (_, y) in self.positions.items())

    def _find_chains(self) -> list[_Chain]:
        """Links on the longest ways first; each node goes on straight along one link at most."""
        order = sorted(self._ranks, key=self._ranks.__getitem__)
        before, after = dict.fromkeys(order, 0), dict.fromkeys(order, 0)
        for source, target in sorted(self._edges, key=lambda edge: self._ranks[edge[0]]):
            before[target] = max(before[target], before[source] + 1)
        for source, target in sorted(self._edges, key=lambda edge: self._ranks[edge[0]], reverse=True):
            after[source] = max(after[source], after[target] + 1)

        def worth(edge: tuple[int, int]) -> tuple[object, ...]:
            source, target = edge
            through = before[source] + after[target]
            return (-through, *self._ranks[source], *self._ranks[target])

        onward: dict[int, int] = {}
        taken: set[int] = set()
        for source, target in sorted(self._edges, key=worth):
            if source not in onward and target not in taken:
                onward[source] = target
                taken.add(target)
        chains = []
        for node in order:
            if node not in taken:
                nodes = [node]
                while nodes[-1] in onward:
                    nodes.append(onward[nodes[-1]])
                chains.append(_Chain(nodes, onward))
        return chains

    def _measure(self) -> None:
        """What a chain needs of each row: its card, and a lane for a link that skips the row."""
        for chain in self._chains:
            self._keep_rows(chain, range(self._row[chain.nodes[0]], self._row[chain.nodes[-1]]))
            for node in chain.nodes:
                half = self._boxes[node].width / 2
                chain.left[self._row[node]] = chain.right[self._row[node]] = half
        for source, target in self._edges:
            first, last = self._chain_of[source], self._chain_of[target]
            between = range(self._row[source] + 1, self._row[target])
            if first is last:
                if first.onward.get(source) != target:
                    self._keep_lane(first, between)
            elif target == last.nodes[0]:  # a branch begins: its link comes down in its column
                self._keep_rows(last, between)
            elif source == first.nodes[-1]:  # a branch ends
                self._keep_rows(first, between)

    def _keep_rows(self, chain: _Chain, rows: range) -> None:
        """Room for a link in the chain's own column."""
        for row in rows:
            chain.left.setdefault(row, self._spacing.lane / 2)
            chain.right.setdefault(row, self._spacing.lane / 2)

    def _keep_lane(self, chain: _Chain, rows: range) -> None:
        """Room on the right of the cards that a link skips: there it runs (`gui.canvas.geometry`)."""
        wide = max(chain.right[row] for row in rows)
        first = wide <= max(chain.left[row] for row in rows)
        for row in rows:
            chain.right[row] = wide + self._spacing.lane + (self._spacing.label if first else 0)

    def _pack(self) -> None:
        """The chain with most nodes stands still; the others close up to it from both sides."""
        place = {id(chain): self._mean_place(chain) for chain in self._chains}
        chains = sorted(self._chains, key=lambda chain: place[id(chain)])
        main = max(range(len(chains)), key=lambda at: len(chains[at].nodes))
        if self._is_mirrored(chains, main):
            chains.reverse()
            main = len(chains) - 1 - main
        gap = self._spacing.column
        edge = {row: need + gap for row, need in chains[main].right.items()}
        for chain in chains[main + 1 :]:
            free = [edge[row] + need for row, need in chain.left.items() if row in edge]
            chain.middle = max(free, default=0.0)
            for row, need in chain.right.items():
                edge[row] = chain.middle + need + gap
        edge = {row: -need - gap for row, need in chains[main].left.items()}
        for chain in reversed(chains[:main]):
            free = [edge[row] - need for row, need in chain.right.items() if row in edge]
            chain.middle = min(free, default=0.0)
            for row, need in chain.left.items():
                edge[row] = chain.middle - need - gap

    def _mean_place(self, chain: _Chain) -> float:
        return sum(self._ranks[node][1] for node in chain.nodes) / len(chain.nodes)

    def _is_mirrored(self, chains: Sequence[_Chain], main: int) -> bool:
        """Whether the user had most branches on the other side of the main column."""

        def mean_x(chain: _Chain) -> float:
            return sum(self._boxes[node].x for node in chain.nodes) / len(chain.nodes)

        middle = mean_x(chains[main])
        agreeing = 0
        for at, chain in enumerate(chains):
            side = (at > main) - (at < main)
            was = mean_x(chain) - middle
            agreeing += side * ((was > 0) - (was < 0))
        return agreeing < 0

    def _place(self) -> dict[str, Position]:
        height: dict[int, float] = defaultdict(float)
        for node, row in self._row.items():
            height[row] = max(height[row], self._boxes[node].height)
        bent = {
            row
            for source, target in self._edges
            if self._chain_of[source] is not self._chain_of[target]
            for row in self._bends(source, target)
        }
        top: dict[int, float] = {}
        y = 0.0
        for row in range(len(height)):
            top[row] = y
            y += height[row] + (self._spacing.bent_row if row in bent else self._spacing.row)
            y = _up(y, self._spacing.grid)
        lefts = {
            node: self._chain_of[node].middle - self._boxes[node].width / 2 for node in self._ranks
        }
        least = min(lefts.values())
        grid = self._spacing.grid
        return {
            self._ids[node]: (float(round((lefts[node] - least) / grid) * grid), top[self._row[node]])
            for node in self._ranks
        }

    def _bends(self, source: int, target: int) -> list[int]:
        """Below which rows a link between two columns runs aside."""
        above, below = self._row[source], self._row[target] - 1
        if target == self._chain_of[target].nodes[0]:
            return [above]
        if source == self._chain_of[source].nodes[-1]:
            return [below]
        return [above, below]


# All parts


def _beside_each_other(parts: Sequence[_Part], spacing: Spacing) -> dict[str, Position]:
    """In the order they had from left to right, in lines of about the width of a screen."""
    parts = sorted(parts, key=_origin)
    area = sum((part.width + spacing.part) * (part.height + spacing.part) for part in parts)
    widest = max(1.6 * area**0.5, *(part.width for part in parts))
    placed: dict[str, Position] = {}
    x = y = line = 0.0
    for part in parts:
        if x > 0 and x + part.width > widest:
            x, y, line = 0.0, _up(y + line + spacing.part, spacing.grid), 0.0
        for key, (dx, dy) in part.positions.items():
            placed[key] = (x + dx, y + dy)
        x = _up(x + part.width + spacing.part, spacing.grid)
        line = max(line, part.height)
    return placed


def _origin(part: _Part) -> tuple[float, float]:
    boxes = part._boxes.values()
    return min(box.x for box in boxes), min(box.y for box in boxes)


def _where_it_was(
    placed: Mapping[str, Position], boxes: Mapping[str, Box], others: Sequence[Box], spacing: Spacing
) -> dict[str, Position]:
    width = max(x + boxes[key].width for key, (x, _) in placed.items())
    height = max(y + boxes[key].height for key, (_, y) in placed.items())
    grid = spacing.grid
    limit = CANVAS_LIMIT // grid * grid
    left = float(round(min(box.x for box in boxes.values()) / grid) * grid)
    top = float(round(min(box.y for box in boxes.values()) / grid) * grid)
    # What is at the edge of the canvas moves in: positions beyond it would be drawn together.
    left = max(-limit, min(left, _down(limit - width, grid)))
    top = max(-limit, min(top, _down(limit - height, grid)))
    while True:
        moved = {key: (left + x, top + y) for key, (x, y) in placed.items()}
        found = [Box(*moved[key], boxes[key].width, boxes[key].height) for key in moved]
        in_the_way = [other for other in others if any(box.touches(other) for box in found)]
        if not in_the_way:
            return moved
        left = _up(max(other.x + other.width for other in in_the_way) + spacing.column, grid)


def _up(value: float, grid: int) -> float:
    return float(-(-value // grid) * grid)


def _down(value: float, grid: int) -> float:
    return float(value // grid * grid)
