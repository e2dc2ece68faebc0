"""Where to compute, and with how many threads."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from engine.network.problem import Problem
from engine.training.fault import TrainingError

#: Timed passes per thread count.
_PASSES = 9
#: What torch chose for this machine, before anyone changed it.
_ALL_THREADS = torch.get_num_threads()


def available_devices() -> tuple[str, ...]:
    found = ["cpu"]
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return tuple(found)


def choose_device(name: str) -> torch.device:
    """ "auto" takes CUDA, then MPS, then the CPU. Raises TrainingError for a device not there."""
    known = available_devices()
    if name == "auto":
        return torch.device(next(d for d in ("cuda", "mps", "cpu") if d in known))
    if name.split(":", maxsplit=1)[0] not in known:
        values = {"device": name, "known": ", ".join(known)}
        raise TrainingError(Problem("no_such_device", None, values=values))
    return torch.device(name)


def choose_thread_count(work: Callable[[], object]) -> int:
    """Time `work` (one forward and backward pass) with one thread and with all, keep the faster.

    Small networks lose more to handing work around than they gain: on two cores an MLP on points
    ran almost three times as fast with one thread, the digit CNN a tenth faster with two."""
    timings: dict[int, list[float]] = {count: [] for count in sorted({1, _ALL_THREADS})}
    for _ in range(_PASSES):  # in turn, so that a busy moment of the machine meets both
        for count, times in timings.items():
            torch.set_num_threads(count)
            work()
            times.append(_timed(work))
    # The quickest pass: what it takes when nothing else wants the processor.
    best = min(timings, key=lambda count: min(timings[count]))
    torch.set_num_threads(best)
    return best


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
