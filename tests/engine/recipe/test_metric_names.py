"""Whoever draws a metric knows it by its name alone."""

from __future__ import annotations

import pytest

from engine.recipe.metrics import METRICS, metric_named, names, title_of
from engine.recipe.recipe import MetricChoice


@pytest.mark.parametrize("kind", METRICS)
def test_every_metric_is_found_by_its_name(kind: str) -> None:
    for name in names([MetricChoice(kind=kind)] * 2):
        assert metric_named(name) is METRICS[kind]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("accuracy", "Accuracy"),
        ("accuracy_2", "Accuracy 2"),
        ("top_5", "Top-5 accuracy"),
        ("top_5_2", "Top-5 accuracy 2"),
        ("f1_micro", "F1 micro"),
        ("loss Linear 2", "Loss Linear 2"),
        ("learning_rate", "Learning rate"),
        ("", ""),
    ],
)
def test_titles(name: str, title: str) -> None:
    assert title_of(name) == title
