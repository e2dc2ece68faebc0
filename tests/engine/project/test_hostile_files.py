"""Files from strangers, one test a case, by number: refused with file, place and remedy, or opened
with a list of what was changed. For weights (18, 19) see test_hostile_weights.py, for saving (22, 25
to 27) test_atomic.py."""

from __future__ import annotations

import io
import json
import time
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.messages import sentence
from engine.network.layers import LAYERS
from engine.network.model import CANVAS_LIMIT, Link, Network, Node
from engine.project import limits
from engine.project.migrate import VERSION
from engine.project.project import Project
from engine.project.project_file import read, write
from tests.engine.project.archives import (
    MIB,
    archive,
    document,
    link,
    node,
    opened,
    refused,
    refused_in_little_memory,
    zipped,
)

FIXTURES = Path(__file__).parent / "fixtures"


def chosen(field: str, kind: str, **parameters: object) -> dict[str, object]:
    """A document's recipe with one option in it."""
    return recipe(**{field: {"kind": kind, "parameters": parameters}})


def recipe(**fields: object) -> dict[str, object]:
    """A document's recipe, in words of the present version."""
    return {"format_version": VERSION, "recipe": fields}


def test_case_01_not_a_zip(tmp_path: Path) -> None:
    assert "empty" in str(refused(tmp_path, b""))
    assert "a PNG picture" in str(refused(tmp_path, b"\x89PNG\r\n\x1a\n" + bytes(100)))
    assert "a web page" in str(refused(tmp_path, b"\n<!DOCTYPE html><title>404</title>"))
    assert "a pickle" in str(refused(tmp_path, b"\x80\x02}q\x00."))
    assert "something else" in str(refused(tmp_path, bytes(range(7, 200))))


def test_case_02_zip_without_a_project(tmp_path: Path) -> None:
    problem = refused(tmp_path, zipped({"mimetype": "application/epub+zip"}), "no_project")
    assert "mimetype" in str(problem)
    refused(tmp_path, zipped({"old/project.json": "{}"}), "no_project")
    # An archive of nothing at all is only its end.
    refused(tmp_path, zipped({}), "not_a_zip")


