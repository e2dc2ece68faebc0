"""From gradients to new weights: accumulation, clipping, learning rate, optimizer, average."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from engine.recipe.recipe import Recipe
from engine.recipe.schedules import Plateau, rate
from engine.training.ema import Ema
from engine.training.fused import FusedStep
from engine.training.optimizers import (
    load_plain_state,
    make_optimizer,
    plain_state,
    set_hyper,
    set_rate,
)

#: What a closure optimizer evaluates again and again on one batch.
Closure = Callable[[], Tensor]


class Updates:
    """`count`: updates done; `total`: those that the run will have. `pending`: batches whose gradients
    wait for the next."""

    def __init__(
        self,
        recipe: Recipe,
        module: nn.Module,
        total: int,
        make: Callable[[Recipe, Iterable[nn.Parameter]], torch.optim.Optimizer] = make_optimizer,
    ) -> None:
        self.recipe = recipe
        self.total = total
        self.count = 0
        self.pending = 0
        self.plateau = Plateau()
        self.rate = 0.0
        self._parameters: tuple[nn.Parameter, ...]
        names, self._parameters = zip(*module.named_parameters(), strict=True)
        self.optimizer = make(recipe, self._parameters)
        self._fused = FusedStep(self.optimizer, self._parameters)
        self.ema = (
            Ema(dict(zip(names, self._parameters, strict=True)), recipe.ema_decay)
            if recipe.ema_decay
            else None
        )
        device = self._parameters[0].device.type
        # float16 alone has too small a range for gradients.
        self._scaler = torch.amp.GradScaler(device, enabled=recipe.precision == "float16")

    @property
    def needs_closure(self) -> bool:
        """Whether the optimizer evaluates the loss itself, several times an update."""
        return bool(getattr(self.recipe.optimizer.option, "closure", False))

    def validated(self, loss: float) -> bool:
        """A validation gave this loss; whether the schedule listened."""
        before, self.plateau = self.plateau, self.plateau.after(self.recipe, loss)
        return self.plateau != before

    def backward(self, loss: Tensor) -> None:
        if self.recipe.accumulate > 1:
            loss = loss / self.recipe.accumulate
        self._scaler.scale(loss).backward()
        self.pending += 1

    def before_step(self) -> None:
        """Bring the gradients to the size that the update, and whoever looks, sees."""
        if self.pending < self.recipe.accumulate:
            return
        if self._scaler.is_enabled():
            self._scaler.unscale_(self.optimizer)
        if self.recipe.clip_norm:
            nn.utils.clip_grad_norm_(self._parameters, self.recipe.clip_norm, foreach=True)
        if self.recipe.clip_value:
            nn.utils.clip_grad_value_(self._parameters, self.recipe.clip_value, foreach=True)

    def step(self, closure: Closure | None = None) -> bool:
        """One update when enough batches are summed; whether there was one. Gradients stay, for those
        who look at them, until `clear`."""
        self._set_rate(rate(self.recipe, self.count, self.total, self.plateau.factor))
        if self.pending < self.recipe.accumulate:
            return False
        if closure is not None:
            self.optimizer.step(closure)  # type: ignore[arg-type]
        elif self._scaler.is_enabled():
            self._scaler.step(self.optimizer)
            self._scaler.update()
        else:
            self._fused()
        if self.ema is not None:
            self.ema.update()
        self.pending = 0
        self.count += 1
        return True

    def clear(self) -> None:
        """Forget the gradients of an update that is done."""
        if self.pending == 0:
            for parameter in self._parameters:
                parameter.grad = None

    def adjust(self, recipe: Recipe) -> None:
        """Go on by another recipe of the same optimizer."""
        self.recipe = recipe
        self.rate = -1.0
        set_hyper(self.optimizer, recipe, recipe.learning_rate)
        if self.ema is not None and recipe.ema_decay:
            self.ema.decay = recipe.ema_decay

    def _set_rate(self, value: float) -> None:
        if value != self.rate:
            self.rate = value
            set_rate(self.optimizer, value)

    # For checkpoints

    def tensors(self) -> dict[str, Tensor]:
        """By "optimizer/<parameter>/<name>", "grads/<parameter>" and "ema/<name>"."""
        remembered, _ = plain_state(self.optimizer)
        found = {f"optimizer/{name}": tensor for name, tensor in remembered.items()}
        if self.pending:
            for at, parameter in enumerate(self._parameters):
                if parameter.grad is not None:
                    found[f"grads/{at}"] = parameter.grad
        if self.ema is not None:
            found |= {f"ema/{name}": value for name, value in self.ema.averages().items()}
        return found

    def values(self) -> dict[str, Any]:
        """What JSON can hold."""
        _, plain = plain_state(self.optimizer)
        return {
            "updates": self.count,
            "pending": self.pending,
            "plateau": self.plateau.as_json,
            "scaler": self._scaler.state_dict(),
            "optimizer": plain,
        }

    def restore(self, tensors: Mapping[str, Tensor], values: Mapping[str, Any]) -> None:
        self.count, self.pending = values["updates"], values["pending"]
        self.plateau, self.rate = Plateau(**values["plateau"]), -1.0
        if values["scaler"]:
            self._scaler.load_state_dict(dict(values["scaler"]))
        if self.ema is not None:
            averages = {n.removeprefix("ema/"): t for n, t in tensors.items() if n.startswith("ema/")}
            self.ema.restore(averages)
        prefix = "optimizer/"
        remembered = {n.removeprefix(prefix): t for n, t in tensors.items() if n.startswith(prefix)}
        load_plain_state(self.optimizer, remembered, values["optimizer"])
        self._fused.forget()
        for number, parameter in enumerate(self._parameters):
            grad = tensors.get(f"grads/{number}")
            parameter.grad = None if grad is None else grad.to(parameter.device).clone()
