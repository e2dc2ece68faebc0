"""A plain PyTorch script: TensorDataset, DataLoader, Adam. Reads seconds, writes steps per second."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from engine.data import load
from engine.recipe.recipe import DataChoice


def steps() -> Iterator[None]:
    data = load(DataChoice(source="mnist-10k"))
    samples = TensorDataset(torch.from_numpy(data.train_x), torch.from_numpy(data.train_y))
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters())
    while True:
        for x, y in DataLoader(samples, batch_size=32, shuffle=True):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            yield


def main() -> None:
    loop = steps()
    for line in sys.stdin:
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < float(line):
            next(loop)
            count += 1
        print(count / (time.perf_counter() - start), flush=True)


if __name__ == "__main__":
    main()
