"""The archive and the file it lies in."""

from __future__ import annotations

import hashlib
import io
import json
import os
import socket
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from engine.project import container, limits
from engine.project.errors import FileProblem
from engine.project.project import Project
from engine.project.project_file import read, write
from tests.engine.project.archives import (
    archive,
    document,
    opened,
    refused,
    refused_in_little_memory,
    zipped,
)

posix = pytest.mark.skipif(os.name != "posix", reason="pipes and links of POSIX")


def problem_of(path: Path) -> FileProblem:
    with pytest.raises(FileProblem) as caught:
        read(path)
    assert caught.value.file == path
    return caught.value


def test_mimetype_is_first_and_plain(tmp_path: Path) -> None:
    write(tmp_path / "a.backlit", Project(), {})
    assert (tmp_path / "a.backlit").read_bytes()[30:].startswith(b"mimetypeapplication/x-backlitPK")


def test_digest_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.backlit"
    digest = write(path, Project(), {})
    assert digest == read(path).digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_files_of_other_zip_programs_open(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {"project.json": json.dumps(document()), "mimetype": "x"}
    assert opened(tmp_path, zipped(files, zipfile.ZIP_STORED)).project == Project()
    # With sizes behind the data, as programs write that pipe it; and a 64-bit directory.
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w") as file,
        file.open("project.json", "w", force_zip64=True) as member,
    ):
        member.write(json.dumps(document()).encode())
    assert opened(tmp_path, buffer.getvalue()).project == Project()


def test_a_64_bit_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is written above 2 GiB."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    data = archive(document())
    assert b"PK\x06\x06" in data
    monkeypatch.undo()
    assert opened(tmp_path, data).project == Project()
    lying = bytearray(data)
    at = lying.index(b"PK\x06\x06")
    lying[at + 40 : at + 48] = (2**40).to_bytes(8, "little")
    refused(tmp_path, bytes(lying), "too_many_members")


@pytest.mark.parametrize("path", [Path("nowhere/a.backlit"), Path("a\0b.backlit")])
def test_a_file_that_is_not_there(path: Path) -> None:
    problem = problem_of(path)
    assert problem.code == "cannot_read" and "\0" not in str(problem)


def test_no_right_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert "Permission denied" in str(problem_of(tmp_path / "a.backlit"))


def test_a_folder(tmp_path: Path) -> None:
    assert problem_of(tmp_path).code in ("not_a_file", "cannot_read")


@posix
def test_pipes_sockets_and_devices_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.backlit")
    assert problem_of(tmp_path / "pipe.backlit").code == "not_a_file"
    assert problem_of(Path("/dev/zero")).code == "not_a_file"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert problem_of(tmp_path / "s").code == "cannot_read"


@posix
def test_links_are_followed_and_loops_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.backlit", Project(), {})
    (tmp_path / "link.backlit").symlink_to("a.backlit")
    assert read(tmp_path / "link.backlit").project == Project()
    (tmp_path / "loop.backlit").symlink_to("loop.backlit")
    assert problem_of(tmp_path / "loop.backlit").code == "cannot_read"


@posix
@pytest.mark.parametrize(
    "name", ["ä\u202e🦊.backlit", "a\n%s{0}.backlit", "<img src=x>.backlit", "x" * 247 + ".backlit"]
)
def test_names_of_files(tmp_path: Path, name: str) -> None:
    write(tmp_path / name, Project(), {})
    assert read(tmp_path / name).project == Project()
    (tmp_path / name).write_bytes(b"")
    text = str(problem_of(tmp_path / name))
    assert "\n" not in text and "\u202e" not in text


@posix
def test_a_name_that_is_not_utf_8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.backlit"))
    write(path, Project(), {})
    assert read(path).project == Project()
    path.write_bytes(b"")
    str(problem_of(path)).encode()


def test_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.backlit"
    write(path, Project(), {})
    check = container._check_plan

    def change(*arguments: Any) -> None:
        check(*arguments)
        os.utime(path, (1, 1))

    monkeypatch.setattr(container, "_check_plan", change)
    assert problem_of(path).code == "changed_while_reading"


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """3 GiB of hole behind a true beginning, and 200 GB of nothing else."""
    path = tmp_path / "a.backlit"
    path.write_bytes(archive(document()))
    for size, code in ((3 * 2**30, "cut_off"), (200 * 10**9, "file_too_large")):
        try:
            os.truncate(path, size)
        except OSError:
            pytest.skip("this disk has no files with holes")
        assert problem_of(path).code == code
    os.truncate(path, 0)


def test_something_before_or_behind_the_archive(tmp_path: Path) -> None:
    data = archive(document())
    refused(tmp_path, b"#!/bin/sh\n" + data, "not_a_zip")
    refused(tmp_path, b"PK\x03\x04" + bytes(26) + data, "damaged_zip")
    refused(tmp_path, data + b"x", "cut_off")
    commented = bytearray(data)
    commented[-2:] = b"\x05\x00"
    refused(tmp_path, bytes(commented) + b"hello", "cut_off")


def test_something_before_the_archive_with_every_offset_right(tmp_path: Path) -> None:
    buffer = io.BytesIO(b"PK\x03\x04" + bytes(60))
    with zipfile.ZipFile(buffer, "a") as file:
        file.writestr("project.json", json.dumps(document()))
    assert "before" in str(refused(tmp_path, buffer.getvalue(), "damaged_zip"))


def test_encrypted_and_unknown_packing(tmp_path: Path) -> None:
    data = archive(document())
    at = data.index(b"PK\x01\x02")
    locked = bytearray(data)
    locked[at + 8] |= 1
    refused(tmp_path, bytes(locked), "encrypted")
    for method in (9, 12, 14, 93, 99):
        other = bytearray(data)
        other[at + 10 : at + 12] = struct.pack("<H", method)
        assert str(method) in str(refused(tmp_path, bytes(other), "unknown_packing"))
    refused(
        tmp_path, zipped({"project.json": json.dumps(document())}, zipfile.ZIP_BZIP2), "unknown_packing"
    )


def test_members_that_share_bytes(tmp_path: Path) -> None:
    """Two entries of the directory that name the same bytes: how small bombs grow large."""
    data = zipped({"project.json": json.dumps(document()), "b": "x" * 500})
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    shared = bytearray(data)
    shared[second + 42 : second + 46] = bytes(4)  # now at the place of the first
    assert "overlap" in str(refused(tmp_path, bytes(shared), "damaged_zip"))


def test_a_wrong_checksum(tmp_path: Path) -> None:
    data = bytearray(zipped({"project.json": json.dumps(document())}, zipfile.ZIP_STORED))
    data[data.index(b"backlit")] ^= 1
    assert "CRC" in str(refused(tmp_path, bytes(data), "damaged_zip"))


def test_too_many_members(tmp_path: Path) -> None:
    few = {"project.json": json.dumps(document()), **{f"m{n}": b"" for n in range(limits.MEMBERS)}}
    refused(tmp_path, zipped(few), "too_many_members")
    many = {"project.json": json.dumps(document()), **{f"m{n}": b"" for n in range(60_000)}}
    refused_in_little_memory(tmp_path, zipped(many), "too_many_members")
