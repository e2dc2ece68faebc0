"""Learning-rate schedules as functions of the update, so that nothing has to be remembered.

Updates are counted from 0 as in torch.optim.lr_scheduler, and so are all parameters that count: an
epoch is many of them. A count of 0 follows from the length of the run. Only ReduceLROnPlateau looks
at what happened; its state is a `Plateau`.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from engine.network.layers.parameter import LARGEST, Parameter
from engine.recipe.option import Option, Parameters, number, numbers

if TYPE_CHECKING:
    from engine.recipe.recipe import Recipe

#: What no schedule exceeds, however its powers grow.
_LARGEST_RATE = 1e6

#: (learning rate of the recipe, update, updates of the run, parameters) -> learning rate
Rate = Callable[[float, int, int, Parameters], float]


def _same(base: float, update: int, total: int, values: Parameters) -> float:
    return base


@dataclass(frozen=True)
class Schedule(Option):
    """rate: of an update, without the warm-up."""

    rate: Rate = _same


def rate(recipe: Recipe, update: int, total_updates: int, plateau_factor: float = 1.0) -> float:
    """The learning rate of update `update` (0 is the first) in a run of `total_updates`, warm-up
    included. plateau_factor: `Plateau.factor`, for ReduceLROnPlateau."""
    choice = recipe.schedule
    found = SCHEDULES[choice.kind].rate(
        recipe.learning_rate, update, max(total_updates, 1), choice.complete
    )
    if choice.kind == "ReduceLROnPlateau":
        found *= plateau_factor
    if update < recipe.warmup_steps:
        found *= (update + 1) / recipe.warmup_steps
    return min(max(found, 0.0), _LARGEST_RATE)


def curve(recipe: Recipe, total_updates: int, points: int = 400) -> tuple[list[int], list[float]]:
    """At most `points` updates, evenly spread over the run with both its ends, and their rates."""
    last = max(total_updates, 1) - 1
    count = max(min(points, last + 1), 1)
    updates = [round(at * last / max(count - 1, 1)) for at in range(count)]
    return updates, [rate(recipe, update, total_updates) for update in updates]


@dataclass(frozen=True)
class Plateau:
    """What ReduceLROnPlateau remembers between validations; `as_json` and `Plateau(**json)` are its
    way into a checkpoint and back. best: the smallest loss, None before the first."""

    factor: float = 1.0
    best: float | None = None
    bad: int = 0
    cooldown: int = 0

    def after(self, recipe: Recipe, loss: float) -> Self:
        """The state after a validation with this loss, as torch.optim.lr_scheduler has it. Without
        such a schedule nothing changes."""
        if recipe.schedule.kind != "ReduceLROnPlateau":
            return self
        values = recipe.schedule.complete
        better = self._is_better(loss, values)
        best = loss if better else self.best
        waiting = self.cooldown > 0
        bad = 0 if better or waiting else self.bad + 1
        cooldown = self.cooldown - waiting
        factor = self.factor
        if bad > number(values, "patience"):
            factor = self._reduced(recipe.learning_rate, values)
            bad, cooldown = 0, int(number(values, "cooldown"))
        return type(self)(factor, best, bad, cooldown)

    @property
    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def _is_better(self, loss: float, values: Parameters) -> bool:
        threshold = number(values, "threshold")
        if self.best is None:
            return math.isfinite(loss)
        if values["threshold_mode"] == "rel":
            return loss < self.best * (1.0 - threshold)
        return loss < self.best - threshold

    def _reduced(self, base: float, values: Parameters) -> float:
        old = base * self.factor
        new = max(old * number(values, "factor"), number(values, "min_lr"))
        return new / base if old - new > number(values, "eps") else self.factor


# Rates


def _step(base: float, update: int, total: int, values: Parameters) -> float:
    size = _count(values, "step_size", total / 3)
    return base * _power(number(values, "gamma"), update // size)


def _milestones(base: float, update: int, total: int, values: Parameters) -> float:
    milestones = numbers(values, "milestones") or (total / 2, total * 3 / 4)
    return base * _power(number(values, "gamma"), bisect_right(sorted(milestones), update))


def _exponential(base: float, update: int, total: int, values: Parameters) -> float:
    return base * _power(number(values, "gamma"), update)


def _linear(base: float, update: int, total: int, values: Parameters) -> float:
    share = min(update / _count(values, "total_iters", total), 1.0)
    start, end = number(values, "start_factor"), number(values, "end_factor")
    return base * (start + (end - start) * share)


def _polynomial(base: float, update: int, total: int, values: Parameters) -> float:
    share = min(update / _count(values, "total_iters", total), 1.0)
    return base * (1.0 - share) ** number(values, "power")


def _cosine(base: float, update: int, total: int, values: Parameters) -> float:
    return _half_cosine(base, number(values, "eta_min"), update / _count(values, "T_max", total))


def _restarts(base: float, update: int, total: int, values: Parameters) -> float:
    length, grows = _count(values, "T_0", total / 4), int(number(values, "T_mult"))
    if grows == 1:
        return _half_cosine(base, number(values, "eta_min"), update % length / length)
    while update >= length:  # few: each is at least twice as long
        update, length = update - length, length * grows
    return _half_cosine(base, number(values, "eta_min"), update / length)


def _one_cycle(base: float, update: int, total: int, values: Parameters) -> float:
    total = _count(values, "total_steps", total)
    update = min(update, total - 1)
    start = base / number(values, "div_factor")
    rising = number(values, "pct_start") * total - 1
    phases = [(rising, base), (total - 1.0, start / number(values, "final_div_factor"))]
    if values["three_phase"]:
        phases.insert(1, (2 * rising, start))
    between = _half_cosine if values["anneal_strategy"] == "cos" else _straight
    begin = 0.0
    for end, goal in phases:
        if update <= end:
            return between(start, goal, (update - begin) / (end - begin) if end > begin else 1.0)
        begin, start = end, goal
    return start


def _cyclic(base: float, update: int, total: int, values: Parameters) -> float:
    up = int(number(values, "step_size_up"))
    down = values["step_size_down"]
    length = up + (down if isinstance(down, int) else up)
    cycle = update // length
    at = update - cycle * length
    height = at / up if at <= up else (length - at) / (length - up)
    if values["mode"] == "triangular2":
        height *= 2.0 ** -min(cycle, 1000)
    elif values["mode"] == "exp_range":
        height *= _power(number(values, "gamma"), update)
    low = number(values, "base_lr")
    return low + (base - low) * height


def _noam(base: float, update: int, total: int, values: Parameters) -> float:
    share = (update + 1) / number(values, "warmup")
    return base * min(share, share**-0.5)


def _half_cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


def _straight(start: float, end: float, share: float) -> float:
    return start + (end - start) * share


def _count(values: Parameters, name: str, otherwise: float) -> int:
    return int(number(values, name)) or max(round(otherwise), 1)


def _power(base: float, exponent: int) -> float:
    try:
        return min(base**exponent, 1e300)
    except OverflowError:
        return 1e300


# Declarations


def _updates(name: str, words: str, default: int = 0, least: int = 0) -> Parameter:
    return Parameter(name, "int", default, words, least, LARGEST)


def _gamma(default: float, words: str = "Factor of each fall.") -> Parameter:
    return Parameter("gamma", "float", default, words, 0.0, 10.0)


_ETA_MIN = Parameter("eta_min", "float", 0.0, "The lowest rate.", 0.0, 1e6)
_TOTAL_ITERS = _updates("total_iters", "Updates until the end of it; 0: the whole run.")

SCHEDULES = {
    option.kind: option
    for option in (
        Schedule("constant", "Constant", "The same rate at every step.", formula="η(t) = η"),
        Schedule(
            "StepLR",
            "Steps",
            "Falls by a factor every so many updates.",
            (_updates("step_size", "Updates between falls; 0: a third of the run."), _gamma(0.1)),
            torch="torch.optim.lr_scheduler.StepLR",
            formula="η(t) = η · γ^⌊t / s⌋",
            rate=_step,
        ),
        Schedule(
            "MultiStepLR",
            "Milestones",
            "Falls by a factor at given updates.",
            (
                Parameter(
                    "milestones",
                    "floats",
                    "",
                    "Updates at which it falls; empty: half and three quarters of the run.",
                    0,
                    LARGEST,
                    optional=True,
                ),
                _gamma(0.1),
            ),
            torch="torch.optim.lr_scheduler.MultiStepLR",
            formula="η(t) = η · γ^(milestones up to t)",
            rate=_milestones,
        ),
        Schedule(
            "ExponentialLR",
            "Exponential",
            "Falls by a factor at every update.",
            (_gamma(0.999, "Factor of each update."),),
            torch="torch.optim.lr_scheduler.ExponentialLR",
            formula="η(t) = η · γᵗ",
            rate=_exponential,
        ),
        Schedule(
            "LinearLR",
            "Linear",
            "Goes straight from one share of the rate to another.",
            (
                Parameter("start_factor", "float", 1.0, "Share at the start.", 0.0, 1.0),
                Parameter("end_factor", "float", 0.0, "Share at the end.", 0.0, 1.0),
                _TOTAL_ITERS,
            ),
            torch="torch.optim.lr_scheduler.LinearLR",
            formula="η(t) = η · (a + (b − a) · t / T)",
            rate=_linear,
        ),
        Schedule(
            "PolynomialLR",
            "Polynomial",
            "Falls to 0 with a power of what is left of the run.",
            (_TOTAL_ITERS, Parameter("power", "float", 1.0, "The power.", 0.0, 100.0)),
            torch="torch.optim.lr_scheduler.PolynomialLR",
            formula="η(t) = η · (1 − t / T)ᵖ",
            rate=_polynomial,
        ),
        Schedule(
            "CosineAnnealingLR",
            "Cosine",
            "Falls along half a cosine: slowly, fast, slowly.",
            (_updates("T_max", "Updates down to the lowest; 0: the whole run."), _ETA_MIN),
            torch="torch.optim.lr_scheduler.CosineAnnealingLR",
            formula="η(t) = ηₘ + (η − ηₘ) · (1 + cos(π · t / T)) / 2",
            rate=_cosine,
        ),
        Schedule(
            "CosineAnnealingWarmRestarts",
            "Cosine with restarts",
            "Falls along half a cosine, jumps back up and falls again.",
            (
                _updates("T_0", "Updates of the first fall; 0: a quarter of the run."),
                Parameter("T_mult", "int", 1, "How many times longer each fall is.", 1, 1000),
                _ETA_MIN,
            ),
            torch="torch.optim.lr_scheduler.CosineAnnealingWarmRestarts",
            formula="η(t) = ηₘ + (η − ηₘ) · (1 + cos(π · tᵢ / Tᵢ)) / 2",
            rate=_restarts,
        ),
        Schedule(
            "OneCycleLR",
            "One cycle",
            "Up to the learning rate, then far down.",
            (
                _updates("total_steps", "Updates of the cycle; 0: the whole run."),
                Parameter("pct_start", "float", 0.3, "Share of it on the way up.", 0.0, 1.0),
                Parameter(
                    "anneal_strategy",
                    "choice",
                    "cos",
                    "The shape of the ways up and down.",
                    choices=("cos", "linear"),
                ),
                Parameter("div_factor", "float", 25.0, "It begins so many times lower.", 1.0, 1e9),
                Parameter(
                    "final_div_factor", "float", 1e4, "It ends so many times below that.", 1.0, 1e9
                ),
                Parameter("three_phase", "bool", False, "Down to the start, then to the end."),
            ),
            torch="torch.optim.lr_scheduler.OneCycleLR",
            formula="η / d  ↗  η  ↘  η / (d · f)",
            rate=_one_cycle,
        ),
        Schedule(
            "CyclicLR",
            "Cycles",
            "Up to the learning rate and down again, over and over.",
            (
                Parameter("base_lr", "float", 0.0, "The lowest rate.", 0.0, 1e6),
                _updates("step_size_up", "Updates on the way up.", 2000, 1),
                Parameter(
                    "step_size_down",
                    "int",
                    "",
                    "Updates on the way down; empty: as many as up.",
                    1,
                    LARGEST,
                    optional=True,
                ),
                Parameter(
                    "mode",
                    "choice",
                    "triangular",
                    "How cycles shrink: not at all, by half each, or by gamma at each update.",
                    choices=("triangular", "triangular2", "exp_range"),
                ),
                _gamma(1.0, "Factor of each update, for exp_range."),
            ),
            torch="torch.optim.lr_scheduler.CyclicLR",
            formula="ηₘ  ↗  η  ↘  ηₘ  ↗  …",
            rate=_cyclic,
        ),
        Schedule(
            "Noam",
            "Inverse square root",
            "Rises to the learning rate, then falls with the square root of time.",
            (_updates("warmup", "Updates on the way up.", 4000, 1),),
            formula="η(t) = η · min(t / w, √(w / t))",
            rate=_noam,
        ),
        # PyTorch's mode is not there: what is watched is the loss, and a loss is to fall.
        Schedule(
            "ReduceLROnPlateau",
            "On a plateau",
            "Falls by a factor when the validation loss no longer does.",
            (
                Parameter("factor", "float", 0.1, "Factor of each fall.", 0.0, 1.0),
                Parameter(
                    "patience", "int", 10, "Validations without progress before a fall.", 0, LARGEST
                ),
                Parameter("threshold", "float", 1e-4, "Progress below this is none.", 0.0, 1e6),
                Parameter(
                    "threshold_mode",
                    "choice",
                    "rel",
                    "Progress as a share of the best loss, or as a difference.",
                    choices=("rel", "abs"),
                ),
                Parameter("cooldown", "int", 0, "Validations that do not count after it.", 0, LARGEST),
                Parameter("min_lr", "float", 0.0, "The lowest rate.", 0.0, 1e6),
                Parameter("eps", "float", 1e-8, "Falls smaller than this are not made.", 0.0, 1e6),
            ),
            torch="torch.optim.lr_scheduler.ReduceLROnPlateau",
            formula="η ← η · f",
        ),
    )
}
