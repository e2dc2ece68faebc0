"""A state of a run as a folder of torch.distributed.checkpoint, and back.

Each process writes what it has: what all have is written once, what is in parts comes together in the
folder. So a folder that two processes wrote is read by one, or by four. Values are JSON in a tensor of
bytes.
"""

from __future__ import annotations

import json
import math
import pickle
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch import Tensor
from torch.distributed.checkpoint.metadata import Metadata, StorageMeta, TensorStorageMetadata

from engine.training.state import State
from engine.training.world import World

#: Of these each process has its own.
_CHANCE = ("rng/cpu", "rng/cuda")
_VALUES = "values"


class BadCheckpoint(Exception):
    """A folder that holds no state that can be read; the text says why."""


def write(state: State, folder: Path, world: World) -> None:
    """By all processes together. Raises CheckpointException in all when one of them cannot."""
    tensors = {_stored(name, world.rank): tensor for name, tensor in state.tensors.items()}
    plain: dict[str, Any] = {}
    for part in world.gathered(state.values["updates"]["optimizer"]):
        plain |= part
    values = {**state.values, "updates": {**state.values["updates"], "optimizer": plain}}
    if world.is_first:
        tensors[_VALUES] = torch.tensor(list(json.dumps(values).encode()), dtype=torch.uint8)
    with _without_warnings():
        dcp.save(tensors, storage_writer=dcp.FileSystemWriter(folder), no_dist=world.size == 1)


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


class _Reader(dcp.FileSystemReader):
    """Of the index, which is pickled, nothing but its own kinds of entries is believed."""

    def read_metadata(self, *args: Any, **kwargs: Any) -> Metadata:
        with (Path(self.path) / ".metadata").open("rb") as file:
            found = _Unpickler(file).load()
        if not isinstance(found, Metadata) or found.storage_data is None:
            raise ValueError("no index")
        for entry in found.storage_data.values():
            if Path(entry.relative_path).name != entry.relative_path:
                raise ValueError(f"{entry.relative_path} lies outside")
        found.storage_meta = found.storage_meta or StorageMeta()
        found.storage_meta.load_id = self.load_id
        return found


class _Unpickler(pickle.Unpickler):
    _KINDS = frozenset(
        {
            ("torch", "Size"),
            ("torch.serialization", "_get_layout"),
            ("torch.distributed.checkpoint.filesystem", "_StorageInfo"),
            ("pathlib", "PosixPath"),
            ("pathlib", "WindowsPath"),
        }
        | {
            ("torch.distributed.checkpoint.metadata", name)
            for name in (
                "ChunkStorageMetadata",
                "Metadata",
                "MetadataIndex",
                "StorageMeta",
                "TensorProperties",
                "TensorStorageMetadata",
                "_MEM_FORMAT_ENCODING",
            )
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        is_dtype = module == "torch" and isinstance(getattr(torch, name, None), torch.dtype)
        if (module, name) in self._KINDS or is_dtype:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} has no place in an index")
