"""What went wrong in a training, where, and what to do."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass

import torch

from engine.build.module import NodeError
from engine.data import DataError
from engine.network.expand import expand
from engine.network.problem import Problem
from engine.project.project import Project

#: How PyTorch says how much memory it did not get: on the CPU in bytes, on CUDA in GiB.
_ASKED = re.compile(r"tried to allocate ([\d.,]+ ?\w+)", re.IGNORECASE)
#: How PyTorch refuses to normalize a batch of one sample.
_ONE_VALUE = "Expected more than 1 value per channel when training"


@dataclass(frozen=True)
class Fault:
    """`problem` is what the user reads, `detail` the traceback for a report."""

    problem: Problem
    detail: str = ""


class TrainingError(RuntimeError):
    """A training that cannot start or go on; `problem` says why."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def fault_of(error: BaseException, project: Project, step: int) -> Fault:
    """Any exception of a training as a Fault on the node it came from, where that is known."""
    detail = "".join(traceback.format_exception(error))
    if isinstance(error, TrainingError | DataError):
        return Fault(error.problem, detail)
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    values = {"step": step, "reason": reason, "batch_size": project.recipe.batch_size}
    if is_out_of_memory(error):
        asked = _ASKED.search(str(error))
        if asked is not None:
            values["reason"] = f"{asked[1]} were asked for"
        return Fault(Problem("out_of_memory", None, values=values), detail)
    if is_process_lost(error):
        return Fault(Problem("process_lost", None), detail)
    if isinstance(error, NodeError):
        flat = expand(project.network)
        values["node"] = flat.network.nodes[error.node].name
        code = "one_value_to_normalize" if _ONE_VALUE in str(error) else "node_failed"
        return Fault(Problem(code, flat.origin_of(error.node), values=values), detail)
    return Fault(Problem("training_failed", None, values=values), detail)


def is_process_lost(error: BaseException) -> bool:
    """Whether another process, which shares the run, is gone. Gloo only has sentences for it."""
    return isinstance(error, torch.distributed.DistError) or any(
        words in str(error)
        for words in ("Connection closed by peer", "Connection reset by peer", "Broken pipe")
    )


def is_out_of_memory(error: BaseException) -> bool:
    """CUDA has a class for it; the CPU allocator only a sentence."""
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or (
        "DefaultCPUAllocator" in str(error)
    )