def test_case_03_truncated_at_every_kib(tmp_path: Path) -> None:
    weights = {"a.weight": np.random.default_rng(0).normal(size=5000)}
    write(tmp_path / "whole.backlit", Project(Network({"a": Node("a", "Linear", "a")})), weights)
    whole = (tmp_path / "whole.backlit").read_bytes()
    cuts = [*range(1024, len(whole), 1024), 1, len(whole) // 2, len(whole) - 1]
    assert len(cuts) > 40
    for cut in cuts:
        refused(tmp_path, whole[:cut])
    problem = refused(tmp_path, whole[: len(whole) // 2], "cut_off")
    assert f"{len(whole) // 2}" in str(problem)


def test_case_04_json_syntax_error_has_line_and_column(tmp_path: Path) -> None:
    problem = refused(tmp_path, archive('{\n "format": "backlit",\n "network": [1,, 2]\n}'))
    assert problem.code == "json_syntax"
    assert "project.json, line 3, column 16" in str(problem)


def test_case_05_deep_nesting(tmp_path: Path) -> None:
    for opening in ("[", '{"a":', '[{"a":'):
        refused(tmp_path, archive(opening * 100_000), "too_deep")
    # Brackets in a text are no nesting.
    name = '\\"[[[[' * 100
    assert (
        opened(tmp_path, archive(document([node("a", name=name)]))).project.network.nodes["a"].name
        == name
    )


@pytest.mark.parametrize(
    "number", ["NaN", "Infinity", "-Infinity", "1e999", "-1E+400", "1" + "0" * 5000]
)
def test_case_06_numbers_that_are_none(tmp_path: Path, number: str) -> None:
    text = json.dumps(document([node("a", position=[0, 4711])])).replace("4711", number)
    problem = refused(tmp_path, archive(text))
    assert problem.code == ("number_too_large" if number.startswith("10") else "not_finite")


def test_case_07_duplicate_keys(tmp_path: Path) -> None:
    text = '{"format": "backlit", "format_version": 1, "network": {}, "format_version": 0}'
    assert "format_version" in str(refused(tmp_path, archive(text), "key_twice"))
    # Many keys, the last of them twice: found without comparing each with each.
    many = ",".join(f'"k{n}":0' for n in range(100_000))
    refused(tmp_path, archive("{" + many + ',"k99999":1}'), "key_twice")


def test_case_08_unknown_kind_is_kept(tmp_path: Path) -> None:
    given = node("x-1", "FancyAttention", parameters={"heads": [[1, 2], {"deep": None}], "rate": 0.5})
    given = {**given, "position": [1.0, 2.0], "colour": "green"}
    links = [link("x-1", "x-1", "scores", "query")]
    result = opened(tmp_path, archive(document([given], links)))
    assert result.repairs == ()
    path = tmp_path / "again.backlit"
    write(path, result.project, {})
    saved = json.loads(zipfile.ZipFile(path).read("project.json"))
    assert saved["network"] == {"nodes": [given], "links": links}


def test_case_09_unknown_parameter_is_kept_and_said(tmp_path: Path) -> None:
    given = node("conv2d-1", "Conv2d", parameters={"out_channels": 8, "sparsity": [1, "a"]})
    result = opened(tmp_path, archive(document([given])))
    (problem,) = result.repairs
    assert (problem.code, problem.node) == ("unknown_parameter", "conv2d-1")
    assert "sparsity" in sentence(problem)
    assert result.project.network.nodes["conv2d-1"].parameters["sparsity"] == [1, "a"]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (-3, "parameter_out_of_range"),
        ([3, 0], "parameter_out_of_range"),
        ("3", "parameter_not_size"),
        (True, "parameter_not_size"),
        (1e12, "parameter_not_size"),
        (10**12, "parameter_out_of_range"),
        ([3, "3"], "parameter_not_size"),
        ({"a": 1}, "parameter_not_size"),
        (None, "parameter_not_size"),
    ],
)
def test_case_10_wrong_value_opens_and_is_marked(tmp_path: Path, value: object, code: str) -> None:
    given = node("conv2d-1", "Conv2d", parameters={"kernel_size": value})
    result = opened(tmp_path, archive(document([given])))
    read_back = result.project.network.nodes["conv2d-1"]
    parameter = LAYERS["Conv2d"].parameter("kernel_size")
    assert parameter is not None and parameter.complaint(read_back.parameters["kernel_size"]) == code
    problem = parameter.problem(read_back)
    assert problem is not None and read_back.name in sentence(problem)
    write(tmp_path / "again.backlit", result.project, {})
    assert read(tmp_path / "again.backlit").project == result.project


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"network": []}, "project.json/network"),
        ({"network": {"nodes": {}}}, "project.json/network/nodes"),
        ({"network": {"nodes": [{"id": "a"}]}}, "project.json/network/nodes/0/kind"),
        ({"network": {"nodes": [node("a", name=5)]}}, "project.json/network/nodes/0/name"),
        ({"network": {"nodes": [node("a", position=[1])]}}, "project.json/network/nodes/0/position"),
        (
            {"network": {"nodes": [node("a", position=[True, 1])]}},
            "project.json/network/nodes/0/position/0",
        ),
        ({"network": {"links": [{"from": ["a", "out"]}]}}, "project.json/network/links/0/to"),
        ({"recipe": {"learning_rate": "fast"}}, "project.json/recipe/learning_rate"),
        ({"recipe": {"epochs": 0}}, "project.json/recipe/epochs"),
        ({"recipe": {"batch_size": True}}, "project.json/recipe/batch_size"),
        ({"recipe": {"optimizer": "Magic"}}, "project.json/recipe/optimizer"),
        (chosen("optimizer", "Adam", betas=[0.9]), "project.json/recipe/optimizer"),
        (chosen("optimizer", "Adam", betas=[0.9, 1]), "project.json/recipe/optimizer"),
        (chosen("optimizer", "Adam", betas=[[0.9], 0.5]), "project.json/recipe/optimizer"),
        (chosen("optimizer", "SGD", momentum="0.9"), "project.json/recipe/optimizer"),
        (chosen("optimizer", "SGD", nesterov=1), "project.json/recipe/optimizer"),
        (chosen("optimizer", "SGD", momentum=1e300), "project.json/recipe/optimizer"),
        (chosen("optimizer", "LBFGS", history_size=2**40), "project.json/recipe/optimizer"),
        (chosen("optimizer", "Adam", __class__=1), "project.json/recipe/optimizer"),
        (chosen("schedule", "StepLR", step_size=-1), "project.json/recipe/schedule"),
        (chosen("schedule", "MultiStepLR", milestones=[1] * 20_000), "project.json/recipe/schedule"),
        (chosen("schedule", "MultiStepLR", milestones={"a": 1}), "project.json/recipe/schedule"),
        (chosen("schedule", "OneCycleLR", anneal_strategy="eval"), "project.json/recipe/schedule"),
        (chosen("loss", "huber_loss", delta=0), "project.json/recipe/loss"),
        (recipe(loss={"kind": "mse_loss", "target": "x" * 999}), "project.json/recipe/loss"),
        (recipe(loss={"kind": "mse_loss", "weight": -1}), "project.json/recipe/loss/weight"),
        (
            recipe(output_losses={"a": {"kind": "l1_loss"}, "b": {"kind": "os.system"}}),
            "project.json/recipe/output_losses/b",
        ),
        (recipe(metrics=["accuracy", "top_k", "magic"]), "project.json/recipe/metrics/2"),
        (
            recipe(metrics=[{"kind": "top_k", "parameters": {"k": 0}}]),
            "project.json/recipe/metrics/0",
        ),
        (
            recipe(augmentations=[{"kind": "RandomCrop", "parameters": {"padding": 2**31}}]),
            "project.json/recipe/augmentations/0",
        ),
        (chosen("initializer", "normal", std=[1]), "project.json/recipe/initializer"),
        ({"data": {"settings": {"a": []}}}, "project.json/data/settings/a"),
        ({"data": {"source": None}}, "project.json/data/source"),
    ],
)
def test_case_10_wrong_structure_is_refused_with_its_path(
    tmp_path: Path, fields: dict[str, object], place: str
) -> None:
    problem = refused(tmp_path, archive({**document(), **fields}))
    assert problem.place.startswith(place)


