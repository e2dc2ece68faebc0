"""Each loss against the same number computed another way, in numpy or pair by pair."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from engine.recipe.losses import LOSSES, target_kind
from engine.recipe.recipe import LossChoice
from engine.training.fault import TrainingError
from engine.training.losses import make_loss, target_of
from tests.engine.recipe.options import choices

N, CLASSES, SAMPLE = 12, 4, (2, 3)
CPU = torch.device("cpu")
LABELS = torch.tensor([0, 1, 2, 3, 0, 0, 0, 0, 1, 1, 2, 0])
Array = NDArray[np.float64]

#: The names of torch's own functions, where they differ.
WITH_LOGITS = {"binary_cross_entropy": "binary_cross_entropy_with_logits"}
each_kind = pytest.mark.parametrize("kind", LOSSES)


def choice(kind: str, target: str = "", **parameters: Any) -> LossChoice:
    return LossChoice(kind=kind, parameters=parameters, target=target)


def randoms(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def value(made: LossChoice, output: Tensor, target: Tensor) -> float:
    found = make_loss(made, CLASSES, CPU, LABELS)(output, target)
    assert found.shape == ()
    return found.item()


def log_softmax(x: Array) -> Array:
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def numpy_of(tensor: Tensor) -> Array:
    return tensor.double().numpy()


def example(made: LossChoice, n: int = N) -> tuple[Tensor, Tensor]:
    """Random outputs and what they are compared with."""
    y = LABELS[:n]
    if target_kind(made) == "sequence":
        length = 5 if made.kind == "ctc_loss" else 2
        return randoms(n, length, CLASSES), 1 + torch.stack((y, y), dim=1) % (CLASSES - 1)
    shape = LOSSES[made.kind].expects(made.target, CLASSES, SAMPLE) or (5,)
    target = target_of(made, randoms(n, *SAMPLE, seed=1).abs(), y, CLASSES)
    return randoms(n, *shape), target


@each_kind
def test_parameters_and_defaults_are_those_of_torch(kind: str) -> None:
    function = getattr(functional, WITH_LOGITS.get(kind, kind))
    assert LOSSES[kind].torch == f"torch.nn.functional.{function.__name__}"
    known = inspect.signature(function).parameters
    for parameter in LOSSES[kind].parameters:
        if parameter.name != "balanced":
            default = known[parameter.name].default
            assert parameter.default == ("" if default is None else default)


@each_kind
def test_every_target_gives_a_loss_with_a_gradient(kind: str) -> None:
    for target_name in LOSSES[kind].targets:
        output, target = example(choice(kind, target_name))
        output.requires_grad_()
        loss = make_loss(choice(kind, target_name), CLASSES, CPU)(output, target)
        loss.backward()
        assert loss.shape == () and loss.isfinite()
        assert output.grad is not None and output.grad.isfinite().all() and output.grad.any()


@given(made=choices(LOSSES))
@settings(max_examples=150, deadline=None)
def test_any_parameters_can_be_computed_with(made: dict[str, Any]) -> None:
    for name in ("weight", "pos_weight"):
        if made["parameters"].get(name):
            made["parameters"][name] = (0.5,) * CLASSES
    if made["kind"] == "ctc_loss" and made["parameters"].get("blank", 0) >= CLASSES:
        return
    loss = LossChoice.model_validate(made)
    make_loss(loss, CLASSES, CPU, LABELS)(*example(loss))


def smoothed(x: Array, y: NDArray[np.int64], smoothing: float, weight: Array) -> float:
    """Cross-entropy from its definition."""
    wanted = np.eye(CLASSES)[y] * (1 - smoothing) + smoothing / CLASSES
    each = -(wanted * weight * log_softmax(x)).sum(axis=1)
    return float(each.sum() / weight[y].sum())


@pytest.mark.parametrize("kind", ["cross_entropy", "nll_loss"])
def test_cross_entropy(kind: str) -> None:
    output = randoms(N, CLASSES)
    x, y = numpy_of(output), LABELS.numpy()
    ones = np.ones(CLASSES)
    assert value(choice(kind), output, LABELS) == pytest.approx(smoothed(x, y, 0, ones))
    weight = np.array([1.0, 2.0, 0.5, 3.0])
    weighted = choice(kind, weight=tuple(weight))
    assert value(weighted, output, LABELS) == pytest.approx(smoothed(x, y, 0, weight))
    balanced = N / (CLASSES * np.bincount(y))
    assert value(choice(kind, balanced=True), output, LABELS) == (
        pytest.approx(smoothed(x, y, 0, balanced))
    )
    kept = y != 1
    assert value(choice(kind, ignore_index=1), output, LABELS) == (
        pytest.approx(smoothed(x[kept], y[kept], 0, ones))
    )
    if kind == "cross_entropy":
        smooth = choice(kind, label_smoothing=0.2, weight=tuple(weight))
        assert value(smooth, output, LABELS) == pytest.approx(smoothed(x, y, 0.2, weight))


def test_log_likelihood_of_logarithms_is_torchs_own() -> None:
    logarithms = randoms(N, CLASSES).log_softmax(dim=1)
    expected = functional.nll_loss(logarithms, LABELS).item()
    assert value(choice("nll_loss"), logarithms, LABELS) == pytest.approx(expected)


def test_cross_entropy_of_sequences_and_of_maps_is_that_of_their_parts() -> None:
    made = choice("cross_entropy")
    output, labels = randoms(N, 6, CLASSES), torch.stack([LABELS] * 6, dim=1)
    flat = value(made, output.reshape(-1, CLASSES), labels.reshape(-1))
    assert value(choice("cross_entropy", "sequence"), output, labels) == pytest.approx(flat)
    as_map = output.reshape(N, 2, 3, CLASSES).movedim(-1, 1)
    assert value(made, as_map, labels.reshape(N, 2, 3)) == pytest.approx(flat)


def test_binary_cross_entropy() -> None:
    output = randoms(N, CLASSES)
    p = 1 / (1 + np.exp(-numpy_of(output)))
    wanted = np.eye(CLASSES)[LABELS.numpy()]
    target = target_of(choice("binary_cross_entropy"), output, LABELS, CLASSES)
    expected = -(wanted * np.log(p) + (1 - wanted) * np.log(1 - p)).mean()
    assert value(choice("binary_cross_entropy"), output, target) == pytest.approx(expected, rel=1e-5)
    weight = np.array([1.0, 2.0, 3.0, 4.0])
    expected = -(weight * wanted * np.log(p) + (1 - wanted) * np.log(1 - p)).mean()
    weighted = choice("binary_cross_entropy", pos_weight=tuple(weight))
    assert value(weighted, output, target) == pytest.approx(expected, rel=1e-5)


def test_one_output_says_yes_or_no() -> None:
    made = choice("binary_cross_entropy", "label")
    yes = torch.tensor([1, 0, 1])
    output = torch.tensor([[2.0], [-1.0], [0.5]])
    p = 1 / (1 + np.exp(-numpy_of(output)[:, 0]))
    expected = -np.log([p[0], 1 - p[1], p[2]]).mean()
    assert value(made, output, target_of(made, output, yes, 2)) == pytest.approx(expected)


def test_hinge() -> None:
    output = randoms(N, CLASSES)
    x, y = numpy_of(output), LABELS.numpy()
    for p, margin in ((1, 1.0), (2, 0.3)):
        missing = np.maximum(0, margin - x[range(N), y][:, None] + x) ** p
        missing[range(N), y] = 0
        made = choice("multi_margin_loss", p=p, margin=margin)
        assert value(made, output, LABELS) == pytest.approx((missing.sum(axis=1) / CLASSES).mean())


def test_kullback_leibler() -> None:
    made = choice("kl_div", "input")
    output, x = randoms(N, *SAMPLE), randoms(N, 6, seed=1).softmax(dim=1).reshape(N, *SAMPLE)
    p, q = numpy_of(x).reshape(N, -1), log_softmax(numpy_of(output).reshape(N, -1))
    expected = (p * (np.log(p) - q)).sum(axis=1).mean()
    assert value(made, output, target_of(made, x, LABELS, CLASSES)) == pytest.approx(expected)


def test_ctc_sums_over_all_ways_to_read_the_sequence() -> None:
    steps, classes = 4, 3
    output = randoms(2, steps, classes)
    sequences = [(1, 2), (2,)]
    target = torch.tensor([[1, 2], [2, 0]])  # the second is filled up with the blank
    p = np.exp(log_softmax(numpy_of(output)))
    losses = []
    for sample, wanted in enumerate(sequences):
        total = 0.0
        for path in np.ndindex(*(classes,) * steps):
            merged = [c for at, c in enumerate(path) if at == 0 or path[at - 1] != c]
            if tuple(c for c in merged if c) == wanted:
                total += np.prod([p[sample, at, c] for at, c in enumerate(path)])
        losses.append(-np.log(total) / len(wanted))
    assert value(choice("ctc_loss"), output, target) == pytest.approx(np.mean(losses))
    assert value(choice("ctc_loss"), output, torch.tensor([[1, 2], [2, -1]])) == (
        pytest.approx(np.mean(losses))
    )


def huber(d: Array, delta: float) -> Array:
    return np.where(np.abs(d) < delta, d**2 / 2, delta * (np.abs(d) - delta / 2))


REGRESSIONS: dict[str, tuple[dict[str, Any], Callable[[Array], Array]]] = {
    "mse_loss": ({}, np.square),
    "l1_loss": ({}, np.abs),
    "smooth_l1_loss": ({"beta": 0.4}, lambda d: huber(d, 0.4) / 0.4),
    "huber_loss": ({"delta": 0.7}, lambda d: huber(d, 0.7)),
}


@pytest.mark.parametrize("target_name", ["one_hot", "input", "label"])
@pytest.mark.parametrize("kind", REGRESSIONS)
def test_regression(kind: str, target_name: str) -> None:
    parameters, formula = REGRESSIONS[kind]
    made = choice(kind, target_name, **parameters)
    output, target = example(made)
    expected = formula(numpy_of(output) - numpy_of(target)).mean()
    assert value(made, output, target) == pytest.approx(expected)


def test_poisson() -> None:
    made = choice("poisson_nll_loss")
    output, target = example(made)
    x, y = numpy_of(output), LABELS.numpy()[:, None]
    assert value(made, output, target) == pytest.approx((np.exp(x) - y * x).mean())


def pairs_by_hand(x: Tensor, y: Tensor, margin: float) -> Tensor:
    """Pair by pair, with torch's own function."""
    losses = [
        functional.cosine_embedding_loss(
            x[i : i + 1], x[j : j + 1], torch.tensor([1.0 if y[i] == y[j] else -1.0]), margin
        )
        for i, j in combinations(range(len(x)), 2)
    ]
    return torch.stack(losses).mean()


