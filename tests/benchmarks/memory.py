"""Whether a long training keeps the process as small as it was."""

from __future__ import annotations

from tests.benchmarks.effort import Effort
from tests.benchmarks.row import Row
from tests.benchmarks.worker import Worker, off_screen

#: Until then caches fill and buffers reach their size.
BEGINNING = 20_000


def measure(effort: Effort) -> list[Row]:
    """MB that the process grew by while the MLP trained from step 20,000 on."""
    rows = []
    title = f"MLP, steps {BEGINNING:,} to {effort.steps:,}, growth of the process"
    for module, where in (("engine_worker", "headless"), ("window_worker", "window live")):
        with off_screen() as environment, Worker(module, "two-moons", environment=environment) as it:
            before = it.run(f"steps {BEGINNING}")["memory"]
            after = it.run(f"steps {effort.steps - BEGINNING}")["memory"]
        known = before is not None and after is not None
        grown, note = (after - before, "") if known else (None, "only Linux says it")
        rows.append(Row(f"{title}, {where}", grown, "MB", 30, "lower", note))
    return rows