def test_case_11_links_that_join_nothing(tmp_path: Path) -> None:
    nodes = [node("in", "Input"), node("a"), node("b"), node("sum", "Add"), node("x", "Unknown")]
    good = [link("in", "a"), link("a", "sum"), link("in", "sum"), link("x", "sum", "left")]
    bad = {
        "link_without_node": [link("gone", "a"), link("a", "gone")],
        "link_without_port": [link("a", "b", "out2"), link("a", "b", "out", "in2"), link("a", "in")],
        "link_twice": [link("a", "sum")],
        "port_taken": [link("b", "a")],
    }
    links = [*good, *(one for several in bad.values() for one in several)]
    result = opened(tmp_path, archive(document(nodes, links)))
    assert result.project.network.links == (
        Link("in", "a"),
        Link("a", "sum"),
        Link("in", "sum"),
        Link("x", "sum", "left"),
    )
    expected = [code for code, several in bad.items() for _ in several]
    assert [problem.code for problem in result.repairs] == expected
    assert all("dropped" in sentence(problem) for problem in result.repairs)
    assert result.project.network.incoming["sum"]  # whole: every link has both its nodes


def test_case_12_cycle_opens(tmp_path: Path) -> None:
    nodes = [node("a"), node("b"), node("c")]
    links = [link("a", "b"), link("b", "a"), link("c", "c")]
    result = opened(tmp_path, archive(document(nodes, links)))
    assert len(result.project.network.links) == 3 and result.repairs == ()
    assert set(result.project.network.cycle) <= {"a", "b", "c"} and result.project.network.cycle


def test_case_13_duplicate_ids(tmp_path: Path) -> None:
    problem = refused(tmp_path, archive(document([node("a"), node("twin"), node("twin")])), "id_twice")
    assert "twin" in str(problem) and problem.place == "project.json/network/nodes/2/id"


def test_case_14_newer_version(tmp_path: Path) -> None:
    problem = refused(tmp_path, archive({**document(), "format_version": 7}), "newer_version")
    assert "format version 7" in str(problem) and "up to 3" in str(problem)
    assert "newer Backlit" in problem.remedy
    versions: tuple[Any, ...] = (-1, "1; DROP", True, 1.0, None, [])
    for version in versions:
        refused(tmp_path, archive({**document(), "format_version": version}), "no_version")
    refused(tmp_path, archive({"format": "backlit", "network": {}}), "missing_field")
    refused(tmp_path, archive({**document(), "format": "frontlit"}), "other_format")
    for text in ("[]", "1", "null", '"backlit"'):
        refused(tmp_path, archive(text), "wrong_type")


