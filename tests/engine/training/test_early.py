"""When training stops by itself, and the average of the weights."""

from __future__ import annotations

import json
import math

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from engine.training.early import EarlyStopping
from engine.training.ema import Ema


def test_stops_after_patience_validations_without_a_better_one() -> None:
    state = EarlyStopping()
    assert not state.is_best and not state.stops(1)
    seen = []
    for step, loss in enumerate([3.0, 2.0, 2.5, math.nan, 1.5, 1.5, 1.6, math.inf], 1):
        state = EarlyStopping(**json.loads(json.dumps(state.after(loss, step * 10).as_json)))
        seen.append((state.is_best, state.stops(3)))
    assert [best for best, _ in seen] == [True, True, False, False, True, False, False, False]
    assert [stops for _, stops in seen] == [False] * 7 + [True]
    assert (state.best, state.step) == (1.5, 50)
    assert not state.stops(0)


def test_a_first_loss_that_is_no_number_is_not_the_best() -> None:
    state = EarlyStopping().after(math.nan, 1)
    assert not state.is_best and state.best is None and state.waited == 1
    assert state.after(5.0, 2).is_best


def trained(module: nn.Module) -> torch.optim.Optimizer:
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    for parameter in module.parameters():
        parameter.grad = torch.ones_like(parameter)
    return optimizer


def test_the_average_is_torchs() -> None:
    module = nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3))
    theirs = AveragedModel(module, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    theirs.update_parameters(module)  # the first call copies
    ours = Ema(dict(module.named_parameters()), 0.9)
    optimizer = trained(module)
    for _ in range(20):
        optimizer.step()
        ours.update()
        theirs.update_parameters(module)
    for name, expected in theirs.module.named_parameters():
        assert torch.allclose(ours.averages()[name], expected, atol=1e-6)


def test_the_network_has_the_averages_for_a_while() -> None:
    module = nn.Linear(4, 3)
    ema = Ema(dict(module.named_parameters()), 0.5)
    optimizer = trained(module)
    optimizer.step()
    ema.update()
    raw, average = module.weight.detach().clone(), ema.averages()["weight"].clone()
    assert not torch.equal(raw, average)
    with ema.applied():
        assert ema.swapped and torch.equal(module.weight, average)
        assert torch.equal(ema.averages()["weight"], average)
        assert torch.equal(ema.state()["weight"], average)
        assert torch.equal(ema.weights()["weight"], raw)
    assert not ema.swapped and torch.equal(module.weight, raw)
    optimizer.step()  # still works on the network's own tensors
    assert torch.allclose(module.weight, raw - 0.1)


def test_a_saved_average_goes_on() -> None:
    module = nn.Linear(4, 3)
    ema = Ema(dict(module.named_parameters()), 0.9)
    optimizer = trained(module)
    optimizer.step()
    ema.update()
    state = ema.state()
    later = Ema(dict(module.named_parameters()), 0.9)
    later.restore(state)
    optimizer.step()
    ema.update()
    later.update()
    assert torch.equal(later.averages()["bias"], ema.averages()["bias"])
    assert not torch.equal(state["bias"], ema.averages()["bias"])  # a copy
