"""How a network is trained: one validated, immutable model."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Recipe(BaseModel):
    """Optimizer, loss and lengths, by PyTorch's names. Fields of a newer format are kept."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, allow_inf_nan=False)

    optimizer: Literal["Adam", "AdamW", "SGD", "RMSprop"] = "Adam"
    learning_rate: float = Field(default=1e-3, ge=0, le=1e6)
    momentum: float = Field(default=0.0, ge=0, lt=1, description="SGD and RMSprop only")
    weight_decay: float = Field(default=0.0, ge=0, le=1e3)
    loss: Literal["cross_entropy"] = "cross_entropy"
    batch_size: int = Field(default=32, ge=1, le=1_000_000)
    epochs: int = Field(default=5, ge=1, le=1_000_000)
    seed: int = Field(default=0, ge=0, lt=2**32)


class DataChoice(BaseModel):
    """Which data set (`engine.data`) and with what settings of its own."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, allow_inf_nan=False)

    source: str = Field(default="mnist-10k", max_length=200)
    settings: dict[str, bool | int | float | str] = Field(default_factory=dict)
