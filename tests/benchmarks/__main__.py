"""Run every benchmark, print the table, write build/bench.json."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.benchmarks import canvas, startup, training
from tests.benchmarks.row import Row

OUT = Path("build/bench.json")


def main() -> int:
    rows: list[Row] = []
    for benchmark in (startup, canvas, training):
        print(f"{benchmark.__name__} …", file=sys.stderr)
        rows += benchmark.measure()
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([row.as_dict() for row in rows], indent=1) + "\n", encoding="utf-8")
    for row in rows:
        print(row.text())
    print(f"also in {OUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