def triplets_by_hand(x: Tensor, y: Tensor, margin: float) -> Tensor:
    """Anchor by anchor."""
    losses = []
    for anchor in range(len(x)):
        distances = [(x[anchor] - other).norm() for other in x]
        alike = [d for i, d in enumerate(distances) if y[i] == y[anchor] and i != anchor]
        others = [d for i, d in enumerate(distances) if y[i] != y[anchor]]
        if alike and others:
            losses.append((max(alike) - min(others) + margin).clamp(min=0))
    return torch.stack(losses).mean()


@pytest.mark.parametrize(
    ("kind", "margin", "by_hand"),
    [
        ("cosine_embedding_loss", 0.0, pairs_by_hand),
        ("cosine_embedding_loss", 0.3, pairs_by_hand),
        ("triplet_margin_loss", 1.0, triplets_by_hand),
        ("triplet_margin_loss", 0.2, triplets_by_hand),
    ],
)
def test_embeddings(
    kind: str, margin: float, by_hand: Callable[[Tensor, Tensor, float], Tensor]
) -> None:
    ours = randoms(N, 5).requires_grad_()
    hands = ours.detach().clone().requires_grad_()
    loss = make_loss(choice(kind, margin=margin), CLASSES, CPU)(ours, LABELS)
    expected = by_hand(hands, LABELS, margin)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-4)
    loss.backward()
    expected.backward()
    assert torch.allclose(ours.grad, hands.grad, atol=1e-5)  # type: ignore[arg-type]
    exact = randoms(N, 5).double().requires_grad_()
    made = make_loss(choice(kind, margin=margin), CLASSES, CPU)
    assert torch.autograd.gradcheck(lambda x: made(x, LABELS), exact)


