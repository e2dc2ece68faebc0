"""The library: blocks that travel with the program or were saved, and files that nobody trusts."""

from __future__ import annotations

import errno
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from engine.build.shapes import ShapeInference
from engine.messages import sentence
from engine.network.block_edits import GroupNodes, RaiseParameter
from engine.network.copies import AddFragment, renewed, roots
from engine.network.edits import Connect, RenameNode, SetParameter
from engine.network.expand import expand
from engine.network.model import Link, Network
from engine.network.ports import input_ports, output_ports
from engine.network.problem import Problem
from engine.network.raised import SetRaised, faces
from engine.project import library, limits
from engine.project.errors import FileProblem
from engine.project.fragment import to_text
from engine.project.library import BUNDLED, SUFFIX, Entry, delete, entries, folder, load, save
from scripts import make_blocks
from tests.engine.network.graphs import check_whole, meaning
from tests.networks import add, chain


def with_blocks(name: str = "Pair") -> Network:
    """Input, a block in a block far away, Linear."""
    network = chain(("Input", {"shape": (4,)}), ("Linear", {"out_features": 4}), ("ReLU", {}))
    network, _ = add(network, "Linear", "relu-1")
    network = GroupNodes(frozenset({"linear-1", "relu-1"}), name).apply(network)
    network = RaiseParameter("block-1", "width", (("linear-1", "out_features"),)).apply(network)
    return GroupNodes(frozenset({"block-1"}), "Outer").apply(network)


def saved(name: str) -> Path:
    return save(with_blocks(name), "block-1")


def mine() -> list[Entry]:
    return [entry for entry in entries() if not entry.bundled]


def loaded(path: Path) -> Network:
    found = load(path)
    assert isinstance(found, Network), sentence(found)
    return found


def written(text: str | bytes, name: str = "strange") -> Path:
    path = folder() / f"{name}{SUFFIX}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


# Saved and used again


def test_a_block_comes_back_with_all_that_lies_in_it() -> None:
    network = with_blocks()
    path = save(network, "block-1")
    assert path == folder() / f"Pair{SUFFIX}"
    found = loaded(path)
    [top] = roots(found)
    assert top == replace(network.nodes["block-1"], x=0.0, y=0.0, block="")
    inside = {key for key, node in network.nodes.items() if node.block == "block-1"}
    assert found.nodes.keys() == inside | {"block-1"}
    assert all(found.nodes[key] == network.nodes[key] for key in inside)
    outer = loaded(save(network, "block-2"))
    assert {"block-1", "linear-1"} <= outer.nodes.keys() and "linear-2" not in outer.nodes


def test_it_can_be_put_into_any_network_more_than_once() -> None:
    network, path = chain(("Input", {"shape": (4,)})), saved("Pair")
    before = "input-1"
    for _ in range(2):
        fragment = renewed(network, loaded(path))
        [top] = roots(fragment)
        network = AddFragment(fragment).apply(network)
        [port] = input_ports(network, top)
        source = output_ports(network, network.nodes[before])[0]
        network = Connect(Link(before, top.id, source, port)).apply(network)
        before = top.id
    check_whole(network)
    assert ShapeInference().report(expand(network).network).problems == ()
    assert len(meaning(network)) == 5
    after = SetRaised(before, "width", 9).apply(network)
    assert [n.parameters["out_features"] for n in after.nodes.values() if n.kind == "Linear"] == [4, 9]


def test_names_that_are_taken_get_a_number() -> None:
    paths = [saved("Pair") for _ in range(3)]
    assert [path.name.removesuffix(SUFFIX) for path in paths] == ["Pair", "Pair 2", "Pair 3"]
    assert [entry.name for entry in mine()] == ["Pair", "Pair", "Pair"]
    paths[1].unlink()
    assert saved("Pair") == paths[1]


def test_an_entry_says_what_its_comment_says_or_its_name() -> None:
    network = with_blocks()
    plain = save(network, "block-1")
    for text in ("", "Two layers.", "More."):
        network, note = add(network, "Comment", text=text)
        network = network.with_nodes([replace(network.nodes[note], block="block-1")])
    noted = save(network, "block-1")
    assert {entry.path: entry.help for entry in mine()} == {plain: "Pair", noted: "Two layers."}


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("../../etc/passwd", "etc passwd"),
        ("/", "Block"),
        ("", "Block"),
        (" . ", "Block"),
        ("a\\b:c*d?", "a b c d"),
        ("x" * 10_000, "x" * 50),
        ("层 🦊", "层"),
        ("\u202egnp.exe", "gnp exe"),
        ("NUL", "NUL block"),
        ("com1", "com1 block"),
        ("-rf", "-rf"),
        ("𐎠" * 80, "𐎠" * 50),
    ],
)
def test_case_21_any_name_makes_a_file_name(name: str, stem: str) -> None:
    path = saved(name)
    assert path == folder() / f"{stem}{SUFFIX}" and path.parent == folder()
    assert saved(name) != path
    [top] = roots(loaded(path))
    assert top.name == name
    assert all(entry.problem is None and entry.name for entry in mine())


