"""Some nodes of a network as text, for the clipboard: the `network` of project.json under another name.

What comes back may be from anywhere: it passes the checks of a file.
"""

from __future__ import annotations

from typing import Any

from engine.network.model import Network
from engine.network.problem import Problem
from engine.project import limits, strict_json
from engine.project.errors import FileProblem
from engine.project.migrate import VERSION, migrate
from engine.project.project import Project
from engine.project.schema import MEMBER, to_document, to_project

FORMAT = "backlit-fragment"
_PLACE = "clipboard"
#: Fragments are younger than the first layouts of the file.
_OLDEST = 2


def to_text(fragment: Network) -> str:
    """Readable JSON. Raises FileProblem for a value that JSON cannot hold."""
    network = to_document(Project(network=Network(fragment.nodes, fragment.links)))["network"]
    document = {"format": FORMAT, "format_version": VERSION, **network}
    return strict_json.dump(document, _PLACE).decode("utf-8")


def from_text(text: str) -> Network | Problem:
    """The nodes in a text, those that lie in no block of the text itself at the top; or why there are
    none. Links that join nothing are left out, as in a file."""
    if f'"{FORMAT}"' not in text:
        return Problem("no_fragment", None, values={})
    try:
        return to_project(_document(text))[0].network
    except FileProblem as problem:
        if problem.code == "other_format":  # it only talks of fragments
            return Problem("no_fragment", None, values={})
        place = problem.place.replace(f"{MEMBER}/network/", "").replace(MEMBER, _PLACE)
        return Problem("bad_fragment", None, values={"place": place, "reason": problem.found})


def _document(text: str) -> dict[str, Any]:
    """The text as the document of a project that has nothing but a network."""
    if len(text) > limits.PROJECT_BYTES:  # characters are bytes at least
        raise FileProblem("too_many_values", _PLACE)
    # A lone surrogate becomes a question mark: it could not be saved.
    value = strict_json.parse(text.encode("utf-8", errors="replace"), _PLACE)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise FileProblem("other_format", _PLACE, found=strict_json.brief(value))
    version = value.get("format_version")
    if type(version) is int and version < _OLDEST:
        raise FileProblem("bad_old_version", _PLACE, version=version)
    network = {name: value[name] for name in ("nodes", "links") if name in value}
    document = {"format": "backlit", "format_version": version, "network": network}
    return migrate(document if "format_version" in value else {"format": "backlit", "network": network})
