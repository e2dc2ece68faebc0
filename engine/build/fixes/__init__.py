"""Fixes that were tried before they are offered.

Each problem has candidates, by its code: edits that often help. Every one is applied to a copy and
diagnosed; only those after which the problem is gone, and nothing else is newly wrong, are offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain

from engine.build.diagnosis import Diagnosis
from engine.build.fix import Fix, Fixes
from engine.build.fixes import branches, links, parameters, rows
from engine.build.fixes.site import Candidate, Data, Site
from engine.build.path import training_problems
from engine.build.report import ShapeReport, shape_text
from engine.data import DataError, source_of
from engine.network.edits import EditError
from engine.network.expand import expand
from engine.network.model import Changes, Network, changes
from engine.network.problem import Problem
from engine.project.project import Project

#: So many fixes a problem, and so many problems that fixes are looked for: nobody reads more.
MOST_FIXES = 4
MOST_ALIKE = 3
MOST_PROBLEMS = 20

#: Problems of the number of axes at the end, and the kinds of nodes that change it. Nothing is at fault
#: for these problems but that such a node is missing.
_ENDS = ("output_not_one_row", "no_output_layer")
_RESHAPING = ("Flatten", "Embedding", "Input")

Key = tuple[str, str | None]


def find_fixes(
    project: Project, report: ShapeReport, diagnosis: Diagnosis, stop: Callable[[], bool]
) -> Fixes | None:
    """Fixes for the problems in `report`, which is that of `project`; None when `stop` said so."""
    found: dict[Key, tuple[Fix, ...]] = {}
    trial = _Trial(project, report, diagnosis)
    for problem in report.problems[:MOST_PROBLEMS]:
        proven: list[tuple[int, Fix]] = []
        for candidate in _candidates(trial.site(problem)):
            if stop():
                return None
            size_and_fix = trial.of(problem, candidate)
            if size_and_fix is not None:
                proven.append(size_and_fix)
        proven.sort(key=lambda item: item[0])  # stable: candidates come likeliest first
        if proven:
            found[problem.key] = _varied(fix for _, fix in proven)
    return Fixes(project, found)


def _varied(fixes: Iterable[Fix]) -> tuple[Fix, ...]:
    """The first few, but not all of one sort: there are many places to link to."""
    kept: list[Fix] = []
    for fix in fixes:
        if len(kept) < MOST_FIXES and sum(fix.code == other.code for other in kept) < MOST_ALIKE:
            kept.append(fix)
    return tuple(kept)


def _candidates(site: Site) -> Iterator[Candidate]:
    seen: list[object] = []
    tables = (parameters.CANDIDATES, branches.CANDIDATES, rows.CANDIDATES, links.CANDIDATES)
    for maker in chain.from_iterable(table.get(site.problem.code, ()) for table in tables):
        for candidate in maker(site):
            if candidate.edit not in seen:
                seen.append(candidate.edit)
                yield candidate


class _Trial:
    """Tries candidates on copies of one project."""

    def __init__(self, project: Project, report: ShapeReport, diagnosis: Diagnosis) -> None:
        self._project = project
        self._report = report
        self._diagnosis = diagnosis
        self._flat = expand(project.network)
        self._data = _data(project)
        self._known = {problem.key for problem in report.problems} | self._hidden()

    def site(self, problem: Problem) -> Site:
        return Site(self._project.network, self._report, problem, self._data)

    def of(self, problem: Problem, candidate: Candidate) -> tuple[int, Fix] | None:
        """How much the candidate changes and the fix that it is, or None when it does not help."""
        before = self._project.network
        try:
            after = candidate.edit.apply(before)
        except EditError:
            return None
        if not changes(before, after):
            return None
        report = self._diagnosis.of(replace(self._project, network=after), {})
        left = {found.key for found in report.problems}
        if problem.key in left:
            return None
        untouched = self._behind(problem) - _touched(before, after)
        reshaped = _reshaped(before, after)
        for found in report.problems:
            if found.key in self._known or (found.code in _ENDS and not reshaped):
                continue
            if found.code in _ENDS or not self._was_hidden(found, untouched):
                return None
        shown = report.nodes.get(candidate.shows)
        shape = None if shown is None else shown.output
        if shape is None and candidate.shows and changes(before, after).links_added:
            return None  # a line that carries nothing known proves nothing
        values = {**candidate.values, "shape": shape_text(shape)}
        fix = Fix(candidate.code, candidate.edit, values)
        return _size(before, after), fix

    def _hidden(self) -> set[Key]:
        """Problems of the way through the network that are not said while shapes are wrong."""
        if self._data is None or not self._flat.network.nodes:
            return set()
        found = training_problems(
            self._flat.network,
            self._report,
            self._data.sample,
            self._data.classes,
            self._data.title,
            self._project.recipe,
        )
        return {(p.code, p.node and self._flat.origin_of(p.node)) for p in found}

    def _behind(self, problem: Problem) -> set[str]:
        """The nodes whose shapes could not be known because of this problem."""
        flat = self._flat.network
        if problem.node is None or problem.node not in flat.nodes:
            return set()
        reached = {self._flat.origin_of(node_id) for node_id in flat.downstream(problem.node)}
        return reached - {problem.node}

    def _was_hidden(self, found: Problem, untouched: set[str]) -> bool:
        """Whether a problem was there all along, behind the one that is gone: it is caused by a node
        behind it that the fix left as it was."""
        earlier = self._report.nodes.get(found.cause or "")
        return found.cause in untouched and (earlier is None or earlier.output is None)


def _data(project: Project) -> Data | None:
    try:
        source = source_of(project.data)
    except DataError:
        return None
    return Data(source.title, source.sample, len(source.classes))


def _touched(before: Network, after: Network) -> set[str]:
    """The nodes that a fix added, rewrote or linked anew; not those that only made room."""
    difference = changes(before, after)
    ends = (link.touches for link in (*difference.links_added, *difference.links_removed))
    rewritten = _rewritten(before, after, difference)
    return {*difference.added, *rewritten, *chain.from_iterable(ends)}


def _reshaped(before: Network, after: Network) -> bool:
    """Whether a fix may have given the output another number of axes."""
    difference = changes(before, after)
    moved = (link.target for link in difference.links_added if link.source in before.nodes)
    ids = {*difference.removed, *difference.added, *_rewritten(before, after, difference), *moved}
    return any((before if i in before.nodes else after).nodes[i].kind in _RESHAPING for i in ids)


def _rewritten(before: Network, after: Network, difference: Changes) -> list[str]:
    return [
        node_id
        for node_id in difference.changed
        if before.nodes[node_id].parameters != after.nodes[node_id].parameters
    ]


def _size(before: Network, after: Network) -> int:
    """How much a fix changes: a parameter is least, a node taken away most."""
    difference = changes(before, after)
    rewritten = len(_rewritten(before, after, difference))
    relinked = bool(difference.links_added or difference.links_removed)
    return rewritten + relinked + 2 * len(difference.added) + 4 * len(difference.removed)


__all__ = ["MOST_FIXES", "find_fixes"]
