"""Taking and restoring the state of a trainer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from engine.training.state import State
from engine.training.tally import Tally

if TYPE_CHECKING:
    from engine.training.trainer import Trainer


def take(trainer: Trainer) -> State:
    averaged = trainer.averaged
    if averaged:
        trainer.swap_average()
    tensors = {f"weights/{name}": tensor for name, tensor in trainer.module.weights().items()}
    tensors |= trainer.updates.tensors()
    if trainer.augmenter is not None:
        tensors |= {f"augment/{name}": held for name, held in trainer.augmenter.state().items()}
    tensors["rng/cpu"] = torch.get_rng_state()
    if trainer.device.type == "cuda":
        tensors["rng/cuda"] = torch.cuda.get_rng_state(trainer.device)
    copies = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
    if averaged:
        trainer.swap_average()
    values = {
        "step": trainer.step,
        "epoch": trainer.epoch,
        "position": trainer.batches.position,
        "batch_size": trainer.batch_size,
        "validating": trainer.validation is not None,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "stopping": trainer.stopping.values(),
        "updates": trainer.updates.values(),
        "tally": trainer.tally.values(),
    }
    return State(copies, values)


def restore(trainer: Trainer, state: State) -> None:
    tensors, values = state.tensors, state.values
    trainer.validation = None
    trainer.forget_unfetched()
    if trainer.device.type == "cpu" and torch.get_num_threads() != values["threads"]:
        torch.set_num_threads(values["threads"])
    with torch.no_grad():
        for name, tensor in trainer.module.weights().items():
            tensor.copy_(tensors[f"weights/{name}"])
    trainer.updates.restore(tensors, values["updates"])
    trainer.stopping.restore(values["stopping"])
    if trainer.augmenter is not None:
        trainer.augmenter.restore(_under("augment/", tensors))
    trainer.step, trainer.batch_size = values["step"], values["batch_size"]
    trainer.begin_epoch(values["epoch"], values["position"])
    trainer.tally = Tally(*values["tally"])
    trainer.train_mode()
    if values["validating"]:
        trainer.validation = trainer.validate()
    torch.set_rng_state(tensors["rng/cpu"])
    if "rng/cuda" in tensors and trainer.device.type == "cuda":
        torch.cuda.set_rng_state(tensors["rng/cuda"], trainer.device)


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): held for name, held in tensors.items() if name.startswith(prefix)
    }