def test_the_folder_is_where_it_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKLIT_DATA", str(tmp_path / "elsewhere"))
    assert mine() == []
    assert saved("Pair").parent == tmp_path / "elsewhere" / "blocks"
    monkeypatch.delenv("BACKLIT_DATA")
    assert "backlit" in str(folder()).lower()


# Deleted, and what cannot be


def test_what_is_deleted_is_gone_and_the_program_keeps_its_own() -> None:
    path = saved("Pair")
    [entry] = mine()
    delete(entry)
    assert not path.exists() and mine() == []
    delete(entry)  # another window was quicker
    own = next(entry for entry in entries() if entry.bundled)
    with pytest.raises(FileProblem) as caught:
        delete(own)
    assert caught.value.code == "bundled" and own.path.exists()


def test_a_folder_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("x")
    monkeypatch.setenv("BACKLIT_DATA", str(tmp_path / "file"))
    with pytest.raises(FileProblem) as caught:
        saved("Pair")
    assert caught.value.code == "folder_gone" and str(tmp_path / "file") in str(caught.value)
    assert mine() == []


def test_case_25_a_full_disk_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileProblem) as caught:
        saved("Pair")
    assert caught.value.code == "disk_full"
    assert list(folder().iterdir()) == []


def test_what_no_file_can_hold_is_not_written() -> None:
    network = SetParameter("linear-1", "out_features", float("nan")).apply(with_blocks())
    with pytest.raises(FileProblem):
        save(network, "block-1")
    assert mine() == []


# Damaged


def fragment(**fields: Any) -> dict[str, Any]:
    """A block with one ReLU in it, as its file has it."""
    nodes = [
        {"id": "b", "kind": "Block", "name": "B"},
        {"id": "r", "kind": "ReLU", "block": "b"},
    ]
    return {"format": "backlit-fragment", "format_version": 2, "nodes": nodes, "links": [], **fields}


def damage() -> dict[str, tuple[str | bytes, str]]:
    good = json.dumps(fragment())
    nodes = fragment()["nodes"]
    two = [*nodes, {"id": "c", "kind": "Block"}]
    return {
        "empty": ("", "not_a_block_file"),
        "zeros": (bytes(1000), "not_a_block_file"),
        "binary": (b"\xff\xfe" * 50, "unreadable_block_file"),
        "utf-16": (good.encode("utf-16"), "unreadable_block_file"),
        "other": ('{"format": "backlit"}', "not_a_block_file"),
        "list": ('["backlit-fragment"]', "not_a_block_file"),
        "cut": (good[:-20], "bad_block_file"),
        "twice": (good.replace('"links"', '"nodes"'), "bad_block_file"),
        "nan": (json.dumps(fragment(x=float("nan"))), "bad_block_file"),
        "newer": (json.dumps(fragment(format_version=99)), "bad_block_file"),
        "older": (json.dumps(fragment(format_version=1)), "bad_block_file"),
        "deep": (good[:-1] + ', "x": ' + "[" * 100_000, "bad_block_file"),
        "ids": (json.dumps(fragment(nodes=[*nodes, *nodes])), "bad_block_file"),
        "kind": (json.dumps(fragment(nodes=[{"id": "b", "kind": 5}])), "bad_block_file"),
        "nothing": (json.dumps(fragment(nodes=[])), "not_a_block_file"),
        "no block": (json.dumps(fragment(nodes=nodes[1:])), "not_a_block_file"),
        "two": (json.dumps(fragment(nodes=two)), "not_a_block_file"),
    }


@pytest.mark.parametrize("case", damage())
def test_damage_is_told_and_not_raised(case: str) -> None:
    text, code = damage()[case]
    path = written(text)
    started = time.process_time()
    found = load(path)
    assert isinstance(found, Problem) and found.code == code
    assert path.name in sentence(found) and "clipboard" not in sentence(found)
    [entry] = mine()
    assert (entry.problem, entry.name, entry.path) == (found, "strange", path)
    assert time.process_time() - started < 2
    delete(entry)
    assert mine() == []


@pytest.mark.parametrize("at", range(0, 400, 7))
def test_case_03_cut_anywhere(at: int) -> None:
    text = to_text(loaded(saved("Pair"))).encode()
    found = load(written(text[:at]))
    assert isinstance(found, Problem) and sentence(found)


