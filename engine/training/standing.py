"""Taking and restoring the state of a trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from engine.runs.state import State
from engine.training.early import EarlyStopping
from engine.training.live import dropout
from engine.training.tally import Tally

if TYPE_CHECKING:
    from engine.training.trainer import Trainer


def take(trainer: Trainer) -> State:
    ema = trainer.updates.ema
    averaged = ema is not None and ema.swapped
    if ema is not None and averaged:  # in the middle of a validation
        ema.swap()
    tensors = {f"weights/{name}": tensor for name, tensor in trainer.module.weights().items()}
    tensors |= trainer.updates.tensors()
    tensors["rng/augment"] = trainer.augmenter.state()
    tensors["rng/cpu"] = torch.get_rng_state()
    if trainer.device.type == "cuda":
        tensors["rng/cuda"] = torch.cuda.get_rng_state(trainer.device)
    copies = {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
    if ema is not None and averaged:
        ema.swap()
    values = {
        "step": trainer.step,
        "epoch": trainer.epoch,
        "position": trainer.batches.position,
        "batch_size": trainer.batch_size,
        "validating": trainer.validation is not None,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "stopping": trainer.stopping.as_json,
        "updates": trainer.updates.values(),
        "tally": trainer.tally.values(),
        # What was changed while it ran: a resumed run goes on with it.
        "recipe": trainer.project.recipe.model_dump(mode="json"),
        "dropout": dropout(trainer.module, trainer.project.network),
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
    trainer.stopping = EarlyStopping(**values["stopping"])
    # Cloned: a generator crashes on a tensor that does not begin where its storage does.
    trainer.augmenter.restore(tensors["rng/augment"].clone())
    trainer.step, trainer.batch_size = values["step"], values["batch_size"]
    trainer.begin_epoch(values["epoch"], values["position"])
    trainer.tally = Tally(*values["tally"])
    trainer.train_mode()
    if values["validating"]:
        trainer.validation = trainer.validate()
    torch.set_rng_state(tensors["rng/cpu"].clone())
    if "rng/cuda" in tensors and trainer.device.type == "cuda":
        torch.cuda.set_rng_state(tensors["rng/cuda"].clone(), trainer.device)
