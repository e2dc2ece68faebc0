"""The house: who may know whom, and what the project may not name."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import engine
import gui

ROOT = Path(__file__).parent.parent
SOURCES = [
    path
    for folder in ("engine", "gui", "resources", "scripts")
    for path in (ROOT / folder).rglob("*.py")
] + [ROOT / "main.py"]
#: Each of these runs code of the file it is given.
UNSAFE = {"pickle", "marshal", "joblib", "yaml", "shelve", "dill"}
QT_OF_THE_ENGINE = {"PySide6.QtCore"}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_packages_are_those_of_this_checkout() -> None:
    """The names are common; another package called gui must not be taken for ours."""
    for package in (engine, gui):
        assert package.__file__ is not None
        assert Path(package.__file__).is_relative_to(ROOT)


def test_the_engine_needs_no_screen() -> None:
    for path in (ROOT / "engine").rglob("*.py"):
        qt = {name for name in imports(path) if name.startswith("PySide6")}
        assert qt <= QT_OF_THE_ENGINE, path


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_code_of_a_file_is_ever_run(path: Path) -> None:
    assert not imports(path) & UNSAFE
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not called & {"eval", "exec", "torch.load", "torch.jit.load", "torch.export.load"}


def test_colours_are_named_in_one_place_only() -> None:
    for path in (ROOT / "gui").rglob("*.py"):
        if path.name not in ("theme.py", "colors.py", "application.py"):
            text = path.read_text(encoding="utf-8")
            tree = ast.parse(text)
            texts = [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant)]
            colours = [t for t in texts if isinstance(t, str) and t.startswith("#") and len(t) == 7]
            assert colours == [], path


def test_connections_do_not_keep_their_object_alive() -> None:
    """A lambda that captures self in connect() is never freed, nor is its object."""
    for path in (ROOT / "gui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr == "connect":
                for argument in node.args:
                    names = {n.id for n in ast.walk(argument) if isinstance(n, ast.Name)}
                    assert not (isinstance(argument, ast.Lambda) and "self" in names), path


def test_the_window_is_on_screen_before_torch_numpy_and_plots_are_imported() -> None:
    """In a process of its own: this one has imported everything."""
    code = "import sys, gui.window; print({'torch', 'numpy', 'pyqtgraph'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
