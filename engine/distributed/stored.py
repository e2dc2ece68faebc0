"""A state of a run as a folder of torch.distributed.checkpoint, and back.

Each process writes what it has: what all have is written once, what is in parts comes together in the
folder. So a folder that two processes wrote is read by one, or by four. Values are JSON in a tensor of
bytes.
"""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch import Tensor
from torch.distributed.checkpoint.filesystem import _StorageInfo
from torch.distributed.checkpoint.metadata import (
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    StorageMeta,
    TensorProperties,
    TensorStorageMetadata,
)

from engine.runs.state import State
from engine.training.world import World

#: Of these each process has its own.
_CHANCE = ("rng/cpu", "rng/cuda")
_VALUES = "values"
INDEX = "index.json"


class BadCheckpoint(Exception):
    """A folder that holds no state that can be read; the text says why."""


def write(state: State, folder: Path, world: World) -> bytes:
    """By all processes together. Raises CheckpointException in all when one of them cannot. The first
    is given what is to be put into the folder's INDEX, without which it is not whole."""
    tensors = {_stored(name, world.rank): tensor for name, tensor in state.tensors.items()}
    plain: dict[str, Any] = {}
    for part in world.gathered(state.values["updates"]["optimizer"]):
        plain |= part
    values = {**state.values, "updates": {**state.values["updates"], "optimizer": plain}}
    if world.is_first:
        tensors[_VALUES] = torch.tensor(list(json.dumps(values).encode()), dtype=torch.uint8)
    with _without_warnings():
        index = dcp.save(tensors, storage_writer=dcp.FileSystemWriter(folder), no_dist=world.size == 1)
    return json.dumps(_as_json(index)).encode() if world.is_first else b""


def read(folder: Path, world: World) -> State:
    """What is in the folder for this process, for any number of processes. Raises BadCheckpoint."""
    own = {_stored(name, world.rank): name for name in _CHANCE}
    try:
        reader = _Reader(folder)
        held = reader.read_metadata().state_dict_metadata
        wanted = [name for name in held if name in own or not name.startswith(_CHANCE)]
        tensors = _empty({name: held[name] for name in wanted}, folder)
        with _without_warnings():
            dcp.load(tensors, storage_reader=reader, no_dist=True)
        values = json.loads(bytes(tensors.pop(_VALUES).tolist()))
    except (Exception, dcp.api.CheckpointException) as error:
        raise BadCheckpoint(_reason(error)) from error
    tensors = {own.get(name, name): tensor for name, tensor in tensors.items()}
    # A process that was not there goes on with its own chance, and each with its own threads.
    tensors.setdefault("rng/cpu", torch.get_rng_state())
    return State(tensors, {**values, "threads": torch.get_num_threads()})


@contextmanager
def _without_warnings() -> Iterator[None]:
    """It warns of `no_dist` even where that is asked for."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "torch.distributed is ", UserWarning)
        yield


def _stored(name: str, rank: int) -> str:
    return f"{name}/{rank}" if name in _CHANCE else name


def _empty(held: Mapping[str, Any], folder: Path) -> dict[str, Tensor]:
    """Tensors to read into. Nothing is allocated that the files cannot fill."""
    room = sum(file.stat().st_size for file in folder.iterdir())
    needed = 0
    for name, entry in held.items():
        if not isinstance(entry, TensorStorageMetadata):
            raise ValueError(f"{name} is no tensor")
        needed += math.prod(entry.size) * entry.properties.dtype.itemsize
    if needed > room:
        raise ValueError(f"{needed:,} bytes are promised, {room:,} are there")
    return {name: torch.empty(entry.size, dtype=entry.properties.dtype) for name, entry in held.items()}


def _reason(error: BaseException) -> str:
    if isinstance(error, dcp.api.CheckpointException):
        error = next(iter(error.failures.values()))[0]
    return f"{type(error).__name__}: {error}".splitlines()[0][:300]


def _as_json(index: Metadata) -> list[list[Any]]:
    """[name, dtype, shape, file, place, length] of each tensor; every one is in one piece."""
    places = {at.fqn: info for at, info in index.storage_data.items()}
    rows: list[list[Any]] = []
    for name, entry in index.state_dict_metadata.items():
        assert isinstance(entry, TensorStorageMetadata)
        info, dtype = places[name], str(entry.properties.dtype).removeprefix("torch.")
        rows.append([name, dtype, list(entry.size), info.relative_path, info.offset, info.length])
    return rows


class _Reader(dcp.FileSystemReader):
    """Reads the index that is JSON, not PyTorch's own beside it, which is pickled."""

    def read_metadata(self, *args: Any, **kwargs: Any) -> Metadata:
        tensors: dict[str, Any] = {}
        places = {}
        for name, kind, shape, file, offset, length in json.loads(
            (Path(self.path) / INDEX).read_text(encoding="utf-8")
        ):
            size, dtype = torch.Size(shape), getattr(torch, kind)
            inside = Path(file).name == file and min(size, default=0) >= 0
            if not (inside and isinstance(dtype, torch.dtype)):
                raise ValueError(f"{name} has no place in an index")
            start = torch.Size([0] * len(size))
            tensors[name] = TensorStorageMetadata(
                TensorProperties(dtype), size, [ChunkStorageMetadata(start, size)]
            )
            places[MetadataIndex(name, start)] = _StorageInfo(file, int(offset), int(length))
        return Metadata(tensors, storage_data=places, storage_meta=StorageMeta(load_id=self.load_id))
