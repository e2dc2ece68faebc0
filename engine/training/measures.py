"""stand-in"""

from __future__ import annotations


def per_step(choice):  # type: ignore
    return lambda output, target: (output.argmax(1) == target).float().mean()


class Measure:
    def __init__(self, choice, classes):  # type: ignore
        self._sum = 0
        self._count = 0

    def update(self, output, target):  # type: ignore
        self._sum += (output.argmax(1) == target).sum()
        self._count += len(target)

    def compute(self) -> float:
        return float(self._sum) / self._count


def unique_names(choices):  # type: ignore
    return [choice.kind for choice in choices]
