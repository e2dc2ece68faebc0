"""The command line: exit status, JSON lines on standard output, words on standard error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.network.edits import SetParameter
from engine.project.project import Project
from engine.project.project_file import read, write
from engine.training.trainer import Trainer
from tests.networks import points_project

ROOT = Path(__file__).parents[2]


def backlit(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "main.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def json_lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.backlit"
    write(path, points_project(), {})
    return path


def test_train_writes_one_json_line_an_epoch_and_saves(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "trained.backlit"
    result = backlit("train", small, "--epochs", 3, "--seed", 4, "--json", "--out", out)
    assert result.returncode == 0, result.stderr
    *epochs, done = json_lines(result.stdout)
    assert [line["epoch"] for line in epochs] == [1, 2, 3]
    for line in epochs:
        assert line["event"] == "epoch"
        assert {"train_loss", "val_loss", "val_accuracy", "steps_per_second"} <= line.keys()
    assert done["event"] == "done"
    assert done["steps"] == 45
    opened = read(out)
    assert opened.project.recipe.epochs == 3
    assert set(opened.weights) == {
        "linear-1.weight",
        "linear-1.bias",
        "linear-2.weight",
        "linear-2.bias",
    }


def test_info_of_an_example_by_name() -> None:
    result = backlit("info", "mnist-cnn", "--json")
    assert result.returncode == 0, result.stderr
    info = json.loads(result.stdout)
    assert info["parameters"] == 93_322
    assert info["problems"] == []
    assert info["nodes"][1] == {
        "id": "conv2d-1",
        "kind": "Conv2d",
        "name": "Conv2d 1",
        "output_shape": [32, 26, 26],
        "parameters": 320,
    }


def test_info_names_problems(tmp_path: Path) -> None:
    project = points_project()
    wrong = SetParameter("linear-2", "out_features", 5).apply(project.network)
    write(tmp_path / "wrong.backlit", Project(wrong, project.recipe, project.data), {})
    info = json.loads(backlit("info", tmp_path / "wrong.backlit", "--json").stdout)
    assert [(p["code"], p["node"], p["cause"]) for p in info["problems"]] == [
        ("outputs_unlike_classes", "softmax-1", "linear-2")
    ]


def test_predict_gives_what_pytorch_gives(small: Path, tmp_path: Path) -> None:
    trainer = Trainer(read(small).project, {})
    trainer.advance()
    weights = trainer.weights()
    write(small, trainer.project, weights)
    x = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    y_path = tmp_path / "y.npy"
    result = backlit("predict", small, "--input", tmp_path / "x.npy", "--out", y_path)
    assert result.returncode == 0, result.stderr
    hidden = np.tanh(x @ weights["linear-1.weight"].T + weights["linear-1.bias"])
    scores = hidden @ weights["linear-2.weight"].T + weights["linear-2.bias"]
    expected = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    np.testing.assert_allclose(np.load(y_path), expected, rtol=1e-5)


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "nowhere.backlit"),
        ("info", "nowhere.backlit"),
        ("train", "xor", "--epochs", "0"),
        ("train", "xor", "--device", "warp"),
        ("train", "xor", "--out", "no/such/folder/x.backlit"),
        ("train", "xor", "--out", "."),
        ("predict", "xor", "--input", "nowhere.npy", "--out", "y.npy"),
        ("screenshot", "xor", "--out", "x.png", "--size", "big"),
        ("screenshot", "xor", "--out", "x.png", "--train", "nan"),
        ("screenshot", "xor", "--out", "x.png", "--train", "-1"),
        ("screenshot", "xor", "--out", "main.py/x.png"),
        ("screenshot", "nowhere.backlit", "--out", "x.png"),
        ("--nonsense",),
    ],
)
def test_bad_files_and_usage_end_with_2(arguments: tuple[str, ...], tmp_path: Path) -> None:
    result = backlit(*arguments)
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.strip()


def test_a_training_fault_ends_with_1(small: Path) -> None:
    write(small, read(small).project, {"linear-1.weight": np.full((8, 2), np.nan, np.float32)})
    result = backlit("train", small, "--json")
    assert result.returncode == 1, result.stdout
    assert "loss became" in result.stderr
    assert all(line["event"] == "epoch" for line in json_lines(result.stdout))


def test_an_array_of_another_shape_is_refused(small: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.zeros((3, 7), np.float32))
    result = backlit("predict", small, "--input", tmp_path / "x.npy", "--out", tmp_path / "y.npy")
    assert result.returncode == 2
    assert "(3, 7) does not fit; this network needs (N, 2)" in result.stderr


def test_numbers_beyond_float32_are_refused(small: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.full((3, 2), 1e300))
    result = backlit("predict", small, "--input", tmp_path / "x.npy", "--out", tmp_path / "y.npy")
    assert result.returncode == 2
    assert "too large" in result.stderr


@pytest.mark.parametrize(
    "display",
    [
        {},
        {"DISPLAY": ":4711"},
        {"WAYLAND_DISPLAY": "gone"},
        {"QT_QPA_PLATFORM": "xcb"},
        {"QT_QPA_PLATFORM": "xcb", "DISPLAY": ":4711"},
    ],
)
def test_without_a_display_that_answers_it_says_what_needs_none(
    display: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Qt would abort the process."""
    if sys.platform != "linux":
        pytest.skip("only Linux can be without a display")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in display.items():
        monkeypatch.setenv(name, value)
    result = backlit("xor")
    assert result.returncode == 2
    assert "screenshot" in result.stderr


def test_screenshot_is_the_real_window(tmp_path: Path) -> None:
    from PySide6.QtGui import QImage

    out = tmp_path / "x.png"
    result = backlit("screenshot", "xor", "--out", out, "--size", "1000x700", "--theme", "dark")
    assert result.returncode == 0, result.stderr
    assert str(out) in result.stdout
    assert result.stderr == ""
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (1000, 700)
    assert picture.pixelColor(500, 350).lightness() < 60


def test_selfcheck_passes_here() -> None:
    result = backlit("selfcheck")
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("ok  ") == 6
