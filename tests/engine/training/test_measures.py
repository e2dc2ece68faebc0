"""Metrics against the same numbers counted by hand in plain Python and numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from engine.recipe.losses import Reading, reading
from engine.recipe.metrics import METRICS, fits, names
from engine.recipe.recipe import LossChoice, MetricChoice
from engine.training import measures
from engine.training.measures import make_measure, metric_target, per_step

CPU = torch.device("cpu")
QUICK = settings(max_examples=60, deadline=None)
Array = NDArray[np.float64]


def choice(kind: str, **parameters: Any) -> MetricChoice:
    return MetricChoice(kind=kind, parameters=parameters)


def measured(
    made: MetricChoice, output: Tensor, target: Tensor, classes: int, reading: Reading = "softmax"
) -> float:
    """In batches of 7."""
    measure = make_measure(made, classes, CPU, reading)
    for x, y in zip(output.split(7), target.split(7), strict=True):
        measure.update(x, y)
    return measure.compute()


@st.composite
def scored(draw: st.DrawFn, most_classes: int = 5) -> tuple[Tensor, Tensor]:
    """Scores with ties now and then, and labels."""
    n, classes = draw(st.integers(1, 40)), draw(st.integers(2, most_classes))
    generator = np.random.default_rng(draw(st.integers(0, 1000)))
    scores = generator.normal(size=(n, classes)).astype(np.float32)
    if draw(st.booleans()):
        scores = scores.round()
    return torch.from_numpy(scores), torch.from_numpy(generator.integers(0, classes, n))


@given(scored(), st.integers(1, 4))
@QUICK
def test_accuracy_and_top_k(given_scores: tuple[Tensor, Tensor], k: int) -> None:
    scores, labels = given_scores
    scores = scores + torch.arange(scores.shape[1]) * 1e-4  # no ties: which wins them is torch's affair
    order = np.argsort(-scores.numpy(), axis=1)
    classes = scores.shape[1]
    hits = [label in row[:k] for row, label in zip(order, labels.tolist(), strict=True)]
    expected = np.mean(hits)
    top = choice("top_k", k=k)
    assert measured(top, scores, labels, classes) == pytest.approx(expected)
    step = per_step(top)
    assert step is not None and step(scores, labels).item() == pytest.approx(expected)
    if k == 1:
        assert measured(choice("accuracy"), scores, labels, classes) == pytest.approx(expected)


def counted(kind: str, average: str, said: list[int], real: list[int]) -> float:
    """Class by class, from the definitions."""

    def ratio(pairs: list[tuple[bool, bool]]) -> float:
        tp = sum(s and r for s, r in pairs)
        fp = sum(s and not r for s, r in pairs)
        fn = sum(r and not s for s, r in pairs)
        top, bottom = {
            "precision": (tp, tp + fp),
            "recall": (tp, tp + fn),
            "f1": (2 * tp, 2 * tp + fp + fn),
        }[kind]
        return top / bottom if bottom else 0.0

    present = sorted({*said, *real})
    pairs = {c: [(s == c, r == c) for s, r in zip(said, real, strict=True)] for c in present}
    if average == "micro":
        return ratio([pair for c in present for pair in pairs[c]])
    weights = [1 if average == "macro" else real.count(c) for c in present]
    return float(np.average([ratio(pairs[c]) for c in present], weights=weights))


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize("kind", ["precision", "recall", "f1"])
@given(given_scores=scored())
@QUICK
def test_precision_recall_f1(kind: str, average: str, given_scores: tuple[Tensor, Tensor]) -> None:
    scores, labels = given_scores
    expected = counted(kind, average, scores.argmax(dim=1).tolist(), labels.tolist())
    made = choice(kind, average=average)
    assert measured(made, scores, labels, scores.shape[1]) == pytest.approx(expected)
    assert per_step(made) is None


def area(scores: Array, positive: NDArray[np.bool_]) -> float:
    """Every positive against every negative."""
    differences = scores[positive][:, None] - scores[~positive][None]
    return float(np.mean((differences > 0) + (differences == 0) / 2)) if differences.size else math.nan


@given(given_scores=scored())
@QUICK
def test_auroc(given_scores: tuple[Tensor, Tensor]) -> None:
    scores, labels = given_scores
    classes, real = scores.shape[1], labels.numpy()
    if classes == 2:
        expected = area((scores[:, 1] - scores[:, 0]).numpy(), real == 1)
        single = measured(choice("auroc"), scores[:, 1:] - scores[:, :1], labels, 2)
        assert single == pytest.approx(expected, nan_ok=True)
    else:
        chances = scores.softmax(dim=1)
        areas = [area(chances[:, c].numpy(), real == c) for c in range(classes)]
        defined = [found for found in areas if not math.isnan(found)]
        expected = float(np.mean(defined)) if defined else math.nan
        as_chances = measured(choice("auroc"), chances, labels, classes, reading="values")
        assert as_chances == pytest.approx(expected, nan_ok=True)
    assert measured(choice("auroc"), scores, labels, classes) == pytest.approx(expected, nan_ok=True)


def test_auroc_of_more_samples_than_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = torch.Generator().manual_seed(5)
    labels = torch.randint(0, 2, (20_000,), generator=generator)
    scores = (torch.randn(20_000, generator=generator) + labels).unsqueeze(1)
    exact = measured(choice("auroc"), scores, labels, 2)
    monkeypatch.setattr(measures, "MOST_SCORES", 3000)
    bounded = make_measure(choice("auroc"), 2, CPU)
    for x, y in zip(scores.split(77), labels.split(77), strict=True):
        bounded.update(x, y)
    assert isinstance(bounded, measures._Ranks)
    assert 1500 <= bounded._kept <= 3000
    kept = torch.cat(bounded._scores)
    assert torch.equal(kept, scores[:: bounded._every][: len(kept)])  # an even choice
    assert bounded.compute() == pytest.approx(exact, abs=0.03)


@given(scored(), st.booleans())
@QUICK
def test_perplexity(given_scores: tuple[Tensor, Tensor], probabilities: bool) -> None:
    scores, labels = given_scores
    chances = np.exp(scores.double().numpy())
    chances /= chances.sum(axis=1, keepdims=True)
    expected = np.prod(chances[range(len(labels)), labels.numpy()]) ** (-1 / len(labels))
    output = torch.from_numpy(chances) if probabilities else scores
    found = measured(
        choice("perplexity"), output, labels, scores.shape[1], "values" if probabilities else "softmax"
    )
    assert found == pytest.approx(expected, rel=1e-5)


@given(st.integers(2, 40), st.integers(1, 4), st.floats(-1e3, 1e3), st.integers(0, 99))
@QUICK
def test_errors_of_values(n: int, outputs: int, far: float, seed: int) -> None:
    generator = np.random.default_rng(seed)
    y = generator.normal(size=(n, outputs)) + far
    x = y + generator.normal(size=(n, outputs)) * 0.5
    output, target = torch.from_numpy(x), torch.from_numpy(y)
    d = x - y
    r2 = 1 - (d**2).sum(axis=0) / ((y - y.mean(axis=0)) ** 2).sum(axis=0)
    expected = {
        "mae": np.abs(d).mean(),
        "mse": (d**2).mean(),
        "rmse": np.sqrt((d**2).mean()),
        "r2": r2.mean(),
    }
    for kind, number in expected.items():
        assert measured(choice(kind), output, target, 0) == pytest.approx(number, rel=1e-6)
        step = per_step(choice(kind))
        assert (step is None) == (kind == "r2")
        if step is not None:
            assert step(output, target).item() == pytest.approx(number)


def test_r2_of_constants() -> None:
    constant = torch.full((9, 1), 3.0)
    assert measured(choice("r2"), constant, constant, 0) == 1
    assert measured(choice("r2"), constant + 1, constant, 0) == 0


def test_one_score_says_yes_or_no() -> None:
    labels = torch.tensor([1, 1, 0, 0])
    scores = torch.tensor([[2.0], [0.3], [-1.0], [0.4]])
    assert measured(choice("accuracy"), scores, labels, 2) == 0.75
    assert measured(choice("accuracy"), scores, labels, 2, reading="values") == 0.75
    assert measured(choice("accuracy"), scores - 0.35, labels, 2) == 0.5
    assert measured(choice("precision"), scores, labels, 2) == pytest.approx((1 + 2 / 3) / 2)
    chances = scores.sigmoid()
    own = torch.where(labels.unsqueeze(1) == 1, chances, 1 - chances)
    perplexity = own.log().mean().neg().exp().item()
    assert measured(choice("perplexity"), scores, labels, 2, "sigmoid") == pytest.approx(perplexity)
    assert measured(choice("perplexity"), chances, labels, 2, "values") == pytest.approx(perplexity)


def test_labels_below_zero_do_not_count_and_sequences_are_their_parts() -> None:
    scores, labels = torch.randn(6, 3, 4), torch.randint(0, 4, (6, 3))
    labels[:, 2] = -100
    some, parts = scores[:, :2].flatten(0, 1), labels[:, :2].flatten()
    for kind in (kind for kind, metric in METRICS.items() if metric.targets == ("label",)):
        expected = measured(choice(kind), some, parts, 4)
        assert measured(choice(kind), scores, labels, 4) == pytest.approx(expected), kind
        step = per_step(choice(kind))
        if step is not None:
            assert step(scores, labels).item() == pytest.approx(expected)
    as_map, map_labels = scores.movedim(-1, 1).unsqueeze(-1), labels.unsqueeze(-1)
    assert measured(choice("accuracy"), as_map, map_labels, 4) == (
        pytest.approx(measured(choice("accuracy"), scores, labels, 4))
    )


def test_names_are_unique() -> None:
    chosen = [
        choice("accuracy"),
        choice("top_k", k=5),
        choice("top_k", k=3),
        choice("f1"),
        choice("f1", average="micro"),
        choice("accuracy"),
    ]
    assert names(chosen) == ("accuracy", "top_5", "top_3", "f1", "f1_micro", "accuracy_2")


def test_scores_that_say_yes_on_their_own_are_ranked_on_their_own() -> None:
    scores = torch.tensor([[1.0, 5.0, 0.0], [2.0, 9.0, 0.0], [0.0, -9.0, 0.0], [0.5, -9.0, 1.0]])
    labels = torch.tensor([0, 0, 1, 2])
    expected = np.mean([area(scores[:, c].numpy(), labels.numpy() == c) for c in range(3)])
    assert measured(choice("auroc"), scores, labels, 3, "sigmoid") == pytest.approx(expected)
    assert measured(choice("auroc"), scores, labels, 3) != pytest.approx(expected)


def test_metrics_fit_some_losses_only() -> None:
    def of(metric: str, loss: str, target: str = "") -> bool:
        return fits(choice(metric), LossChoice(kind=loss, target=target))

    assert of("accuracy", "cross_entropy") and of("f1", "mse_loss") and of("auroc", "multi_margin_loss")
    assert of("accuracy", "binary_cross_entropy", "label")
    assert of("mae", "mse_loss", "input") and of("r2", "l1_loss", "label")
    assert not of("mae", "cross_entropy") and not of("accuracy", "mse_loss", "input")
    assert not of("accuracy", "mse_loss", "label") and not of("accuracy", "triplet_margin_loss")
    assert not of("mae", "ctc_loss") and not of("accuracy", "kl_div", "input")
    assert [
        reading(LossChoice(kind=kind)) for kind in ("nll_loss", "binary_cross_entropy", "l1_loss")
    ] == [
        "softmax",
        "sigmoid",
        "values",
    ]


def test_each_metric_compares_with_labels_or_with_what_the_loss_does() -> None:
    labels, values = torch.tensor([1]), torch.tensor([[0.5]])
    assert metric_target(choice("f1"), labels, values) is labels
    assert metric_target(choice("mae"), labels, values) is values


@pytest.mark.parametrize("kind", METRICS)
def test_nothing_measured_is_no_number_and_no_crash(kind: str) -> None:
    assert math.isnan(make_measure(choice(kind), 3, CPU).compute())
