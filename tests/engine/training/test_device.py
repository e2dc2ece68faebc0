"""How many threads a run takes."""

from __future__ import annotations

import time

import pytest
import torch

from engine.training import device


def test_more_threads_where_most_passes_are_faster() -> None:
    assert device._best({1: [10.0, 11.0, 10.0], 4: [6.0, 30.0, 6.0]}) == 4


def test_one_quick_pass_by_chance_is_not_believed() -> None:
    """Measured on two cores that other programs used as well, in ms: the run took 15 steps a second
    with two threads, 1,400 with one."""
    one, two = [0.18, 0.19, 0.20, 0.21, 0.36], [0.17, 0.22, 130.9, 151.0, 176.0]
    assert device._best({1: one, 2: two}) == 1


def test_a_gain_too_small_to_matter_keeps_one_thread() -> None:
    assert device._best({1: [1.0, 1.0, 1.0], 2: [0.99, 0.99, 0.99]}) == 1


def test_nobody_waits_long_for_the_choice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "_SECONDS", 0.0)
    before, passes = torch.get_num_threads(), []
    device.choose_thread_count(lambda: passes.append(time.perf_counter()))
    torch.set_num_threads(before)
    counts = len({1, device._ALL_THREADS})
    assert len(passes) == 2 * counts * device._FEWEST_PASSES
