"""Two real processes, started as users start them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
#: Seconds for a run that takes two on an idle machine.
PATIENCE = 60


class Torchrun:
    """What was started, until it has ended."""

    def __init__(self, process: subprocess.Popen[str], name: str) -> None:
        self.process = process
        self._name = name

    def workers(self) -> list[int]:
        """The processes that are alive, by rank."""
        found = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                with contextlib.suppress(OSError, KeyError):
                    lines = (entry / "environ").read_bytes().decode(errors="replace").split("\0")
                    told = dict(line.partition("=")[::2] for line in lines)
                    if told["TORCHELASTIC_RUN_ID"] == self._name:
                        found[int(told["RANK"])] = int(entry.name)
        return [found[rank] for rank in sorted(found)]

    def end(self) -> tuple[int, str, str]:
        """Exit status, standard output, standard error."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, err


@contextmanager
def torchrun(*arguments: object, restarts: int = 0, processes: int = 2) -> Iterator[Torchrun]:
    """Start `arguments` in that many processes. Whatever happens, none of them is left behind."""
    name = uuid.uuid4().hex
    options = ["--nproc-per-node", processes, "--max-restarts", restarts, "--rdzv-id", name]
    options += ["--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:0"]
    command = [sys.executable, "-m", "torch.distributed.run", *options, *arguments]
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    run = Torchrun(process, name)
    try:
        yield run
    finally:
        process.kill()
        for worker in run.workers():
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        process.communicate()
