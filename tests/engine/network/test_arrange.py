"""Arranged networks read from top to bottom, on the grid, and nothing lies on anything."""

from __future__ import annotations

import itertools
from contextlib import nullcontext
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.network.arrange import Box, Spacing, arrange
from engine.network.model import CANVAS_LIMIT
from engine.network.rows import connected, ranks, without_cycles

GRID = Spacing().grid


@st.composite
def diagrams(draw: st.DrawFn) -> tuple[dict[str, Box], list[tuple[str, str]]]:
    """Cards anywhere, some as large as an opened block, and links that may close loops."""
    count = draw(st.integers(1, 14))
    place = st.floats(-3000, 3000)
    boxes = {
        f"n{at}": Box(draw(place), draw(place), draw(st.sampled_from([176, 176, 224, 640])), high)
        for at, high in enumerate(
            draw(st.lists(st.sampled_from([48, 88, 300]), min_size=count, max_size=count))
        )
    }
    ends = st.sampled_from(sorted(boxes))
    return boxes, draw(st.lists(st.tuples(ends, ends), max_size=24))


@given(diagrams())
@settings(max_examples=150, deadline=None)
def test_no_two_cards_overlap_and_all_lie_on_the_grid(
    diagram: tuple[dict[str, Box], list[tuple[str, str]]],
) -> None:
    boxes, links = diagram
    placed = arrange(boxes, links)
    assert placed.keys() == boxes.keys()
    found = [Box(*placed[key], boxes[key].width, boxes[key].height) for key in boxes]
    assert not any(one.touches(other) for one, other in itertools.combinations(found, 2))
    assert all(value % GRID == 0 for place in placed.values() for value in place)


@given(diagrams())
@settings(max_examples=100, deadline=None)
def test_data_runs_downwards(diagram: tuple[dict[str, Box], list[tuple[str, str]]]) -> None:
    """Along every link that is on no loop."""
    boxes, links = diagram
    number = {key: at for at, key in enumerate(sorted(boxes, key=lambda k: (boxes[k].y, boxes[k].x)))}
    edges = sorted({(number[a], number[b]) for a, b in links})
    kept = set(without_cycles(len(boxes), edges))
    placed = arrange(boxes, links)
    for source, target in links:
        if (number[source], number[target]) in kept:
            assert placed[source][1] + boxes[source].height <= placed[target][1]


def test_a_chain_is_one_straight_column() -> None:
    boxes = {f"n{at}": Box(0, 0, 176, 48) for at in range(6)}
    placed = arrange(boxes, itertools.pairwise(boxes))
    assert {x for x, _ in placed.values()} == {0.0}
    gaps = {b[1] - a[1] for a, b in itertools.pairwise(placed[key] for key in boxes)}
    assert gaps == {88.0}


def test_a_skip_connection_keeps_the_main_way_straight() -> None:
    boxes = {key: Box(0, at * 60, 176, 48) for at, key in enumerate(("in", "a", "b", "add", "out"))}
    links = [*itertools.pairwise(boxes), ("in", "add")]
    assert len({x for x, _ in arrange(boxes, links).values()}) == 1


def test_branches_lie_beside_each_other() -> None:
    boxes = {key: Box(0, 0, 176, 48) for key in ("in", "left", "right", "add")}
    links = [("in", "left"), ("in", "right"), ("left", "add"), ("right", "add")]
    placed = arrange(boxes, links)
    assert placed["left"][1] == placed["right"][1]
    assert abs(placed["left"][0] - placed["right"][0]) >= 176 + Spacing().column


def test_it_stays_where_it_was_and_off_what_does_not_move() -> None:
    boxes = {"a": Box(803, 397, 176, 48), "b": Box(1000, 900, 176, 48)}
    assert min(arrange(boxes, [("a", "b")]).values()) == (800.0, 400.0)
    there = Box(780, 380, 300, 300)
    for place in arrange(boxes, [("a", "b")], [there]).values():
        assert not Box(*place, 176, 48).touches(there)


def test_at_the_edge_of_the_canvas_it_moves_in() -> None:
    boxes = {f"n{at}": Box(CANVAS_LIMIT, CANVAS_LIMIT, 176, 48) for at in range(4)}
    placed = arrange(boxes, itertools.pairwise(boxes))
    assert all(x + 176 <= CANVAS_LIMIT and y + 48 <= CANVAS_LIMIT for x, y in placed.values())


def test_nothing_is_arranged_to_nothing() -> None:
    assert arrange({}, []) == {}


def test_links_to_strangers_and_to_oneself_do_not_count() -> None:
    boxes = {"a": Box(0, 0, 176, 48)}
    assert arrange(boxes, [("a", "a"), ("a", "gone")]) == {"a": (0.0, 0.0)}


@pytest.mark.parametrize("broken", [False, True])
def test_rows_by_the_library_and_without_it(broken: bool) -> None:
    """Where the compiled library does not run, plainer rows still run downwards."""
    edges = [(0, 1), (1, 2), (0, 2), (2, 3), (1, 3)]
    with patch("fast_sugiyama.from_edges", side_effect=RuntimeError) if broken else nullcontext():
        found = ranks(range(4), edges)
    assert all(found[a][0] < found[b][0] for a, b in edges)


def test_parts() -> None:
    assert sorted(map(sorted, connected(5, [(0, 1), (3, 4)]))) == [[0, 1], [2], [3, 4]]
