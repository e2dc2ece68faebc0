"""Two processes make of a project what one makes of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.training.world import ALONE
from tests.engine.distributed.cases import SHARDED, cases, trained
from tests.engine.distributed.torchrun import torchrun

pytestmark = pytest.mark.slow


def test_weights_and_measures_are_those_of_one_process(tmp_path: Path) -> None:
    with torchrun("-m", "tests.engine.distributed.cases", tmp_path) as run:
        status, _, err = run.end()
    assert status == 0, err
    for name, project in cases().items():
        alone = trained(project, ALONE)
        # PyTorch's own kernel sums up less exactly in channels_last.
        tolerance = 3e-4 if name == "normalized" else 2e-5
        for suffix in ("", " sharded") if name in SHARDED else ("",):
            for rank in (0, 1):
                with np.load(tmp_path / f"{name}{suffix} {rank}.npz") as shared:
                    assert set(shared) == set(alone)
                    for key, values in alone.items():
                        message = f"{name}{suffix} {rank} {key}"
                        np.testing.assert_allclose(
                            shared[key], values, 10 * tolerance, tolerance, err_msg=message
                        )
