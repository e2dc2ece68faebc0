"""Stored numbers against the network they came with: shape and type."""

from __future__ import annotations

import numpy as np
import pytest

from engine.build.diagnosis import Diagnosis
from engine.messages import sentence
from tests.networks import points_project


@pytest.mark.parametrize(
    ("dtype", "fits"),
    [(np.float32, True), (np.float64, True), (np.float16, True), (np.int64, False), (np.bool_, False)],
)
def test_fractions_are_needed_where_a_layer_has_fractions(dtype: type, fits: bool) -> None:
    weights = {"linear-1.weight": np.ones((8, 2), dtype)}
    problems = Diagnosis().of(points_project(), weights).problems
    assert [p.code for p in problems] == ([] if fits else ["weights_do_not_fit"])
    assert all("fractions 8 × 2" in sentence(p) for p in problems)
