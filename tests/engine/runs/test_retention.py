"""Which states stay, whatever the steps and the budget."""

from __future__ import annotations

import itertools
import math

from hypothesis import given
from hypothesis import strategies as st

from engine.runs.retention import PER_DOUBLING, is_spaced, surplus


def test_spaced_steps_are_powers_of_two_and_then_even_in_log() -> None:
    steps = [step for step in range(100_000) if is_spaced(step)]
    assert {0, *(2**power for power in range(17))} <= set(steps)
    late = [step for step in steps if step > 1000]
    ratios = [after / before for before, after in itertools.pairwise(late)]
    assert all(math.isclose(ratio, 2 ** (1 / PER_DOUBLING), rel_tol=0.002) for ratio in ratios)
    assert len(steps) < 130


def test_a_trillion_steps_are_no_matter() -> None:
    assert is_spaced(2**40) and not is_spaced(2**40 + 1) and not is_spaced(2**40 - 1)


steps = st.lists(st.integers(0, 10**6), min_size=1, max_size=80, unique=True).map(sorted)


@given(steps, st.data())
def test_the_budget_is_kept_but_for_newest_and_best(puts: list[int], data: st.DataObject) -> None:
    budget = data.draw(st.integers(0, 500))
    kept: dict[int, int] = {}
    best = -1
    for step in puts:
        kept[step] = data.draw(st.integers(1, 100))
        best = step if data.draw(st.booleans()) else best
        pinned = {step, best} & kept.keys()
        gone = surplus(kept, budget, pinned)
        for old in gone:
            del kept[old]
        assert pinned <= kept.keys()
        assert sum(kept.values()) <= budget or kept.keys() == pinned
        # Nothing goes that need not.
        assert not gone or sum(kept.values()) + min(100, budget) + 100 > budget


@given(steps, st.integers(5, 30), st.data())
def test_what_stays_is_spread_in_log(puts: list[int], room: int, data: st.DataObject) -> None:
    """No gap is wider than twice the mean one, unless nothing was ever put into it."""
    kept: dict[int, int] = {}
    best = -1
    for step in puts:
        kept[step] = 1
        best = step if data.draw(st.booleans()) else best
        for old in surplus(kept, room, {step, best}):
            del kept[old]
    assert puts[0] in kept and puts[-1] in kept
    places = {step: math.log(step + 1) for step in puts}
    never = max((places[b] - places[a] for a, b in itertools.pairwise(puts)), default=0.0)
    # Of room + 1 states all but first, newest and best could go; what they bridge sums up to 2 spans.
    widest = 2 * (places[puts[-1]] - places[puts[0]]) / (room - 2)
    for before, after in itertools.pairwise(sorted(kept)):
        assert places[after] - places[before] <= max(never, widest) + 1e-9


def test_a_long_run_in_a_small_budget() -> None:
    kept: dict[int, int] = {}
    for step in filter(is_spaced, range(200_000)):
        kept[step] = 1
        for old in surplus(kept, 20, {step}):
            del kept[old]
    assert len(kept) == 20 and min(kept) == 0
    gaps = [math.log((b + 1) / (a + 1)) for a, b in itertools.pairwise(sorted(kept))]
    assert max(gaps) < 2.2 * math.log(200_000) / 19
