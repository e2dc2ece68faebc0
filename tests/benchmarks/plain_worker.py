"""A plain PyTorch script: TensorDataset, DataLoader, Adam; as an option with TensorBoard's histograms
of all gradients at every step. No validation."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from engine.data import load
from engine.recipe.recipe import DataChoice
from tests.benchmarks.listening import obey


def cnn() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten(),
        nn.Linear(576, 64), nn.ReLU(), nn.Linear(64, 10),
    )  # fmt: skip


def mlp() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 2))


#: What the bundled examples of these names hold: data, network, batch size.
EXAMPLES: dict[str, tuple[str, Callable[[], nn.Sequential], int]] = {
    "mnist-cnn": ("mnist-10k", cnn, 32),
    "two-moons": ("two-moons", mlp, 10),
}


def steps(example: str, watch: Callable[[nn.Module, int], None] | None) -> Iterator[None]:
    source, network, batch_size = EXAMPLES[example]
    data = load(DataChoice(source=source))
    samples = TensorDataset(torch.from_numpy(data.train_x), torch.from_numpy(data.train_y))
    model = network()
    optimizer = torch.optim.Adam(model.parameters())
    step = 0
    while True:
        for x, y in DataLoader(samples, batch_size=batch_size, shuffle=True):
            optimizer.zero_grad()
            functional.cross_entropy(model(x), y).backward()
            if watch is not None:
                watch(model, step)
            optimizer.step()
            step += 1
            yield


def main() -> None:
    example, *options = sys.argv[1:]
    if "--histograms" not in options:
        obey(steps(example, None))
        return
    from torch.utils.tensorboard import SummaryWriter

    with tempfile.TemporaryDirectory() as folder, SummaryWriter(folder) as writer:

        def histograms(model: nn.Module, step: int) -> None:
            for name, parameter in model.named_parameters():
                writer.add_histogram(f"gradient/{name}", parameter.grad, step)

        obey(steps(example, histograms))


if __name__ == "__main__":
    main()
