"""Work that is killed while it is done."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

#: It imports once and makes children of itself, so that each is at work at once.
_SERVER = """
import os, sys
from pathlib import Path
print("ready", flush=True)
for folder in sys.stdin:
    child = os.fork()
    if not child:
        work(Path(folder.strip()), lambda said: os.write(1, f"said {said}\\n".encode()))
    print(child, flush=True)
    os.waitpid(child, 0)
    print("gone", flush=True)
"""


def killed_again_and_again(code: str, folder: Path, times: int) -> Iterator[list[str]]:
    """`code` defines `work(folder, say)`, which never returns and says when something is done. It is
    killed soon after it first says something; each time, what it said."""
    server = subprocess.Popen(
        [sys.executable, "-c", code + _SERVER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdin is not None and server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    chance = random.Random(1)
    for _ in range(times):
        server.stdin.write(f"{folder}\n")
        server.stdin.flush()
        child, said = 0, list[str]()
        for line in iter(server.stdout.readline, "gone\n"):
            if line.startswith("said "):
                said.append(line.removeprefix("said ").strip())
            else:
                child = int(line)
            if child and said:
                time.sleep(chance.uniform(0.005, 0.12))
                os.kill(child, signal.SIGKILL)
                child = 0
        yield said
    server.stdin.close()
    assert server.wait(30) == 0
