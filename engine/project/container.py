"""The zip around a project, read in two stages: first the plan, by arithmetic on the directory of the
archive alone; then the members that are needed, never more bytes than the plan allows.

Nothing is ever unpacked to disk.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from engine.project import limits
from engine.project.errors import FileProblem

MIMETYPE = "application/x-backlit"
_EPOCH = (1980, 1, 1, 0, 0, 0)  #: the same content gives the same bytes
_LOCAL_HEADER = 30
_CHUNK = 2**20


def read_bytes(path: Path) -> bytes:
    """The content of a regular file; links are followed, pipes and devices are not opened."""
    try:
        # A pipe would block for ever without O_NONBLOCK. Windows has neither flag.
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with open(os.open(path, flags | getattr(os, "O_CLOEXEC", 0)), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise FileProblem("not_a_file")
            if status.st_size > limits.FILE_BYTES:
                raise FileProblem("file_too_large", size=status.st_size, limit=limits.FILE_BYTES)
            return file.read(status.st_size)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise FileProblem("cannot_read", reason=reason) from error


def unpack(data: bytes) -> Mapping[str, bytes]:
    """The members of a project archive by name. Raises FileProblem."""
    if not data:
        raise FileProblem("empty_file")
    if not data.startswith(b"PK\x03\x04"):
        raise FileProblem("not_a_zip", looks_like=_looks_like(data))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_plan(members, len(data))
            return {member.filename: _fetch(archive, member) for member in members}
    except FileProblem:
        raise
    # NotImplementedError: an unknown method; RuntimeError: encrypted; the rest: damaged.
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        OverflowError,
        IndexError,
    ) as error:
        raise FileProblem("damaged_zip", reason=str(error)[:200]) from error


def pack(members: Mapping[str, bytes]) -> bytes:
    """A zip with `mimetype` first and stored, so that other programs know the file by its start."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        _add(archive, "mimetype", MIMETYPE.encode(), zipfile.ZIP_STORED)
        for name, data in members.items():
            # Trained numbers hardly shrink; packing them would only make saving slow.
            packed = not name.endswith(".safetensors")
            method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
            _add(archive, name, data, method)
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes, method: int) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    archive.writestr(info, data, method)


def _check_plan(members: list[zipfile.ZipInfo], size: int) -> None:
    if len(members) > limits.MEMBERS:
        raise FileProblem("too_many_members", count=len(members), limit=limits.MEMBERS)
    seen: set[str] = set()
    for member in members:
        name = member.filename
        if _is_unsafe(name):
            raise FileProblem("unsafe_name", name)
        if name.casefold() in seen:
            raise FileProblem("member_twice", name)
        seen.add(name.casefold())
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
    parts = path.parts
    return (
        not name
        or name.endswith("/")
        or path.is_absolute()
        or ".." in parts
        or any(sign in name for sign in ("\\", ":", "\0"))
    )


def _check_size(member: zipfile.ZipInfo) -> None:
    stored = member.file_size
    limit = limits.PROJECT_BYTES if member.filename.endswith(".json") else limits.FILE_BYTES
    bomb = stored > 2**20 and stored > limits.RATIO * max(member.compress_size, 1)
    if stored > limit or bomb:
        raise FileProblem("bomb", member.filename, size=stored, packed=member.compress_size)


def _check_overlap(members: list[zipfile.ZipInfo], size: int) -> None:
    """Members that share bytes are how a small file pretends to be a large one."""
    spans = sorted(
        (m.header_offset, m.header_offset + _LOCAL_HEADER + len(m.filename) + m.compress_size)
        for m in members
    )
    end = 0
    for start, stop in spans:
        if start < end or stop > size:
            raise FileProblem("damaged_zip", reason="members overlap or end behind the file")
        end = stop
    if spans and spans[0][0] != 0:
        raise FileProblem("damaged_zip", reason="something stands before the archive")


def _fetch(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Unpack one member, never more than the directory promised."""
    pieces: list[bytes] = []
    left = member.file_size
    with archive.open(member) as stream:
        while piece := stream.read(min(_CHUNK, left + 1)):
            left -= len(piece)
            if left < 0:
                raise FileProblem("bomb", member.filename, size="more", packed=member.compress_size)
            pieces.append(piece)
    return b"".join(pieces)


def _looks_like(data: bytes) -> str:
    """What a file that is no project seems to be."""
    known = {
        b"\x89PNG": "a PNG picture",
        b"%PDF": "a PDF document",
        b"\x89HDF": "an HDF5 (Keras) file",
        b"\x80\x02": "a pickle",
        b"\x93NUMPY": "a NumPy array",
        b"<": "a web page",
        b"{": "a JSON text",
        b"PK": "a damaged zip archive",
        b"\x7fELF": "a program",
    }
    start = data[:64].lstrip()
    return next((name for magic, name in known.items() if start.startswith(magic)), "something else")
