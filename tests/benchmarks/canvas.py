"""The canvas with small and large networks, and NodeGraphQt with the same one beside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path
from typing import Any

from tests.benchmarks.diagrams import residual
from tests.benchmarks.row import Row

#: NodeGraphQt is no part of the program: it lives in a folder of its own, made on demand.
OTHER = Path("build/nodegraphqt")
OTHERS_PACKAGES = Path(__file__).with_name("nodegraphqt.txt")
COUNT = 1000


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "BACKLIT_CONFIG": folder}
        environment.pop("QT_SCALE_FACTOR", None)
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
        found, note = _json([str(_python()), worker, str(diagram)], environment), ""
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


def _python() -> Path:
    """The interpreter that has NodeGraphQt; installed by pip the first time."""
    python = OTHER / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = OTHER / "ready"
    if not ready.exists() or ready.stat().st_mtime < OTHERS_PACKAGES.stat().st_mtime:
        venv.create(OTHER, clear=True, with_pip=True)
        # All that it needs is in the file, and --no-deps keeps to it: the packages ask for more of Qt.
        command = [str(python), "-m", "pip", "install", "-q", "--no-deps", "-r", str(OTHERS_PACKAGES)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        ready.touch()
    return python


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
