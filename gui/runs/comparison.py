"""Runs side by side: what came of them, and what differs in recipe, data and network. No widgets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication

from engine.messages import shown
from engine.network.model import Network, Node
from engine.project.project import Project
from engine.recipe.metrics import METRICS
from engine.runs.compare import compare_networks, compare_projects, compare_results
from engine.runs.history import History
from engine.runs.run import Run
from gui.plotting.measure import quantity
from gui.runs import words

translate = QCoreApplication.translate

NONE = "–"


@dataclass(frozen=True)
class Row:
    """What is compared, a cell for each run, and the places of the best cells, if some are better."""

    title: str
    cells: tuple[str, ...]
    best: tuple[int, ...] = ()


@dataclass(frozen=True)
class Section:
    """`remark`: what is said where there are no rows."""

    title: str
    rows: tuple[Row, ...]
    remark: str = ""


@dataclass(frozen=True)
class Comparison:
    """Runs in order; all are compared with the first."""

    names: tuple[str, ...]
    sections: tuple[Section, ...]


def compare(history: History, ids: Sequence[str]) -> Comparison:
    """Reads the record and the project of each run. Raises FileProblem."""
    from engine.project.errors import FileProblem

    runs = []
    for run_id in ids:
        run = history.get(run_id)
        if run is None:
            raise FileProblem("no_run", id=run_id)
        runs.append(run)
    projects = [history.folder(run.id).read_project().project for run in runs]
    return comparison(runs, projects)


def comparison(runs: Sequence[Run], projects: Sequence[Project]) -> Comparison:
    return Comparison(
        tuple(shown(words.name_of(run)) for run in runs),
        (
            Section(translate("runs", "Results"), tuple(_results(runs))),
            Section(
                translate("runs", "Recipe and data"),
                tuple(_recipes(projects)),
                translate("runs", "Recipe and data are the same."),
            ),
            Section(
                translate("runs", "Network"),
                tuple(_networks([project.network for project in projects])),
                translate("runs", "The networks are the same."),
            ),
        ),
    )


def _results(runs: Sequence[Run]) -> Iterator[Row]:
    yield Row(translate("runs", "Started"), tuple(words.moment(run.started) for run in runs))
    yield Row(translate("runs", "Ended"), tuple(words.how_text(run.how) for run in runs))
    yield Row(translate("runs", "Steps"), tuple(format(run.steps, ",") for run in runs))
    rising = [name for run in runs for name in run.results if _is_better_high(name)]
    for row in compare_results(runs, rising):
        title = quantity(row.measure).title
        best = tuple(NONE if r is None else words.number(r.best) or NONE for r in row.results)
        last = tuple(NONE if r is None else words.number(r.last) or NONE for r in row.results)
        all_equal = len(row.best) == len(runs)
        yield Row(translate("runs", "{0}, best").format(title), best, () if all_equal else row.best)
        yield Row(translate("runs", "{0}, last").format(title), last)


def _is_better_high(name: str) -> bool:
    metric = METRICS.get(name) or METRICS.get(name.split(" ", maxsplit=1)[0])
    return metric is not None and metric.better == "higher"


def _recipes(projects: Sequence[Project]) -> Iterator[Row]:
    first = projects[0]
    found = [
        {d.path: (d.before, d.after) for d in compare_projects(first, other)} for other in projects[1:]
    ]
    yield from _rows(found, lambda path: path.replace("_", " ").replace(".", " · "))


def _networks(networks: Sequence[Network]) -> Iterator[Row]:
    found = [_differences(networks[0], other) for other in networks[1:]]
    yield from _rows(found, str)


def _differences(before: Network, after: Network) -> dict[str, tuple[Any, Any]]:
    """By what differs: its value there and here."""
    found: dict[str, tuple[Any, Any]] = {}
    different = compare_networks(before, after)
    for node in different.added:
        found[_name(node)] = (None, node.kind)
    for node in different.removed:
        found[_name(node)] = (node.kind, None)
    for one in different.changed:
        for difference in one.differences:
            title = "{0} · {1}".format(_name(one.node), difference.path)
            found[title] = (difference.before, difference.after)
    for rewired in different.rewired:
        title = translate("runs", "{0} · fed by").format(_name(rewired.node))
        found[title] = (_sources(before, rewired.before), _sources(after, rewired.after))
    return found


def _name(node: Node) -> str:
    return shown(node.name or node.id)


def _sources(network: Network, ports: Sequence[tuple[str, str]]) -> str:
    return ", ".join(_name(network.nodes[node]) for node, _ in ports) or NONE


def _rows(found: Sequence[Mapping[str, tuple[Any, Any]]], title: Any) -> Iterator[Row]:
    """A row for all that differs from the first run in any other; elsewhere it is as in the first."""
    for path in dict.fromkeys(path for differences in found for path in differences):
        base = next(differences[path][0] for differences in found if path in differences)
        others = [differences[path][1] if path in differences else base for differences in found]
        yield Row(shown(title(path)), tuple(_text(value) for value in (base, *others)))


def _text(value: Any) -> str:
    if value is None:
        return NONE
    if isinstance(value, bool):
        return translate("runs", "yes") if value else translate("runs", "no")
    if isinstance(value, float):
        return f"{value:g}".replace("-", "−")
    if isinstance(value, tuple | list):
        return ", ".join(map(_text, value)) or NONE
    return shown(value)
