"""How a network is trained: one validated, immutable model."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from engine.recipe.augmentations import AUGMENTATIONS
from engine.recipe.initializers import INITIALIZERS
from engine.recipe.losses import LOSSES
from engine.recipe.metrics import METRICS
from engine.recipe.optimizers import OPTIMIZERS
from engine.recipe.option import Option
from engine.recipe.schedules import SCHEDULES


def _tuples(value: Any) -> Any:
    """JSON has lists where parameters are tuples."""
    if isinstance(value, dict):
        return {name: tuple(item) if isinstance(item, list) else item for name, item in value.items()}
    return tuple(value) if isinstance(value, list) else value


def _named(value: Any) -> Any:
    """A kind alone stands for itself with its defaults."""
    return {"kind": value} if isinstance(value, str) else value


def _choices(value: Any) -> Any:
    return tuple(map(_named, value)) if isinstance(value, list | tuple) else value


#: Parameters that differ from the declared defaults.
Given = Annotated[dict[str, Any], BeforeValidator(_tuples), Field(max_length=64)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="allow", strict=True, allow_inf_nan=False)


class _Choice(_Part):
    """One of the options of `OPTIONS`, with its parameters."""

    OPTIONS: ClassVar[dict[str, Option]]

    kind: str
    parameters: Given = {}

    @property
    def option(self) -> Option:
        return self.OPTIONS[self.kind]

    @property
    def complete(self) -> dict[str, Any]:
        """Every parameter by name."""
        return self.option.complete(self.parameters)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind not in self.OPTIONS:
            raise ValueError(f"{self.kind[:80]} is not known; known are {', '.join(self.OPTIONS)}")
        complaint = self.option.complaint(self.parameters)
        if complaint is not None:
            raise ValueError(complaint)
        return self


class OptimizerChoice(_Choice):
    OPTIONS = dict(OPTIMIZERS)
    kind: str = "Adam"


class ScheduleChoice(_Choice):
    OPTIONS = dict(SCHEDULES)
    kind: str = "constant"


class LossChoice(_Choice):
    """weight: the share of this loss in the sum over all outputs. target: what the output is compared
    with (`engine.recipe.losses`), "" for the first that the loss takes."""

    OPTIONS = dict(LOSSES)
    kind: str = "cross_entropy"
    weight: float = Field(default=1.0, ge=0, le=1e6)
    target: str = ""

    @model_validator(mode="after")
    def _takes_target(self) -> Self:
        if self.target and self.target not in (targets := LOSSES[self.kind].targets):
            found, known = self.target[:80], ", ".join(targets)
            raise ValueError(f"{self.kind} does not compare with {found}; it takes {known}")
        return self


class MetricChoice(_Choice):
    OPTIONS = dict(METRICS)
    kind: str = "accuracy"


class InitializerChoice(_Choice):
    OPTIONS = dict(INITIALIZERS)
    kind: str = "default"


class AugmentationChoice(_Choice):
    OPTIONS = dict(AUGMENTATIONS)


class Recipe(_Part):
    """Everything that decides how a network learns. Fields of a newer format are kept.

    optimizer, learning_rate, schedule, warmup_steps: the rate of a step is learning_rate times the
        factor of the schedule, times a ramp from 0 over the first warmup_steps updates.
    loss: of every output that has none of its own in output_losses (by node id).
    metrics: what is measured beside the loss.
    clip_norm, clip_value: bounds of the gradient's norm and of each entry of it; 0: none.
    accumulate: batches whose gradients are summed (as a mean) before one update.
    ema_decay: of an exponential moving average of the weights, with which validation is made; 0: none.
    patience: validations without a better loss after which the run stops; 0: never.
    batch_size, epochs, steps: the run ends after `epochs`, or after `steps` batches when that is not 0.
    shuffle: another order each epoch. validation_share: part of the training samples that is held
        back for validation; 0: the split that the data set comes with.
    validate_every: batches between two validations; 0: at the end of each epoch.
    initializer, seed: where the weights begin. frozen: ids of nodes that do not learn.
    device: "auto" takes CUDA, then MPS, then the CPU. precision: of forward and backward pass; weights
        stay float32. compile: torch.compile, where it works.
    """

    optimizer: Annotated[OptimizerChoice, BeforeValidator(_named)] = OptimizerChoice()
    learning_rate: float = Field(default=1e-3, ge=0, le=1e6)
    schedule: Annotated[ScheduleChoice, BeforeValidator(_named)] = ScheduleChoice()
    warmup_steps: int = Field(default=0, ge=0, le=10_000_000)
    loss: Annotated[LossChoice, BeforeValidator(_named)] = LossChoice()
    output_losses: dict[str, LossChoice] = Field(default={}, max_length=1000)
    metrics: Annotated[tuple[MetricChoice, ...], BeforeValidator(_choices)] = (MetricChoice(),)
    clip_norm: float = Field(default=0.0, ge=0, le=1e9)
    clip_value: float = Field(default=0.0, ge=0, le=1e9)
    accumulate: int = Field(default=1, ge=1, le=100_000)
    ema_decay: float = Field(default=0.0, ge=0, lt=1)
    patience: int = Field(default=0, ge=0, le=1_000_000)
    batch_size: int = Field(default=32, ge=1, le=1_000_000)
    epochs: int = Field(default=5, ge=1, le=1_000_000)
    steps: int = Field(default=0, ge=0, le=1_000_000_000)
    shuffle: bool = True
    validation_share: float = Field(default=0.0, ge=0, le=0.9)
    validate_every: int = Field(default=0, ge=0, le=1_000_000_000)
    augmentations: Annotated[tuple[AugmentationChoice, ...], BeforeValidator(_choices)] = ()
    initializer: Annotated[InitializerChoice, BeforeValidator(_named)] = InitializerChoice()
    seed: int = Field(default=0, ge=0, lt=2**32)
    frozen: Annotated[tuple[str, ...], BeforeValidator(_tuples)] = ()
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["float32", "bfloat16", "float16"] = "float32"
    compile: bool = False

    def loss_of(self, output: str) -> LossChoice:
        """The loss of the output node of this id."""
        return self.output_losses.get(output, self.loss)


class DataChoice(_Part):
    """Which data set (`engine.data`) and with what settings of its own."""

    source: str = Field(default="mnist-10k", max_length=200)
    settings: dict[str, bool | int | float | str] = Field(default_factory=dict)
