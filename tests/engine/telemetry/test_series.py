"""A series keeps extremes, sums and steps whatever its length, in bounded memory, under two threads."""

from __future__ import annotations

import tracemalloc
from threading import Thread

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.telemetry.series import CAPACITY, Points, Series

chunks = st.lists(st.integers(1, 90), min_size=1, max_size=30)


def filled(values: np.ndarray, sizes: list[int], capacity: int, steps: np.ndarray | None) -> Series:
    series = Series(capacity)
    at = 0
    for size in sizes:
        part = slice(at, at + size)
        series.append(values[part], None if steps is None else steps[part])
        at += size
    return series


def bucket_of(points: Points, at: int) -> slice:
    """The places of the values that the bucket number `at` is made of."""
    begin = int(points.counts[:at].sum())
    return slice(begin, begin + int(points.counts[at]))


@given(chunks, st.sampled_from([2, 4, 10, 64]), st.integers(0, 2**32 - 1), st.booleans())
def test_buckets_are_what_was_appended(
    sizes: list[int], capacity: int, seed: int, irregular: bool
) -> None:
    chance = np.random.default_rng(seed)
    total = sum(sizes)
    values = chance.normal(size=total).astype(np.float32)
    steps = np.cumsum(chance.integers(1, 9, total)) if irregular else None
    series = filled(values, sizes, capacity, steps)
    steps = np.arange(1, total + 1) if steps is None else steps
    points = series.view()
    assert len(series) == total
    assert len(points) <= capacity
    assert points.counts.sum() == total
    assert points.exact == (total <= capacity)
    assert points.steps[-1] == steps[-1] == series.next_step - 1
    assert (points.low.min(), points.high.max()) == (values.min(), values.max())
    weighted = (points.mean * points.counts).sum() / total
    assert weighted == pytest.approx(values.mean(dtype=float), abs=1e-6)
    for at in range(len(points)):
        of = values[bucket_of(points, at)]
        assert points.low[at] == of.min()
        assert points.high[at] == of.max()
        assert points.last[at] == of[-1]
        assert points.steps[at] == steps[bucket_of(points, at)][-1]
        assert points.mean[at] == pytest.approx(of.mean(dtype=float), abs=1e-6)


@given(chunks, st.integers(1, 3000), st.sampled_from([2, 16, 4096]))
def test_truncated_and_recorded_again(sizes: list[int], step: int, capacity: int) -> None:
    values = np.arange(sum(sizes), dtype=np.float32)
    series = filled(values, sizes, capacity, None)
    before = series.view()
    copy = before.mean.copy()
    series.truncate(step)
    points = series.view()
    assert len(series) == points.counts.sum() == (points.steps[-1] if len(points) else 0)
    assert series.next_step - 1 <= step
    # Not even a bucket is lost of what lies before the step.
    assert series.next_step - 1 > min(step, len(values)) - before.width
    series.append(np.full(100, -1.0, np.float32))
    np.testing.assert_array_equal(before.mean, copy)
    assert series.view().low.min() == -1.0
    assert series.view().counts.sum() == len(series)


def test_up_to_the_capacity_every_value_is_there() -> None:
    series = Series()
    values = np.random.default_rng(0).normal(size=CAPACITY).astype(np.float32)
    series.append(values)
    points = series.view()
    assert points.exact
    np.testing.assert_array_equal(points.mean, values)
    assert points.low is points.high
    series.append(values[:1])
    assert not series.view().exact
    assert len(series.view()) == CAPACITY // 2 + 1


def test_numbers_that_are_not_finite() -> None:
    series = Series(4)
    series.append(np.array([np.nan, 1, 2, np.nan, np.inf, 3, np.nan, np.nan, 5], np.float32))
    points = series.view()
    assert points.width == 4
    np.testing.assert_array_equal(points.low, [1, 3, 5])
    np.testing.assert_array_equal(points.high, [2, np.inf, 5])
    np.testing.assert_array_equal(points.mean, [1.5, 3, 5])
    assert np.isnan(points.last[0])


def test_a_view_cannot_be_written() -> None:
    series = Series(4)
    for count in (3, 10):
        series.append(np.ones(count, np.float32))
        for column in (series.view().steps, series.view().mean, series.view().last):
            with pytest.raises(ValueError, match="read-only"):
                column[0] = 1


def test_two_million_steps_in_a_few_megabytes() -> None:
    series = Series()
    values = np.random.default_rng(0).normal(size=10_000).astype(np.float32)
    tracemalloc.start()
    try:
        for _ in range(200):
            series.append(values)
        held, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(series) == 2_000_000
    assert held < 1 * 2**20
    assert most < 4 * 2**20
    points = series.view()
    assert points.counts.sum() == 2_000_000
    assert points.steps[-1] == 2_000_000
    assert (points.low.min(), points.high.max()) == (values.min(), values.max())


@pytest.mark.parametrize("size", [3, 100, 1024, 5000])
def test_a_view_never_changes_while_the_series_grows(size: int) -> None:
    """Value k is its step, so whoever reads can tell what every bucket has to be."""
    total = 200_000
    series = Series(1024)
    failures: list[str] = []
    held: list[tuple[Points, list[np.ndarray]]] = []

    def write() -> None:
        for start in range(1, total + 1, size):
            end = min(start + size, total + 1)
            series.append(np.arange(start, end, dtype=np.float32))

    def read() -> None:
        alive = True
        while alive:
            alive = thread.is_alive()  # once more when it has ended
            points = series.view()
            begins = points.steps - points.counts + 1
            right = (
                np.array_equal(points.low, begins)
                and np.array_equal(points.high, points.steps)
                and np.array_equal(points.last, points.steps)
                and np.array_equal(points.mean, (begins + points.steps) / 2)
            )
            if not right:
                failures.append(f"wrong at {len(points)} buckets of {points.width}")
            if len(held) < 200:
                held.append((points, [points.low.copy(), points.mean.copy()]))

    thread = Thread(target=write)
    thread.start()
    read()
    thread.join()
    assert failures == []
    assert len(series) == total
    for points, (low, mean) in held:
        assert np.array_equal(points.low, low)
        assert np.array_equal(points.mean, mean)


def test_detail_without_a_folder_is_exact_until_buckets_merge() -> None:
    series = Series(100)
    series.append(np.arange(1, 101, dtype=np.float32))
    steps, values = series.detail(10, 12)
    assert steps.tolist() == values.tolist() == [10, 11, 12]
    series.append(np.arange(101, 201, dtype=np.float32))
    steps, values = series.detail(10, 13)
    assert steps.tolist() == [10, 12]
    assert values.tolist() == [9.5, 11.5]
