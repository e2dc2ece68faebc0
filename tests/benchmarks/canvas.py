"""The canvas with small and large networks, and NodeGraphQt with the same one beside it."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.diagrams import residual
from tests.benchmarks.effort import Effort
from tests.benchmarks.row import Row
from tests.benchmarks.venvs import python_of
from tests.benchmarks.worker import off_screen

COUNT = 1000


def measure(_: Effort) -> list[Row]:
    with off_screen() as environment, tempfile.TemporaryDirectory() as folder:
        ours = _json([sys.executable, "-m", "tests.benchmarks.canvas_worker"], environment)
        return [Row(**row) for row in ours] + _theirs(Path(folder), environment)


def _theirs(folder: Path, environment: dict[str, str]) -> list[Row]:
    building, frame = (
        f"  NodeGraphQt, {COUNT:,} nodes, building",
        f"  NodeGraphQt, {COUNT:,} nodes, a frame",
    )
    diagram = folder / "diagram.json"
    diagram.write_text(_described(), encoding="utf-8")
    worker = str(Path(__file__).with_name("nodegraphqt_worker.py"))
    try:
        found, note = _json([str(python_of("nodegraphqt")), worker, str(diagram)], environment), ""
    except (OSError, subprocess.CalledProcessError) as error:
        output = getattr(error, "stderr", None) or str(error)
        note = "NodeGraphQt is not here: " + output.strip().splitlines()[-1]
        return [
            Row(building, None, "s", None, "lower", note),
            Row(frame, None, "ms", None, "lower", note),
        ]
    return [
        Row(building, found["building"], "s", None, "lower"),
        Row(frame, found["frame"], "ms", None, "lower"),
    ]


def _json(command: list[str], environment: dict[str, str]) -> Any:
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(result.stdout.splitlines()[-1])


def _described() -> str:
    network = residual(COUNT).network
    return json.dumps(
        {
            "nodes": [(node.id, node.name, node.x, node.y) for node in network.nodes.values()],
            "links": [(link.source, link.target) for link in network.links],
        }
    )