def test_case_15_version_0_is_migrated() -> None:
    """The fixture is as the first prototypes wrote it."""
    result = read(FIXTURES / "version-0.backlit")
    network = result.project.network
    assert result.repairs == ()
    assert [n.kind for n in network.nodes.values()] == ["Input", "Conv2d", "ReLU"]
    assert network.nodes["conv2d-1"].parameters["kernel_size"] == (3, 3)
    assert (network.nodes["conv2d-1"].x, network.nodes["conv2d-1"].y) == (0.0, 120.0)
    assert network.nodes["conv2d-1"].extra == {"note": "kept"}
    assert network.links == (Link("input-1", "conv2d-1"), Link("conv2d-1", "relu-1"))
    assert result.project.recipe.epochs == 3
    assert result.weights["conv2d-1.bias"].tolist() == [0.5, -0.5]


def test_case_15_version_1_is_migrated() -> None:
    """The fixture is as it was written before there were blocks."""
    result = read(FIXTURES / "version-1.backlit")
    network = result.project.network
    assert result.repairs == ()
    assert [n.kind for n in network.nodes.values()] == ["Input", "Flatten", "Linear", "Softmax"]
    assert all((n.block, n.open, n.raised) == ("", False, {}) for n in network.nodes.values())
    assert network.nodes["linear-1"].extra == {"note": "kept"}
    assert (network.nodes["linear-1"].x, network.nodes["linear-1"].y) == (0.0, 176.0)
    assert network.links[0] == Link("input-1", "flatten-1") and len(network.links) == 3
    assert (result.project.recipe.optimizer.kind, result.project.recipe.epochs) == ("SGD", 3)
    assert result.project.data.source == "mnist-10k" and result.project.extra == {"later": [1]}
    assert result.weights["linear-1.bias"].tolist() == [0.5] * 10


def test_case_15_version_2_is_migrated() -> None:
    """The fixture is as it was written when all optimizers shared their parameters."""
    result = read(FIXTURES / "version-2.backlit")
    recipe = result.project.recipe
    assert result.repairs == ()
    assert recipe.optimizer.kind == "SGD" and recipe.model_extra == {}
    assert recipe.optimizer.parameters == {"momentum": 0.9, "weight_decay": 1e-4}
    assert (recipe.loss.kind, recipe.epochs, recipe.batch_size) == ("cross_entropy", 30, 20)


def test_case_15_broken_version_0(tmp_path: Path) -> None:
    for member in (
        '"nodes": 5',
        '"nodes": [5]',
        '"nodes": {"a": 1}',
        '"links": [{"from": 1}]',
        '"links": [[]]',
    ):
        refused(tmp_path, archive('{"format_version": 0, ' + member + "}"), "bad_old_version")
    refused(tmp_path, archive('{"format_version": 0, "nodes": [{"x": 1}]}'), "missing_field")


def test_case_16_zip_bomb(tmp_path: Path) -> None:
    """1 KiB that claims to be 10 GiB is refused by its directory, one that lies by its first bytes."""
    packed = zipped({"project.json": bytes(MIB)})
    size = (10 * 2**30).to_bytes(8, "little")
    at = packed.index(b"PK\x01\x02")
    # The 64-bit size of a member stands in an extra field of the directory.
    extra = b"\x01\x00\x08\x00" + size
    end = packed.index(b"PK\x05\x06")
    entry = bytearray(packed[at:end])
    entry[24:28], entry[30:32] = b"\xff" * 4, len(extra).to_bytes(2, "little")
    tail = bytearray(packed[end:])
    tail[12:16] = (len(entry) + len(extra)).to_bytes(4, "little")
    bomb = packed[:at] + bytes(entry) + extra + bytes(tail)
    assert len(bomb) < 2048
    assert f"{10 * 2**30}" in str(refused_in_little_memory(tmp_path, bomb, "bomb"))
    lying = bytearray(packed)
    lying[at + 24 : at + 28] = (1000).to_bytes(4, "little")  # in truth a MiB
    refused_in_little_memory(tmp_path, bytes(lying), "damaged_zip")


@pytest.mark.parametrize(
    ("project", "code"),
    [
        (b"[" * 10 * MIB, "too_many_values"),
        (b"[]," * 3 * MIB, "too_many_values"),
        (b'""' * 5 * MIB, "too_many_values"),
        (b" " * 200 * MIB, "bomb"),
        ('["🦊"'.encode() + b',"' * 2 + b"a" * 10 * MIB, "json_syntax"),
        (b'"' + b"a" * 10 * MIB + b'"', "text_too_long"),
        (b'"' + b"\\\\" * 5 * MIB, "json_syntax"),
        (b"1" * 10 * MIB, "number_too_large"),
        (b"0." + b"1" * 10 * MIB, "not_finite"),
    ],
)
def test_case_16_text_that_swells(tmp_path: Path, project: bytes, code: str) -> None:
    refused_in_little_memory(tmp_path, archive(project), code)


