"""Where to compute, and with how many threads."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

import torch

from engine.devices import Devices, tell
from engine.network.problem import Problem
from engine.training.fault import TrainingError

#: Timed passes per thread count: at most, and at least however long they take.
_PASSES, _FEWEST_PASSES = 9, 3
#: After this long no further pass begins: somebody waits for the training.
_SECONDS = 0.5
#: How much of the time of one thread all of them may need, to be chosen. Beside a window they wait for
#: each other whenever it draws: on two cores a canvas that is dragged then takes a fifth of the speed
#: of two threads, and little of that of one.
_ALONE, _BESIDE_WINDOW = 0.95, 0.75
_worth_it = _ALONE
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


def share_processor() -> None:
    """From now on a window draws what is trained in this process."""
    global _worth_it  # noqa: PLW0603  one process has one processor
    _worth_it = _BESIDE_WINDOW


def choose_thread_count(work: Callable[[], object], most: int = 0) -> int:
    """Time `work` (one forward and backward pass) with one thread and with all, or with `most` of them,
    and keep the faster.

    Small networks lose more to handing work around than they gain: on two cores an MLP on points
    ran almost three times as fast with one thread, the digit CNN a tenth faster with two."""
    timings: dict[int, list[float]] = {count: [] for count in sorted({1, most or _ALL_THREADS})}
    start = time.perf_counter()
    for passes in range(_PASSES):  # in turn, so that a busy moment of the machine meets both
        if passes >= _FEWEST_PASSES and time.perf_counter() - start > _SECONDS:
            break
        for count, times in timings.items():
            torch.set_num_threads(count)
            work()
            times.append(_timed(work))
    best = _best(timings)
    torch.set_num_threads(best)
    return best


def _best(timings: Mapping[int, Sequence[float]]) -> int:
    """The count with the least median. Where other programs take a core, threads wait for each other
    at every operation: most passes are then many times slower, though one may be quick by chance."""
    usual = {count: statistics.median(times) for count, times in timings.items()}
    best = min(usual, key=lambda count: usual[count])
    return best if usual[best] < usual[1] * _worth_it else 1


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _titles() -> dict[str, str]:
    titles = {"cpu": "CPU", "mps": "Apple GPU"}
    if torch.cuda.is_available():
        titles["cuda"] = torch.cuda.get_device_name(0)
    return {name: titles[name] for name in available_devices()}


tell(Devices(_titles(), _ALL_THREADS))