@pytest.mark.parametrize("kind", ["cosine_embedding_loss", "triplet_margin_loss"])
def test_a_batch_without_pairs_costs_nothing(kind: str) -> None:
    for labels in (torch.tensor([2]), torch.tensor([0, 1, 2]), torch.tensor([1, 1, 1])):
        output = torch.ones(len(labels), 5).requires_grad_()
        loss = make_loss(choice(kind, margin=1.0), CLASSES, CPU)(output, labels)
        loss.backward()
        assert loss.item() == pytest.approx(0, abs=1e-6)
        assert output.grad is not None and output.grad.isfinite().all()


def test_weights_are_one_for_each_class() -> None:
    with pytest.raises(TrainingError) as refused:
        make_loss(choice("cross_entropy", weight=(1.0, 2.0)), CLASSES, CPU)
    assert refused.value.problem.values == {"parameter": "weight", "found": 2, "needed": CLASSES}
    with pytest.raises(TrainingError):
        make_loss(choice("binary_cross_entropy", pos_weight=(1.0, 2.0)), CLASSES, CPU)


@pytest.mark.parametrize(
    ("kind", "target", "parameters"),
    [
        ("cross_entropy", "input", {}),
        ("cross_entropy", "", {"weight": (1.0,), "balanced": True}),
        ("cross_entropy", "", {"label_smoothing": 1.5}),
        ("huber_loss", "", {"delta": 0.0}),
        ("ctc_loss", "label", {}),
        ("triplet_margin_loss", "", {"p": 0.5}),
    ],
)
def test_what_makes_no_sense_is_refused(kind: str, target: str, parameters: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=kind):
        choice(kind, target, **parameters)


def test_expected_outputs() -> None:
    def of(kind: str, target: str = "") -> tuple[int, ...] | None:
        return LOSSES[kind].expects(target, CLASSES, SAMPLE)

    assert of("cross_entropy") == of("mse_loss") == of("multi_margin_loss") == (CLASSES,)
    assert of("mse_loss", "input") == of("kl_div", "input") == SAMPLE
    assert of("mse_loss", "label") == of("poisson_nll_loss") == (1,)
    assert of("triplet_margin_loss") is of("ctc_loss") is of("cross_entropy", "sequence") is None