@pytest.mark.parametrize(
    "name",
    ["../../x", "a/../../x", "/etc/x", "C:/x", "C:x", "a\\..\\x", "\\\\host\\x", "a/", "a" * 300],
)
def test_case_17_member_names(tmp_path: Path, name: str) -> None:
    before = set(tmp_path.parent.rglob("*"))
    refused(tmp_path, zipped({"project.json": json.dumps(document()), name: b"x"}), "unsafe_name")
    assert set(tmp_path.parent.rglob("*")) - before <= {tmp_path / "stranger.backlit"}


def test_case_17_symlinks_and_twins(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("project.json")
    info.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr(info, "/etc/passwd")
    refused(tmp_path, buffer.getvalue(), "member_not_a_file")
    for twin in ("project.json", "Project.JSON"):
        # zipfile would warn of the name, so it gets its own in the bytes.
        twins = zipped({"project.json": json.dumps(document()), "another.json": "{}"})
        refused(tmp_path, twins.replace(b"another.json", twin.encode()), "member_twice")


def test_case_20_ten_thousand_nodes(tmp_path: Path) -> None:
    parameters: dict[str, Any] = {
        "out_channels": 32,
        "kernel_size": (3, 3),
        "stride": 1,
        "padding": 0,
        "bias": True,
    }
    nodes = {
        f"conv2d-{n}": Node(f"conv2d-{n}", "Conv2d", f"Conv {n}", parameters) for n in range(10_000)
    }
    ids = list(nodes)
    links = tuple(Link(a, b) for a, b in pairwise(ids))
    project = Project(Network(nodes, links))
    path = tmp_path / "large.backlit"
    write(path, project, {})
    started = time.process_time()
    result = read(path)
    assert time.process_time() - started < 3  # 0.5 s on a quiet machine of 2 cores
    assert result.project == project and result.repairs == ()


def test_case_20_more_than_anybody_draws(tmp_path: Path) -> None:
    nodes = [{"id": str(n), "kind": "ReLU"} for n in range(limits.NODES + 1)]
    assert f"{limits.NODES}" in str(refused(tmp_path, archive(document(nodes)), "too_many"))
    links = [link("0", str(n)) for n in range(limits.LINKS + 1)]
    refused(tmp_path, archive(document(nodes[:2], links)), "too_many")
    settings: dict[str, Any] = {f"s{n}": [] for n in range(100_000)}
    refused(tmp_path, archive(document(data={"settings": settings})), "too_many")


@pytest.mark.parametrize(
    "name",
    [
        "🦊🔥",
        "\u202egnp.exe",
        "שלום",
        "x" * 10_000,
        '<img src="/etc/passwd"><b>',
        "",
        " ",
        "a\tb\n%s{0}",
        "x" * 20_000,
    ],
)
def test_case_21_names_are_kept(tmp_path: Path, name: str) -> None:
    result = opened(tmp_path, archive(document([node("a", name=name)])))
    assert result.project.network.nodes["a"].name == name and result.repairs == ()
    write(tmp_path / "again.backlit", result.project, {})
    assert read(tmp_path / "again.backlit").project == result.project


def test_case_21_names_that_cannot_be(tmp_path: Path) -> None:
    for name, code in (
        ("a\0b", "text_not_writable"),
        ("\ud800", "text_not_writable"),
        ("x" * 20_001, "text_too_long"),
    ):
        problem = refused(tmp_path, archive(document([node("a", name=name)])), code)
        assert problem.place == "project.json/network/nodes/0/name"
    problem = refused(
        tmp_path, archive(document([node("a\u202e\n" * 10, "ReLU"), node("a\u202e\n" * 10)]))
    )
    assert "\u202e" not in str(problem) and "\n" not in str(problem)


def test_case_60_positions_are_kept_on_the_canvas(tmp_path: Path) -> None:
    result = opened(
        tmp_path, archive(document([node("a", position=[1e308, -3]), node("b", position=[1, 2])]))
    )
    nodes = result.project.network.nodes
    assert (nodes["a"].x, nodes["a"].y) == (CANVAS_LIMIT, -3.0)
    assert [(problem.code, problem.node) for problem in result.repairs] == [("position_moved", "a")]
