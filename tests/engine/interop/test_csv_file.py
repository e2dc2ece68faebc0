"""Curves as CSV, read back by another reader."""

from __future__ import annotations

import csv
import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.interop import curves
from engine.interop.csv_file import harmless, write_csv
from engine.project.errors import FileProblem
from engine.telemetry.recorder import Recorder, Validation
from tests.engine.interop.recordings import recorded


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_step_exactly(tmp_path: Path) -> None:
    recorder, values = recorded(250)
    path = tmp_path / "run.csv"
    assert write_csv(path, recorder)
    rows = table(path)
    assert [int(row["step"]) for row in rows] == list(range(1, 251))
    for at, name in enumerate(("loss", "accuracy")):
        assert np.array_equal(np.array([row[name] for row in rows]).astype(np.float32), values[:, at])
    assert list(rows[0]) == [
        "step",
        "loss",
        "accuracy",
        "epoch",
        "validation/loss",
        "validation/accuracy",
    ]
    filled = [(int(row["step"]), row["epoch"], row["validation/loss"]) for row in rows if row["epoch"]]
    assert filled == [(100, "1", "0.01"), (200, "2", "0.005")]
    assert list(tmp_path.iterdir()) == [path]


def test_a_long_run_is_exact_from_the_disk(tmp_path: Path) -> None:
    """Longer than memory keeps every step, and longer than a piece."""
    recorder, values = recorded(50_000, tmp_path / "scalars")
    assert not recorder.scalars["loss"].view().exact
    path = tmp_path / "run.csv"
    shares: list[float] = []
    assert write_csv(path, recorder, lambda share: not shares.append(share))  # type: ignore[func-returns-value]
    read = np.genfromtxt(path, delimiter=",", skip_header=1, usecols=(0, 1, 2))
    assert np.array_equal(read[:, 0], np.arange(1, 50_001))
    assert np.array_equal(read[:, 1:].astype(np.float32), values)
    assert shares == sorted(shares) and shares[-1] == 1.0 and len(shares) == 4
    recorder.close()


def test_scalars_with_steps_of_their_own(tmp_path: Path) -> None:
    recorder = Recorder(1, 10)
    recorder.add_scalars(1, ["loss"], np.array([[1.5], [np.nan]], np.float32))
    recorder.add_scalars(3, ["loss", "accuracy"], np.array([[-np.inf, 0.25]], np.float32))
    recorder.add_validation(Validation(1, 4, {}, {"loss": 2.0}, 1.0))
    write_csv(tmp_path / "a.csv", recorder)
    assert (tmp_path / "a.csv").read_text().splitlines() == [
        "step,loss,accuracy,epoch,validation/loss",
        "1,1.5,,,",
        "2,nan,,,",
        "3,-inf,0.25,,",
        "4,,,1,2.0",
    ]


def test_an_empty_run(tmp_path: Path) -> None:
    assert write_csv(tmp_path / "a.csv", recorded(0)[0])
    assert (tmp_path / "a.csv").read_text() == "step,loss\n"


@pytest.mark.parametrize("name", ["=1+1", "+A1", "-A1", "@sum", "\t=x", "\r=1"])
def test_case_105_no_name_becomes_a_formula(tmp_path: Path, name: str) -> None:
    recorder = Recorder(1, 10)
    recorder.add_scalars(1, ["loss", name], np.ones((2, 2), np.float32))
    write_csv(tmp_path / "a.csv", recorder)
    head = next(iter(table(tmp_path / "a.csv")))
    assert f"'{name.strip()}" in head and name not in head and name.strip() not in head
    assert harmless("loss") == "loss"


def test_commas_and_quotes_in_names_stay_in_their_cell(tmp_path: Path) -> None:
    recorder = Recorder(1, 10)
    recorder.add_scalars(1, ["loss", 'a,"b"\n'], np.ones((1, 2), np.float32))
    write_csv(tmp_path / "a.csv", recorder)
    assert table(tmp_path / "a.csv") == [{"step": "1", "loss": "1.0", 'a,"b"': "1.0"}]


def test_cancelled_the_file_is_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curves, "PIECE", 100)
    path = tmp_path / "a.csv"
    path.write_text("mine")
    assert not write_csv(path, recorded(1000)[0], lambda share: share < 0.5)
    assert path.read_text() == "mine" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    recorder, _ = recorded(10)
    with monkeypatch.context() as broken:
        broken.setattr(os, call, fail)
        with pytest.raises(FileProblem) as caught:
            write_csv(tmp_path / "a.csv", recorder)
    assert caught.value.code == "disk_full" and caught.value.file == tmp_path / "a.csv"
    assert list(tmp_path.iterdir()) == []
