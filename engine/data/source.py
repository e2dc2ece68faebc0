"""What a data set declares about itself, and the samples it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.network.layers.parameter import Parameter
from engine.network.problem import Problem

Settings = Mapping[str, Any]


class DataError(ValueError):
    """Data that is not there or not as it should be; `problem` is for `engine.messages`."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


@dataclass(frozen=True)
class Dataset:
    """Samples as float32 (n, *sample shape), labels as int64 (n,), split once and for all."""

    train_x: NDArray[np.float32]
    train_y: NDArray[np.int64]
    val_x: NDArray[np.float32]
    val_y: NDArray[np.int64]


@dataclass(frozen=True)
class Source:
    """A data set: `sample` is the shape of one sample, `classes` the names of its labels. `samples`:
    how many there are to train on, as far as the settings say it."""

    name: str
    title: str
    help: str
    sample: tuple[int, ...]
    classes: tuple[str, ...]
    load: Callable[[Settings], Dataset]
    settings: tuple[Parameter, ...] = ()
    samples: Callable[[Settings], int] | None = None

    def complete(self, given: Settings) -> Settings:
        """The settings with defaults for those not given. Raises DataError for one that cannot be."""
        values = {p.name: given.get(p.name, p.default) for p in self.settings}
        for parameter in self.settings:
            if parameter.complaint(values[parameter.name]) is not None:
                details = {
                    "name": self.name,
                    "setting": parameter.name,
                    "value": values[parameter.name],
                }
                raise DataError(Problem("bad_data_setting", None, values=details))
        return values
