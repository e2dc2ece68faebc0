"""What the engine and the command line make of opened files: wrong ones are named, right ones compute
what they computed before they were saved."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from engine import headless
from engine.build.diagnosis import Diagnosis
from engine.build.report import ShapeReport
from engine.command_line import parse
from engine.messages import sentence
from engine.network.layers import LAYERS
from engine.network.model import Network, Node
from engine.project.project import Project, Weights, copied
from engine.project.project_file import Opened, read, write
from engine.recipe.recipe import DataChoice
from engine.training.trainer import Trainer, build_module
from tests.engine.project.archives import archive, document, link, node, opened
from tests.networks import chain, points_project, seed_cnn

ROOT = Path(__file__).parents[3]
#: Small, and with every way of keeping numbers: weights, running means, a count of batches.
NORMALISED = chain(
    ("Input", {"shape": (1, 28, 28)}),
    ("Conv2d", {"out_channels": 4}),
    ("BatchNorm2d", {}),
    ("ReLU", {}),
    ("MaxPool2d", {}),
    ("Flatten", {}),
    ("Linear", {"out_features": 10}),
)


def diagnosed(result: Opened) -> ShapeReport:
    return Diagnosis().of(result.project, result.weights)


def codes(report: ShapeReport) -> set[str]:
    return {problem.code for problem in report.problems}


def numbers_of(project: Project) -> Weights:
    return {name: tensor.numpy() for name, tensor in build_module(project).weights().items()}


def command(*arguments: object) -> int:
    """The exit status of a command, in this process: starting torch takes seconds."""
    return headless.run(parse([*map(str, arguments)]))


# Kept as they were


def test_case_08_an_unknown_kind_is_saved_back_unchanged(tmp_path: Path) -> None:
    """To the byte: opening and saving in an older version loses nothing of a newer one."""
    parameters: dict[str, Any] = {
        "heads": [[1, 2], [], None],
        "mode": {"a": [0.5, -0.0, 1e-300]},
        "on": True,
    }
    given = Node("x-1", "FancyAttention", "层 🦊", parameters, 1.5, -2.0, extra={"colour": None})
    network = Network({"x-1": given, "relu-1": Node("relu-1", "ReLU", "ReLU")})
    first, second = tmp_path / "first.backlit", tmp_path / "second.backlit"
    write(first, Project(network), {"x-1.deep.weight": np.ones((2, 2), np.float32)})
    result = read(first)
    write(second, result.project, result.weights)
    assert member(first) == member(second)
    assert first.read_bytes() == second.read_bytes()
    report = diagnosed(result)
    assert [p.node for p in report.problems if p.code == "unknown_kind"] == ["x-1"]


def member(path: Path) -> bytes:
    with zipfile.ZipFile(path) as file:
        return file.read("project.json")


#: Names that mean something to Python, to pydantic or to the code that reads them.
AWKWARD = (
    "target",
    "self",
    "extra",
    "copy",
    "json",
    "model_config",
    "model_extra",
    "model_fields_set",
    "model_dump",
    "__class__",
    "__dict__",
    "__pydantic_extra__",
    "_private",
    "x",
    "y",
    "",
    "a.b",
    "from_",
)


@pytest.mark.parametrize("name", AWKWARD)
def test_fields_with_awkward_names_are_kept(tmp_path: Path, name: str) -> None:
    more: dict[str, Any] = {name: ["kept", None]}
    given = document(
        [node("a", parameters={}, **more), node("b", "New", parameters=more)],
        [{**link("a", "b"), **more}],
        recipe=dict(more),
        data=dict(more),
        **more,
    )
    given["network"].update(more)
    result = opened(tmp_path, archive(given))
    write(tmp_path / "again.backlit", result.project, {})
    saved = json.loads(member(tmp_path / "again.backlit"))
    assert saved["network"]["links"] == given["network"]["links"]
    assert saved["network"]["nodes"][1]["parameters"] == more
    for place in (
        saved,
        saved["network"],
        saved["network"]["nodes"][0],
        saved["recipe"],
        saved["data"],
    ):
        assert place[name] == more[name]
    assert read(tmp_path / "again.backlit").project == result.project


def test_whole_numbers_where_fractions_are_meant(tmp_path: Path) -> None:
    fields = {"learning_rate": 1, "ema_decay": 0, "clip_norm": 0}
    result = opened(tmp_path, archive(document([node("a", position=[3, -4])], recipe=fields)))
    assert result.project.recipe.learning_rate == 1.0
    assert (result.project.network.nodes["a"].x, result.repairs) == (3.0, ())


def test_lists_of_known_kinds_are_tuples_and_lists_again(tmp_path: Path) -> None:
    parameters = {"kernel_size": [3, 5], "padding": 1}
    result = opened(tmp_path, archive(document([node("c", "Conv2d", parameters=parameters)])))
    assert result.project.network.nodes["c"].parameters["kernel_size"] == (3, 5)
    write(tmp_path / "again.backlit", result.project, {})
    saved = json.loads(member(tmp_path / "again.backlit"))
    assert saved["network"]["nodes"][0]["parameters"] == parameters


# Wrong, and said where


WRONG: tuple[Any, ...] = (
    -3,
    10**12,
    1e12,
    0,
    "3",
    None,
    True,
    [],
    [3],
    [3, 0],
    [1, 2, 3],
    [[3]],
    {"a": 1},
    1e308,
)


@pytest.mark.parametrize("kind", sorted(LAYERS))
def test_case_10_no_value_of_a_parameter_breaks_the_diagnosis(tmp_path: Path, kind: str) -> None:
    """All parameters wrong at once, behind an Input and before another node: a report, no exception."""
    diagnosis = Diagnosis()
    for value in WRONG:
        parameters = {parameter.name: value for parameter in LAYERS[kind].parameters}
        nodes = [node("in", "Input"), node("a", kind, parameters=parameters), node("b", "Linear")]
        result = opened(tmp_path, archive(document(nodes, [link("in", "a"), link("a", "b")])))
        report = diagnosis.of(result.project, {})
        assert all(sentence(problem) for problem in report.problems)


def test_case_10_huge_layers_are_refused_before_they_are_made(tmp_path: Path) -> None:
    big = {"out_features": 2**31}
    nodes = [node("in", "Input"), node("flat", "Flatten")]
    nodes += [node("a", "Linear", parameters=big), node("b", "Linear", parameters=big)]
    links = [link("in", "flat"), link("flat", "a"), link("a", "b")]
    started = time.process_time()
    report = diagnosed(opened(tmp_path, archive(document(nodes, links))))
    assert time.process_time() - started < 2
    assert codes(report) & {"layer_too_large", "parameter_out_of_range"}


def test_case_12_a_cycle_is_named(tmp_path: Path) -> None:
    nodes = [node("in", "Input"), *(node(name, name="Node " + name) for name in "abc")]
    links = [link("a", "b"), link("b", "c"), link("c", "a")]
    report = diagnosed(opened(tmp_path, archive(document(nodes, links))))
    (problem,) = (p for p in report.problems if p.code == "cycle")
    assert all(f"Node {name}" in sentence(problem) for name in "abc")


@pytest.mark.parametrize(
    "array",
    [
        np.ones((10, 3), np.float32),
        np.ones(5760, np.float32),
        np.float32(1),
        np.ones((0, 576), np.float32),
    ],
    ids=lambda array: str(array.shape),
)
def test_case_18_weights_of_another_shape_are_named(tmp_path: Path, array: Any) -> None:
    project = Project(NORMALISED)
    write(tmp_path / "a.backlit", project, {**numbers_of(project), "linear-1.weight": array})
    report = diagnosed(read(tmp_path / "a.backlit"))
    (problem,) = (p for p in report.problems if p.code == "weights_do_not_fit")
    assert problem.node == "linear-1"
    assert "Linear 1" in sentence(problem) and "weight" in sentence(problem)


def test_case_18_weights_that_a_layer_does_not_have_are_named(tmp_path: Path) -> None:
    write(tmp_path / "a.backlit", Project(NORMALISED), {"relu-1.weight": np.ones(3, np.float32)})
    report = diagnosed(read(tmp_path / "a.backlit"))
    assert [p.node for p in report.problems if p.code == "weights_do_not_fit"] == ["relu-1"]


def test_case_20_ten_thousand_nodes_are_diagnosed(tmp_path: Path) -> None:
    nodes = [node("in", "Input"), *(node(f"r{n}") for n in range(9_999))]
    ids = [item["id"] for item in nodes]
    row = [link(a, b) for a, b in itertools.pairwise(ids)]
    data = archive(document(nodes, row))
    started = time.process_time()
    result = opened(tmp_path, data)
    assert time.process_time() - started < 2
    started = time.process_time()
    assert len(diagnosed(result).nodes) == 10_000
    assert time.process_time() - started < 10


def test_case_20_a_circle_of_ten_thousand_nodes(tmp_path: Path) -> None:
    nodes = [node(f"r{n}") for n in range(10_000)]
    ring = [link(f"r{n}", f"r{(n + 1) % 10_000}") for n in range(10_000)]
    result = opened(tmp_path, archive(document(nodes, ring)))
    started = time.process_time()
    assert "cycle" in codes(diagnosed(result))
    assert time.process_time() - started < 10


# Right, and the same as before


def test_a_trained_network_computes_the_same_after_opening(tmp_path: Path) -> None:
    """Bit for bit, with weights that a few steps of training made."""
    trainer = Trainer(points_project(), {}, "cpu")
    for _ in range(7):
        trainer.advance()
    module = trainer.module.eval()
    x = torch.randn(50, 2, generator=torch.Generator().manual_seed(0))
    write(tmp_path / "a.backlit", trainer.project, trainer.weights())
    result = read(tmp_path / "a.backlit")
    again = build_module(result.project)
    again.load(result.weights)
    with torch.inference_mode():
        assert torch.equal(again.eval()(x), module(x))
    assert again.weights().keys() == result.weights.keys()


@pytest.mark.parametrize("network", [seed_cnn(), NORMALISED], ids=["cnn", "normalised"])
def test_images_give_the_same_outputs_after_opening(tmp_path: Path, network: Network) -> None:
    project = Project(network)
    torch.manual_seed(1)
    module = build_module(project)
    x = torch.randn(8, 1, 28, 28)
    with torch.no_grad():
        module(x)  # moves the running means
        expected = module.eval()(x)
    weights = {name: tensor.numpy() for name, tensor in module.weights().items()}
    write(tmp_path / "a.backlit", project, copied(weights))
    result = read(tmp_path / "a.backlit")
    assert "weights_do_not_fit" not in codes(diagnosed(result))
    torch.manual_seed(2)
    again = build_module(result.project)
    again.load(result.weights)
    with torch.no_grad():
        assert torch.equal(again.eval()(x), expected)
    for name, array in weights.items():
        assert result.weights[name].dtype == array.dtype
        assert result.weights[name].tobytes() == array.tobytes()


# The command line


def options(folder: Path, name: str) -> list[object]:
    np.save(folder / "x.npy", np.zeros((1, 2), np.float32))
    more: list[object] = [] if name == "info" else ["--out", folder / "out"]
    return [*more, "--input", folder / "x.npy"] if name == "predict" else more


@pytest.mark.parametrize("name", ["train", "info", "predict"])
def test_a_damaged_file_ends_every_command_with_2(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.backlit"
    path.write_bytes(archive(document())[:-5])
    assert command(name, path, *options(tmp_path, name)) == 2
    said = capsys.readouterr()
    assert said.out == "" and str(path) in said.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["train", "predict"])
def test_case_18_commands_refuse_weights_that_do_not_fit(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.backlit"
    write(path, points_project(), {"linear-1.weight": np.zeros((3, 3), np.float32)})
    assert command(name, path, *options(tmp_path, name)) == 2
    said = capsys.readouterr()
    assert said.out == "" and "Linear 1" in said.err
    assert not (tmp_path / "out").exists()


def test_case_18_the_process_ends_with_2(tmp_path: Path) -> None:
    path = tmp_path / "a.backlit"
    write(path, points_project(), {"linear-1.weight": np.zeros((3, 3), np.float32)})
    line = [sys.executable, str(ROOT / "main.py"), "train", str(path)]
    result = subprocess.run(line, capture_output=True, text=True, timeout=100, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert "Linear 1" in result.stderr and "Traceback" not in result.stderr


def test_case_21_a_hostile_name_does_not_reach_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Escape sequences in names would move the cursor, change colours or turn the line around."""
    name = "\x1b[2J\x1b]0;gone\x07\u202e<b>"
    path = tmp_path / "a.backlit"
    network = Network({"a": Node("a", name, name), "b": Node("b", "Conv2d", name, {name: 1})})
    write(path, Project(network, data=DataChoice(source=name)), {})
    assert command("info", path) == 0
    said = capsys.readouterr()
    for sign in ("\x1b", "\x07", "\u202e"):
        assert sign not in said.out + said.err
