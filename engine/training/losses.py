"""stand-in"""

from __future__ import annotations

from torch.nn import functional


def make_loss(choice, classes, device, labels):  # type: ignore
    return functional.cross_entropy


def target_of(choice, x, y, classes):  # type: ignore
    return y
