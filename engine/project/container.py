"""The zip around a project, read in two stages: first the plan, by arithmetic on the directory of the
archive alone; then the members that are needed, never more bytes than the plan allows.

Nothing is ever unpacked to disk.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from engine.project import limits
from engine.project.errors import FileProblem, cannot_read

MIMETYPE = "application/x-backlit"
_EPOCH = (1980, 1, 1, 0, 0, 0)  #: the same content gives the same bytes
_LOCAL_HEADER = 30
_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
#: RuntimeError, NotImplementedError: encrypted, unknown method; the rest: damaged.
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    RuntimeError,
    OverflowError,
    IndexError,
)


@dataclass(frozen=True)
class Content:
    """members: the wanted ones by name. names: of all members. digest: SHA-256 of the file."""

    members: Mapping[str, bytes]
    names: tuple[str, ...]
    digest: str


def read(path: Path, wanted: Collection[str]) -> Content:
    """The `wanted` members that the archive at `path` has. Raises FileProblem."""
    try:
        with regular_file(path) as (file, size):
            _check_start(file)
            _check_end(file, size)
            with zipfile.ZipFile(file) as archive:
                plan = archive.infolist()
                _check_plan(plan, size)
                members = {m.filename: _fetch(archive, m) for m in plan if m.filename in wanted}
            return Content(members, tuple(m.filename for m in plan), _digest(file))
    except OSError as error:
        raise cannot_read(error) from error
    except _DAMAGED as error:
        raise FileProblem("damaged_zip", reason=str(error)[:200]) from error


def pack(members: Mapping[str, bytes]) -> memoryview:
    """A zip with `mimetype` first and stored, so that other programs know the file by its start."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, "mimetype", MIMETYPE.encode(), zipfile.ZIP_STORED)
        for name, data in members.items():
            # Trained numbers hardly shrink; packing them would only make saving slow.
            packed = not name.endswith(".safetensors")
            method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            _add(archive, name, data, method)
    return buffer.getbuffer()


def _add(archive: zipfile.ZipFile, name: str, data: bytes, method: int) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system = 3  # Unix, on every system
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    archive.writestr(info, data, method)


@contextmanager
def regular_file(path: Path, limit: int = limits.FILE_BYTES) -> Iterator[tuple[io.BufferedReader, int]]:
    """The file and its size, at most `limit` bytes. A link is followed; pipes, devices and folders are
    refused, without waiting for anybody to write into the pipe. Raises FileProblem and OSError."""
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):  # Windows has but the last
        flags |= getattr(os, name, 0)
    try:
        handle = os.open(os.path.realpath(path), flags)
    except ValueError as error:
        raise cannot_read(error) from error
    try:
        before = os.fstat(handle)
        if not stat.S_ISREG(before.st_mode):
            raise FileProblem("not_a_file")
        if before.st_size > limit:
            raise FileProblem("file_too_large", size=before.st_size, limit=limit)
        with open(handle, "rb", closefd=False) as file:
            yield file, before.st_size
        after = os.fstat(handle)
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            raise FileProblem("changed_while_reading")
    finally:
        os.close(handle)


def _check_start(file: io.BufferedReader) -> None:
    start = file.read(64)
    if not start:
        raise FileProblem("empty_file")
    if not start.startswith(b"PK\x03\x04"):
        raise FileProblem("not_a_zip", looks_like=_looks_like(start))


def _check_end(file: io.BufferedReader, size: int) -> None:
    """The directory must be small and end the file: zipfile would search for it, and reads all of it
    before it can be asked how many members there are."""
    # Directory, for large files a 64-bit end of 56 bytes and its locator of 20, end of 22 bytes.
    tail_size = min(size, 56 + 20 + 22)
    file.seek(size - tail_size)
    tail = file.read(tail_size).rjust(98, b"\0")
    if not tail[76:].startswith(_END) or tail[96:] != b"\0\0":
        raise FileProblem("cut_off", size=size)
    length = int.from_bytes(tail[88:92], "little")
    if tail.startswith(_END64) and tail[56:].startswith(_LOCATOR64):
        length = int.from_bytes(tail[40:48], "little")
    if length > limits.DIRECTORY_BYTES:
        raise FileProblem("too_many_members", limit=limits.MEMBERS)
    file.seek(0)


def _check_plan(members: list[zipfile.ZipInfo], size: int) -> None:
    if len(members) > limits.MEMBERS:
        raise FileProblem("too_many_members", limit=limits.MEMBERS)
    seen: set[str] = set()
    for member in members:
        name = member.filename
        if _is_unsafe(name):
            raise FileProblem("unsafe_name", name)
        same = unicodedata.normalize("NFC", name).casefold()
        if same in seen:
            raise FileProblem("member_twice", name)
        seen.add(same)
        kind = stat.S_IFMT(member.external_attr >> 16)
        if kind not in (0, stat.S_IFREG):
            raise FileProblem("member_not_a_file", name)
        if member.flag_bits & 0x1:
            raise FileProblem("encrypted", name)
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise FileProblem("unknown_packing", name, method=member.compress_type)
        _check_size(member)
    _check_overlap(members, size)


def _is_unsafe(name: str) -> bool:
    path = PurePosixPath(name)
    return (
        not name
        or len(name) > limits.MEMBER_NAME
        or name.endswith("/")
        or path.is_absolute()
        or ".." in path.parts
        or any(sign in name for sign in ("\\", ":", "\0"))
    )


def _check_size(member: zipfile.ZipInfo) -> None:
    size, packed = member.file_size, member.compress_size
    text = member.filename.endswith(".json")
    most = limits.PROJECT_BYTES if text else 2**20 + limits.RATIO * packed
    if size > min(most, limits.FILE_BYTES):
        raise FileProblem("bomb", member.filename, size=size, packed=packed)


def _check_overlap(members: list[zipfile.ZipInfo], size: int) -> None:
    """Members that share bytes are how a small file pretends to be a large one."""
    spans = sorted(
        (m.header_offset, m.header_offset + _LOCAL_HEADER + len(m.orig_filename) + m.compress_size)
        for m in members
    )
    end = 0
    for start, stop in spans:
        if start < end or stop > size:
            raise FileProblem("damaged_zip", reason="members overlap or end behind the file")
        end = stop
    if spans and spans[0][0] != 0:
        raise FileProblem("damaged_zip", reason="something stands before the first member")


def _fetch(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Unpack one member. zipfile stops at the size that the plan allowed and compares the checksum."""
    with archive.open(member) as stream:
        return stream.read(member.file_size)


def _digest(file: io.BufferedReader) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _looks_like(start: bytes) -> str:
    """What a file that is no project seems to be."""
    known = {
        b"\x89PNG": "a PNG picture",
        b"\xff\xd8\xff": "a JPEG picture",
        b"%PDF": "a PDF document",
        b"\x89HDF": "an HDF5 (Keras) file",
        b"\x80\x02": "a pickle",
        b"\x93NUMPY": "a NumPy array",
        b"<": "a web page",
        b"{": "a JSON text",
        b"PK": "a damaged zip archive",
        b"\x7fELF": "a program",
    }
    bare = start.lstrip()
    return next((name for magic, name in known.items() if bare.startswith(magic)), "something else")
