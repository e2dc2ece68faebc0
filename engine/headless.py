"""train, resume, info and predict: the engine without a screen.

Results go to standard output, messages to standard error. Exit status: 0 done, 1 a training fault,
2 a bad file or wrong usage.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from engine.command_line import DONE, FAULT, USAGE
from engine.distributed.launch import checkpoints_of, is_restarted, is_worker, leave, world_of
from engine.messages import sentence, shown
from engine.network.problem import Problem
from engine.project.errors import FileProblem
from engine.project.examples import find
from engine.project.project import Project
from engine.project.project_file import Opened, read, write
from engine.recipe.metrics import metric_named
from engine.remote.audience import Audience
from engine.remote.serve import CannotServe, audience_of
from engine.runs.retention import BUDGET_BYTES
from engine.telemetry.recorder import Validation
from engine.training.world import ALONE, World

if TYPE_CHECKING:  # torch comes in when something is trained
    from engine.distributed.checkpoints import Checkpoints
    from engine.runs.folder import RunFolder
    from engine.runs.history import History
    from engine.runs.run import How
    from engine.training.keeper import Keeper
    from engine.training.trainer import Trainer


class Refused(Exception):
    """A request that cannot be met as it is; the text says why."""


def run(arguments: argparse.Namespace) -> int:
    """Do what `engine.command_line` parsed and return the exit status."""
    status = _run_in_world(arguments)
    if is_worker(arguments):
        leave(status)
    return status


def _run_in_world(arguments: argparse.Namespace) -> int:
    with world_of(arguments) as world:
        try:
            match arguments.command:
                case "train":
                    return train(arguments, world)
                case "resume":
                    return resume(arguments)
                case "info":
                    return info(arguments)
                case _:
                    return predict(arguments)
        except (FileProblem, Refused, CannotServe) as error:
            _say_last(str(error), world)
            return USAGE
        except KeyboardInterrupt:
            _say_last("interrupted", world)
            return 130


def train(arguments: argparse.Namespace, world: World) -> int:
    from engine.runs.history import History
    from engine.training import keeper
    from engine.training.trainer import Trainer

    _check_options(arguments, world)
    opened = _open(arguments.file, world)
    changes = {name: getattr(arguments, name) for name in ("epochs", "seed")}
    given = {name: value for name, value in changes.items() if value is not None}
    project = opened.project
    project = replace(project, recipe=project.recipe.model_copy(update=given))
    _check_weights(opened)
    # A run of several processes, or one that goes on from checkpoints, is kept there instead.
    elsewhere = world is not ALONE or arguments.checkpoints is not None
    history = None if arguments.no_history or elsewhere else History()
    path = find(arguments.file)

    def make() -> tuple[Trainer, RunFolder | None]:
        if history is not None:
            try:
                about = {"project_name": path.stem, "path": path}
                return keeper.begin(history, project, opened.weights, 1, arguments.device, **about)
            except FileProblem as problem:  # a full disk keeps nobody from training
                _say(f"warning: the run is not kept in the history. {problem}")
        return Trainer(project, opened.weights, arguments.device, world=world), None

    return _run(arguments, project, make, history, world)


def resume(arguments: argparse.Namespace) -> int:
    from engine.runs.history import History
    from engine.training import keeper

    history = History()
    run_id = arguments.run
    if run_id == "last":
        unfinished = history.find(how=("running", "crashed", "stopped"), limit=1)
        if not unfinished:
            raise Refused("There is no run that was interrupted.")
        run_id = unfinished[0].id
    project = history.folder(run_id).read_project().project
    return _run(
        arguments, project, lambda: keeper.resume(history, run_id, 1, arguments.device), history
    )


def _run(
    arguments: argparse.Namespace,
    project: Project,
    make: Callable[[], tuple[Trainer, RunFolder | None]],
    history: History | None,
    world: World = ALONE,
) -> int:
    """Train to the end, for whoever watches as well, and say what came of it."""
    if arguments.out is not None:
        _check_place(arguments.out)  # now: after the training its result would be lost
    with audience_of(arguments) as audience:
        return _run_before(audience, arguments, project, make, history, world)


def _run_before(
    audience: Audience,
    arguments: argparse.Namespace,
    project: Project,
    make: Callable[[], tuple[Trainer, RunFolder | None]],
    history: History | None,
    world: World,
) -> int:
    from engine.training.fault import fault_of
    from engine.training.keeper import Keeper

    started = time.perf_counter()
    trainer = kept = None
    how: How = "failed"
    try:
        begun, folder = make()
        checkpoints = checkpoints_of(arguments, world)
        _tell_begin(begun, checkpoints, arguments)
        trainer = begun
        if folder is not None and history is not None:
            kept = Keeper(
                trainer, history, folder, BUDGET_BYTES, failed=lambda p: _say(f"warning: {p}")
            )
            _say(f"run {folder.id}")
        audience.begin(trainer)
        how = _train_all(trainer, kept, checkpoints, audience, as_json=arguments.json)
    except KeyboardInterrupt:
        how = "stopped"
        raise
    except (FileProblem, Refused):
        raise
    except Exception as error:  # whatever torch or the data throws becomes a fault
        fault = fault_of(error, project, trainer.step + 1 if trainer is not None else 0)
        _say_last(sentence(fault.problem), world)
        audience.end("failed", sentence(fault.problem), fault.problem.node)
        began = trainer is not None or fault.problem.code == "out_of_memory"
        return FAULT if began else USAGE
    finally:
        if kept is not None:
            kept.end(how)
    validations = trainer.recorder.validations
    last = validations[-1].validation if validations else {}
    result: dict[str, Any] = {
        "event": "done",
        "epochs": trainer.epoch,
        "steps": trainer.step,
        "seconds": round(time.perf_counter() - started, 3),
        "device": str(trainer.device),
        **_shared(world),
        **_named("val", last),
    }
    if arguments.out is not None:
        if world.is_first:
            write(arguments.out, trainer.project, trainer.weights())
        result["out"] = str(arguments.out)
    if arguments.json:
        _print_json(result)
    else:
        _print("done: {steps:,} steps in {seconds:.1f} s on {device}".format(**result))
    return DONE


def _tell_begin(
    trainer: Trainer, checkpoints: Checkpoints | None, arguments: argparse.Namespace
) -> None:
    """Say how the run is shared, and from where it goes on."""
    world = trainer.world
    resumed = None
    if checkpoints is not None:
        resumed = checkpoints.resume(trainer, wanted=arguments.resume or is_restarted())
    if arguments.json:
        if world.backend:
            _print_json({"event": "start", "device": str(trainer.device), **_shared(world)})
        if resumed is not None:
            _print_json({"event": "resumed", "step": resumed})
        return
    if world.backend:
        _print(f"{world.size} processes over {world.backend}, this one on {trainer.device}")
    if resumed is not None:
        _print(f"goes on from step {resumed:,}")


def _shared(world: World) -> dict[str, Any]:
    return {"world_size": world.size, "backend": world.backend} if world.backend else {}


def _train_all(
    trainer: Trainer,
    kept: Keeper | None,
    checkpoints: Checkpoints | None,
    audience: Audience,
    *,
    as_json: bool,
) -> How:
    shown = max((result.step for result in trainer.recorder.validations[-1:]), default=0)
    while True:
        try:
            goes_on = audience.take(trainer.advance(audience.watch))
            if kept is not None:
                kept.after_unit()
            reason = checkpoints.after(trainer) if checkpoints is not None else ""
            if reason:
                _say(f"warning: no checkpoint at step {trainer.step:,}: {reason}", trainer.world)
            if not goes_on:
                audience.end("stopped")
                return "stopped"
        except StopIteration:
            audience.end("finished")
            return "finished"
        finally:
            for result in trainer.recorder.validations[-1:]:
                if result.step > shown:
                    _print_epoch(result, as_json=as_json)
                    shown = result.step


def _print_epoch(result: Validation, *, as_json: bool) -> None:
    if as_json:
        _print_json(
            {
                "event": "epoch",
                "epoch": result.epoch,
                **_named("train", result.train),
                **_named("val", result.validation),
                "steps_per_second": round(result.steps_per_second, 1),
            }
        )
    else:
        measures = [_measure(name, value) for name, value in result.validation.items()]
        _print(
            f"epoch {result.epoch:3}   loss {result.train['loss']:.4f}   "
            f"validation {'   '.join(measures)}   {result.steps_per_second:,.0f} steps/s"
        )


def _named(part: str, measures: Mapping[str, float]) -> dict[str, float | None]:
    """For JSON, which has no NaN: a metric that is not defined is null."""
    return {f"{part}_{k}": v if math.isfinite(v) else None for k, v in measures.items()}


def _measure(name: str, value: float) -> str:
    metric = metric_named(name)
    words = name.replace("_", " ")
    return (
        f"{words} {value:.2%}"
        if metric is not None and metric.unit == "share"
        else f"{words} {value:.4f}"
    )


def info(arguments: argparse.Namespace) -> int:
    from engine.build.diagnosis import Diagnosis

    opened = _open(arguments.file)
    network = opened.project.network
    report = Diagnosis().of(opened.project, opened.weights)
    nodes: list[dict[str, Any]] = []
    for node in network.nodes.values():
        shape = report.nodes.get(node.id)
        output = shape.output if shape is not None else None
        nodes.append(
            {
                "id": node.id,
                "kind": node.kind,
                "name": node.name,
                "output_shape": None if output is None else list(output),
                "parameters": shape.parameters if shape is not None else 0,
            }
        )
    problems = [_problem(problem) for problem in (*opened.repairs, *report.problems)]
    if arguments.json:
        _print_json({"parameters": report.parameters, "nodes": nodes, "problems": problems})
        return DONE
    for row in nodes:
        size = "?" if row["output_shape"] is None else " x ".join(map(str, row["output_shape"]))
        name, kind = shown(row["name"])[:24], shown(row["kind"])[:14]
        _print(f"{name:24} {kind:14} {size:>20} {row['parameters']:>14,}")
    _print(f"{'parameters':60} {report.parameters:>14,}")
    for problem in problems:
        _print(f"problem: {problem['message']}")
    return DONE


def predict(arguments: argparse.Namespace) -> int:
    import torch

    from engine.data import source_of
    from engine.training.build import build_module
    from engine.training.fault import TrainingError, is_out_of_memory

    opened = _open(arguments.file)
    _check_weights(opened)
    batch = _load_array(arguments.input)
    try:
        module = build_module(opened.project)
        module.load(opened.weights)
        module.eval()
        with torch.inference_mode():
            output = module(torch.from_numpy(batch)).numpy()
    except TrainingError as error:
        raise Refused(sentence(error.problem)) from error
    except RuntimeError as error:
        if is_out_of_memory(error):
            reason = "the memory does not suffice for so many samples; take fewer at a time."
        else:
            needed = ", ".join(("N", *map(str, source_of(opened.project.data).sample)))
            reason = f"shape {batch.shape} does not fit; this network needs ({needed})."
        raise Refused(f"{arguments.input}: {reason}") from error
    if not opened.weights:
        _say("warning: this network was never trained; the output comes from its initial weights")
    _save_array(arguments.out, output)
    return DONE


def _open(name: str, world: World = ALONE) -> Opened:
    opened = read(find(name))
    for repair in opened.repairs:
        _say(f"repaired: {sentence(repair)}", world)
    return opened


def _check_options(arguments: argparse.Namespace, world: World) -> None:
    """Refuse what has no meaning without something else."""
    if arguments.resume and arguments.checkpoints is None:
        raise Refused("--resume needs --checkpoints FOLDER: the run goes on from the newest one there.")
    if arguments.shard_optimizer and world is ALONE:
        raise Refused(
            "--shard-optimizer needs several processes: start with "
            "torchrun --nproc-per-node 2 main.py train ..."
        )
    if arguments.serve is not None and world is not ALONE:
        raise Refused("--serve needs a run of one process: start it without torchrun.")


def _check_weights(opened: Opened) -> None:
    """Refuse weights that fit only in part."""
    from engine.build.diagnosis import Diagnosis

    problems = Diagnosis().of(opened.project, opened.weights).problems
    misfits = [sentence(p) for p in problems if p.code == "weights_do_not_fit"]
    if misfits:
        raise Refused("\n".join(misfits[:10]))


def _check_place(path: Path) -> None:
    """Refuse a place where no file can be saved."""
    folder = path.resolve().parent
    if not folder.is_dir():
        raise Refused(f"{path}: there is no such folder. Choose another place.")
    if path.is_dir():
        raise Refused(f"{path}: is a folder. Give the file a name in it.")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise Refused(f"{path}: cannot be written. Choose another place.")


def _load_array(path: Path) -> NDArray[np.float32]:
    """A .npy batch as float32; no pickle, and nothing allocated before the header is believed."""
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        if mapped.dtype.kind not in "fiub" or mapped.ndim < 2:
            raise Refused(
                f"{path}: a batch of numbers is needed, this is {mapped.dtype} {mapped.shape}"
            )
        with np.errstate(over="raise"):
            return np.array(mapped, dtype=np.float32)
    except FloatingPointError as error:
        raise Refused(f"{path}: has numbers that are too large for float32.") from error
    except (OSError, ValueError, EOFError, AttributeError) as error:
        raise Refused(f"{path}: is no .npy file that can be read: {error}") from error


def _save_array(path: Path, values: NDArray[np.float32]) -> None:
    try:
        with path.open("wb") as file:
            np.save(file, values, allow_pickle=False)
    except OSError as error:
        raise Refused(f"{path}: cannot be written: {error.strerror}. Choose another place.") from error


def _problem(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "node": problem.node,
        "cause": problem.cause,
        "message": sentence(problem),
    }


def _print_json(value: dict[str, Any]) -> None:
    _print(json.dumps(value, ensure_ascii=True))


def _print(text: str) -> None:
    sys.stdout.write(text.encode("utf-8", "replace").decode() + "\n")
    sys.stdout.flush()


def _say(text: str, world: World = ALONE) -> None:
    """Once, though every process has to say it."""
    if world.first_to_say(text):
        sys.stderr.write(text.encode("utf-8", "replace").decode() + "\n")


def _say_last(text: str, world: World) -> None:
    """Why it ends: by the process that ends first. The others end because it has."""
    if world.first_to_say("why it ends"):
        _say(text)
