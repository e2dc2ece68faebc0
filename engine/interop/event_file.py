"""Curves as a TensorBoard event file: scalars of every step, the recipe as text and as hparams.

The records are those of tensorboardX, which knows neither TensorFlow nor TensorBoard; it is imported
when somebody exports.
"""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.interop.curves import Cancelled, Piece, Progress, pieces
from engine.project import atomic
from engine.project.errors import cannot_write
from engine.recipe.recipe import Recipe
from engine.runs.compare import recipe_values
from engine.runs.run import Run
from engine.telemetry.recorder import Recorder

if TYPE_CHECKING:
    from tensorboardX.proto.event_pb2 import Event


def write_events(
    folder: Path, recorder: Recorder, run: Run, progress: Progress | None = None
) -> Path | None:
    """Put a run into `folder`, one that TensorBoard shows as a run of its own, and return the file;
    None when `progress` ended it, and then the folder is as it was. A second export of the same run
    takes the place of the first. Raises FileProblem."""
    path = folder / f"events.out.tfevents.{int(run.started)}.backlit"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(error).of(folder) from error
    try:
        with atomic.writing(path) as file:
            for event in _events(recorder, run, progress):
                _write_record(file, event.SerializeToString())
    except Cancelled:
        return None
    return path


def _events(recorder: Recorder, run: Run, progress: Progress | None) -> Iterator[Event]:
    from tensorboardX.proto.event_pb2 import Event

    yield Event(wall_time=run.started, file_version="brain.Event:2")
    yield from _about(recorder, run)
    clock = _clock(recorder, run)
    for piece in pieces(recorder, progress):
        yield from _scalars(piece, clock)


def _about(recorder: Recorder, run: Run) -> Iterator[Event]:
    from tensorboardX.proto.event_pb2 import Event
    from tensorboardX.summary import hparams, text

    texts = {"recipe": f"```\n{json.dumps(run.recipe, indent=1, ensure_ascii=False)}\n```"}
    texts |= {"name": run.name, "notes": run.notes, "tags": ", ".join(run.tags)}
    summaries = [text(tag, content) for tag, content in texts.items() if content]
    measures = {f"validation/{name}": 0.0 for v in recorder.validations for name in v.validation}
    summaries += hparams(_hyperparameters(run.recipe), measures)
    for summary in summaries:
        yield Event(wall_time=run.started, step=0, summary=summary)


def _hyperparameters(recipe: Mapping[str, Any]) -> dict[str, bool | float | str]:
    """The recipe as flat plain values; one of another version as far as it has some."""
    try:
        values = recipe_values(Recipe.model_validate(recipe))
    except ValueError:
        values = dict(recipe)
    return {
        name: value if isinstance(value, bool | int | float | str) else str(value)
        for name, value in values.items()
    }


def _clock(recorder: Recorder, run: Run) -> Callable[[int], float]:
    """When a step was, as if all had taken equally long: no time is recorded for each."""
    last = max((int(p.steps[-1]) for s in recorder.scalars.values() if len(p := s.view())), default=0)
    took = max((run.ended or time.time()) - run.started, 0.0)
    return lambda step: run.started + took * step / max(last, step, 1)


def _scalars(piece: Piece, clock: Callable[[int], float]) -> Iterator[Event]:
    """One event a step, with all that was measured there."""
    from tensorboardX.proto.event_pb2 import Event

    found: dict[int, dict[str, float]] = {}
    for name, (steps, values) in piece.scalars.items():
        tag = name if name == "learning_rate" else f"train/{name}"
        for step, value in zip(steps.tolist(), values.tolist(), strict=True):
            found.setdefault(step, {})[tag] = value
    for validation in piece.validations:
        measured = found.setdefault(validation.step, {})
        measured |= {f"validation/{name}": value for name, value in validation.validation.items()}
    for step in sorted(found):
        event = Event(wall_time=clock(step), step=step)
        for tag, value in found[step].items():
            event.summary.value.add(tag=tag, simple_value=value)
        yield event


def _write_record(file: BinaryIO, data: bytes) -> None:
    """A TFRecord: length and data, each with its checksum."""
    from tensorboardX.record_writer import masked_crc32c

    length = struct.pack("<Q", len(data))
    file.write(length + struct.pack("<I", masked_crc32c(length)))
    file.write(data + struct.pack("<I", masked_crc32c(data)))
