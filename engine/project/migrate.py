"""Older layouts of project.json, brought to the present one step by step.

A new version of the format adds one function here and one fixture to the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.project.errors import FileProblem

VERSION = 1


def migrate(document: Any) -> dict[str, Any]:
    """The document in the present layout. Raises FileProblem for one that no step leads from."""
    if not isinstance(document, dict):
        raise FileProblem("wrong_type", "project.json", expected="a table", found=_kind(document))
    version = document.get("format_version")
    if type(version) is not int or version < 0:
        raise FileProblem("no_version", "project.json", found=repr(version)[:40])
    if version > VERSION:
        raise FileProblem("newer_version", "project.json", found=version, known=VERSION)
    for step in _STEPS[version:]:
        document = step(document)
    return document


def _from_0(document: dict[str, Any]) -> dict[str, Any]:
    """Before the first release nodes and links stood at the top, positions as x and y, links as
    "node.port" texts, and the recipe was called training."""
    nodes, links = document.pop("nodes", []), document.pop("links", [])
    try:
        for node in nodes:
            node["position"] = [node.pop("x", 0.0), node.pop("y", 0.0)]
        links = [
            {"from": link["from"].rpartition(".")[::2], "to": link["to"].rpartition(".")[::2]}
            for link in links
        ]
    except (TypeError, KeyError, AttributeError) as error:
        raise FileProblem("bad_old_version", "project.json", version=0) from error
    document["network"] = {
        "nodes": nodes,
        "links": [{"from": list(link["from"]), "to": list(link["to"])} for link in links],
    }
    if "training" in document:
        document["recipe"] = document.pop("training")
    document["format_version"] = 1
    return document


_STEPS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = (_from_0,)


def _kind(value: Any) -> str:
    return type(value).__name__
