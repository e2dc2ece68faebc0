"""An optimizer whose state is spread over the processes."""

from __future__ import annotations

import inspect
from typing import Any

import torch
from torch.distributed.optim import ZeroRedundancyOptimizer

from engine.network.problem import Problem
from engine.recipe.recipe import Recipe
from engine.training.fault import TrainingError


class ShardedOptimizer(ZeroRedundancyOptimizer):
    """Each process updates some of the parameters, keeps the state of these alone, and sends the new
    numbers to the others. All have all weights and gradients, so whoever watches, clips or averages
    them need not know.

    Its `state_dict` has the process's own part, by the places of the parameters among all: nothing is
    sent around for it, and the parts of all processes together are the state of the whole."""

    def __init__(self, whole: torch.optim.Optimizer) -> None:
        """whole: the optimizer as one process would have it; it has no state yet."""
        kind = type(whole)
        known = inspect.signature(kind).parameters
        values = {name: value for name, value in whole.defaults.items() if name in known}
        parameters = [parameter for group in whole.param_groups for parameter in group["params"]]
        super().__init__(parameters, kind, **values)
        place = {parameter: at for at, parameter in enumerate(parameters)}
        held = (parameter for group in self.optim.param_groups for parameter in group["params"])
        #: Of each parameter here, in the order of the local optimizer, its place among all.
        self._places = [place[parameter] for parameter in held]

    def state_dict(self) -> dict[str, Any]:
        local = self.optim.state_dict()["state"]
        groups = torch.optim.Optimizer.state_dict(self)["param_groups"]
        return {
            "state": {self._places[at]: values for at, values in local.items()},
            "param_groups": groups,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """What belongs to parameters of other processes is left alone."""
        state = state_dict["state"]
        own = {at: state[place] for at, place in enumerate(self._places) if place in state}
        groups = self.optim.state_dict()["param_groups"]
        self.optim.load_state_dict({"state": own, "param_groups": groups})


def check_shardable(recipe: Recipe) -> None:
    """Raises TrainingError for an optimizer that looks at all parameters together."""
    option = recipe.optimizer.option
    if getattr(option, "closure", False) or getattr(option, "matrices_only", False):
        values = {"optimizer": recipe.optimizer.kind}
        raise TrainingError(Problem("cannot_shard", None, values=values))
