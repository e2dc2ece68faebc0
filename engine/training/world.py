"""The processes that share a run. Alone, each question has a plain answer; `engine.distributed` has
the answers for several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from engine.build.module import NetworkModule
    from engine.recipe.recipe import Recipe

T = TypeVar("T")


class Heads(Protocol):
    """What the losses take, for a whole batch x; `keep` receives the outputs of every node."""

    def __call__(self, x: Tensor, keep: dict[str, Tensor] | None = None) -> Sequence[Tensor]: ...


class World:
    """One process alone. torch is not needed to make one.

    rank, size: which process this is, and of how many. backend: what carries their tensors.
    threads: that this process may compute with; 0: all that are there."""

    rank = 0
    size = 1
    backend = ""
    threads = 0

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def device(self, name: str) -> str:
        """Where this process computes, for what was asked for."""
        return name

    def heads(self, module: NetworkModule) -> Heads:
        """How the trainer runs the module on a batch. Everything comes out as if one process had
        done it: outputs of the whole batch, and after `backward` the gradients of the whole batch."""
        return module.heads

    def optimizer(self, recipe: Recipe, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        from engine.training.optimizers import make_optimizer

        return make_optimizer(recipe, parameters)

    def earliest(self, node: str | None, order: Sequence[str]) -> str | None:
        """The first, in this order, of the nodes that the processes name."""
        return node

    def agreed(self, value: T) -> T:
        """What the first process says: decisions that follow from it are the same in all."""
        return value

    def gathered(self, value: T) -> list[T]:
        """The values of all processes, by rank."""
        return [value]

    def first_to_say(self, text: str) -> bool:
        """Whether no other process has said this, or something of this kind."""
        return True


ALONE = World()
