"""The processes that torchrun started, seen from one of them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import nn

from engine.build.module import NetworkModule
from engine.distributed.heads import SharedHeads
from engine.distributed.sharding import ShardedOptimizer, check_shardable
from engine.distributed.statistics import share_statistics
from engine.network.problem import Problem
from engine.recipe.recipe import Recipe
from engine.training.device import available_devices
from engine.training.fault import TrainingError
from engine.training.optimizers import make_optimizer
from engine.training.world import Heads, World

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """What torchrun says of a process. local_rank, local_size: among those of this machine."""

    rank: int
    size: int
    local_rank: int
    local_size: int

    @staticmethod
    def of(environment: Mapping[str, str]) -> Place:
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE")
        return Place(*(int(environment[name]) for name in names))


class Group(World):
    """All processes, while they are joined. shard_optimizer: each keeps a part of its state."""

    def __init__(self, place: Place, *, shard_optimizer: bool = False) -> None:
        self.rank, self.size = place.rank, place.size
        self.threads = _threads(place.local_size)
        self.backend = "gloo"
        self.shard_optimizer = shard_optimizer
        self._place = place
        self._gpus = torch.cuda.device_count() if "cuda" in available_devices() else 0
        self._store = _store()
        # Decisions and checkpoints travel over gloo in any case: they are on the CPU.
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if self._has_own_gpu else "gloo",
            store=self._store,
            rank=self.rank,
            world_size=self.size,
        )
        torch.set_num_threads(self.threads)

    @property
    def _has_own_gpu(self) -> bool:
        """Whether each process of this machine has one."""
        return self._gpus >= self._place.local_size

    def device(self, name: str) -> str:
        """Each process has a GPU of its own, or all of them compute on the CPU. Raises TrainingError
        for anything else."""
        if name == "cpu" or (name == "auto" and not self._has_own_gpu):
            return "cpu"
        if name not in ("auto", "cuda") or not self._has_own_gpu:
            values = {"device": name, "processes": self._place.local_size, "gpus": self._gpus}
            raise TrainingError(Problem("cannot_share_device", None, values=values))
        self.backend = "nccl"
        device = f"cuda:{self._place.local_rank}"
        torch.cuda.set_device(device)
        return device

    def heads(self, module: NetworkModule) -> Heads:
        module.replace_layers(share_statistics)
        heads = SharedHeads(module)
        # Weights are drawn: from here on chance (dropout) differs from process to process.
        torch.manual_seed(torch.initial_seed() + self.rank)
        return heads

    def optimizer(self, recipe: Recipe, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        optimizer = make_optimizer(recipe, parameters)
        if not self.shard_optimizer:
            return optimizer
        check_shardable(recipe)
        return ShardedOptimizer(optimizer)

    def earliest(self, node: str | None, order: Sequence[str]) -> str | None:
        places = [order.index(name) for name in self.gathered(node) if name is not None]
        return order[min(places)] if places else None

    def agreed(self, value: T) -> T:
        box = [value]
        dist.broadcast_object_list(box, src=0)
        return box[0]

    def gathered(self, value: T) -> list[T]:
        values: list[T] = [value] * self.size
        dist.all_gather_object(values, value)
        return values

    def first_to_say(self, text: str) -> bool:
        key = f"said/{hashlib.sha256(text.encode()).hexdigest()}"
        try:
            return self._store.add(key, 1) == 1
        except dist.DistError:  # torchrun has gone
            return self.is_first


@contextmanager
def joined(*, shard_optimizer: bool = False) -> Iterator[Group]:
    """Be one of the processes that torchrun started."""
    group = Group(Place.of(os.environ), shard_optimizer=shard_optimizer)
    try:
        yield group
    finally:
        dist.destroy_process_group()


def _store() -> dist.Store:
    """What torchrun keeps for all processes. It outlives them, so those that are started anew after a
    loss would meet the addresses of the lost ones there: each attempt has a part of its own."""
    store, _, _ = next(dist.rendezvous("env://"))
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    return dist.PrefixStore(f"attempt {attempt}", store)


def _threads(processes: int) -> int:
    """This process's part of the machine, or what OMP_NUM_THREADS asks for. torchrun itself sets
    that to 1 where it is not set, so 1 says nothing."""
    asked = os.environ.get("OMP_NUM_THREADS", "1")
    if asked.isdecimal() and int(asked) > 1:
        return int(asked)
    return max(_cores() // processes, 1)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