def test_a_block_that_lies_in_another_comes_out_of_it() -> None:
    """What a file says of the blocks around is not believed."""
    nodes = fragment()["nodes"]
    nodes[0]["block"] = "nobody"
    [top] = roots(loaded(written(json.dumps(fragment(nodes=nodes)))))
    assert (top.id, top.block) == ("b", "")


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    folder().mkdir(parents=True)
    os.mkfifo(folder() / f"pipe{SUFFIX}")
    (folder() / f"folder{SUFFIX}").mkdir()
    (folder() / f"gone{SUFFIX}").symlink_to(tmp_path / "nowhere")
    (folder() / f"device{SUFFIX}").symlink_to("/dev/zero")
    large = folder() / f"large{SUFFIX}"
    with large.open("wb") as file:
        file.truncate(limits.PROJECT_BYTES + 1)
    (folder() / "other.txt").write_text("x")
    found = mine()
    assert [entry.name for entry in found] == ["device", "folder", "gone", "large", "pipe"]
    assert all(entry.problem and sentence(entry.problem) for entry in found)
    assert isinstance(load(Path("a\0b")), Problem)
    with pytest.raises(FileProblem) as caught:
        delete(found[1])
    assert caught.value.code == "cannot_delete"


def test_more_files_than_anybody_saves_are_not_all_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "_MOST", 3)
    for _ in range(5):
        saved("Pair")
    assert len(mine()) == 3


# The blocks that travel with the program


def bundled(file: str, shape: tuple[int, ...]) -> tuple[Network, str]:
    """The block behind an Input of this shape."""
    network = chain(("Input", {"shape": shape}))
    fragment = renewed(network, loaded(BUNDLED / f"{file}{SUFFIX}"))
    [top] = roots(fragment)
    network = AddFragment(fragment).apply(network)
    [port] = input_ports(network, top)
    return Connect(Link("input-1", top.id, "out", port)).apply(network), top.id


def parameters(network: Network) -> int:
    report = ShapeInference().report(expand(network).network)
    assert report.problems == ()
    return report.parameters


def count(*modules: nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


def test_bundled_blocks_are_listed_with_what_they_are_for() -> None:
    found = [entry for entry in entries() if entry.bundled]
    assert [entry.name for entry in found] == [
        "Conv BN ReLU",
        "GPT block",
        "Residual block v1",
        "Transformer encoder block",
    ]
    assert all(entry.problem is None and entry.help != entry.name for entry in found)


def test_bundled_blocks_are_what_the_script_makes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(make_blocks, "BUNDLED", tmp_path)
    make_blocks.main()
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        p.name: p.read_bytes() for p in BUNDLED.iterdir()
    }


def test_images_through_the_bundled_blocks() -> None:
    network, _ = bundled("conv-bn-relu", (3, 32, 32))
    assert parameters(network) == count(nn.Conv2d(3, 64, 3, bias=False), nn.BatchNorm2d(64))
    network, block = bundled("residual-block-v1", (64, 32, 32))
    one = count(*(nn.Conv2d(64, 64, 3, bias=False), nn.BatchNorm2d(64)) * 2)
    assert parameters(network) == one
    assert parameters(SetParameter(block, "repeat", 3).apply(network)) == 3 * one
    narrow, block = bundled("residual-block-v1", (16, 8, 8))
    assert parameters(SetRaised(block, "out_channels", 16).apply(narrow)) < one


def test_sequences_through_the_bundled_blocks() -> None:
    """As many parameters as torch's own layer has; repeated, a whole encoder."""
    layer = nn.TransformerEncoderLayer(64, 8, 256, batch_first=True)
    for file in ("transformer-encoder-block", "gpt-block"):
        network, block = bundled(file, (10, 64))
        assert parameters(network) == count(layer)
        assert parameters(SetParameter(block, "repeat", 4).apply(network)) == 4 * count(layer)
        assert [face.name for face in faces(network, block)] == [
            "num_heads",
            "dim_feedforward",
            "d_model",
        ]
        for name, value in (("d_model", 32), ("dim_feedforward", 128), ("num_heads", 4)):
            network = SetRaised(block, name, value).apply(network)
        network = SetParameter("input-1", "shape", (10, 32)).apply(network)
        small = nn.TransformerEncoderLayer(32, 4, 128, batch_first=True)
        assert parameters(network) == count(small)


def test_the_encoder_block_computes_what_torch_computes() -> None:
    from engine.build.module import NetworkModule
    from engine.build.path import Path as Way
    from engine.build.path import find_path

    network, _ = bundled("transformer-encoder-block", (10, 64))
    flat = expand(RenameNode("input-1", "x").apply(network)).network
    way = find_path(flat)
    assert isinstance(way, Way)
    module = NetworkModule(flat, way, ShapeInference().report(flat)).eval()
    layer = nn.TransformerEncoderLayer(64, 8, 256, dropout=0.0, batch_first=True).eval()
    ours = {name: value for name, value in module.weights().items() if "@" not in name}
    theirs = dict(layer.state_dict())
    for prefix, name in (
        ("multiheadattention-1", "self_attn"),
        ("linear-1", "linear1"),
        ("linear-2", "linear2"),
        ("layernorm-1", "norm1"),
        ("layernorm-2", "norm2"),
    ):
        for key, value in ours.items():
            if key.startswith(f"{prefix}."):
                value.copy_(theirs[key.replace(prefix, name, 1)])
    x = torch.randn(2, 10, 64)
    with torch.no_grad():
        torch.testing.assert_close(module(x), layer(x), rtol=1e-4, atol=1e-5)
