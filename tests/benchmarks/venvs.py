"""What Backlit is measured against: no part of it, each in a folder of its own, made on demand."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

FOLDER = Path("build")


def python_of(name: str, *, with_ours: bool = False) -> Path:
    """The interpreter that has what NAME.txt beside this file lists; installed by pip the first time,
    and anew when the list has changed. with_ours: it finds our own packages as well, torch is large.
    Raises OSError or CalledProcessError."""
    packages = Path(__file__).with_name(f"{name}.txt")
    folder = FOLDER / name
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = folder / "ready"
    if not ready.exists() or ready.stat().st_mtime < packages.stat().st_mtime:
        print(f"installing what {packages.name} lists …", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        # All that is needed stands in the list, and --no-deps keeps to it.
        command = [str(python), "-m", "pip", "install", "-q", "--no-deps", "-r", str(packages)]
        subprocess.run(command, check=True, capture_output=True, text=True)
        if with_ours:
            _see_ours(folder)
        ready.touch()
    return python


def _see_ours(folder: Path) -> None:
    paths = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", scheme="venv", vars=paths))
    site.joinpath("ours.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
