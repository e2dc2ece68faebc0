"""Measure, print the table, write build/bench.json.

python -m tests.benchmarks [NAME ...] [--quick]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.benchmarks import canvas, memory, startup, training
from tests.benchmarks.effort import FULL, QUICK, Effort
from tests.benchmarks.row import Row

OUT = Path("build/bench.json")
BENCHMARKS: Mapping[str, Callable[[Effort], list[Row]]] = {
    "startup": startup.measure,
    "canvas": canvas.measure,
    "cnn": training.cnn,
    "mlp": training.mlp,
    "probes": training.probes,
    "memory": memory.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all")
    parser.add_argument("--quick", action="store_true", help="only to see that they work")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    rows: list[Row] = []
    for name in arguments.names or BENCHMARKS:
        print(f"{name} …", file=sys.stderr)
        rows += BENCHMARKS[name](QUICK if arguments.quick else FULL)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([row.as_dict() for row in rows], indent=1) + "\n", encoding="utf-8")
    for row in rows:
        print(row.text())
    print(f"also in {OUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
