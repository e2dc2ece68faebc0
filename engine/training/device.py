"""Where to compute, and with how many threads."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch

from engine.network.problem import Problem
from engine.training.fault import TrainingError

#: Timed passes per thread count; the median of them counts.
_PASSES = 5
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
    timings = {}
    for count in sorted({1, _ALL_THREADS}):
        torch.set_num_threads(count)
        work()
        timings[count] = sorted(_timed(work) for _ in range(_PASSES))[_PASSES // 2]
    best = min(timings, key=timings.__getitem__)
    torch.set_num_threads(best)
    return best


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
