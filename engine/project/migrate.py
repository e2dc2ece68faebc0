"""Older layouts of project.json, brought to the present one step by step.

A new version of the format adds one function here and one fixture to the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.project.errors import FileProblem
from engine.project.strict_json import brief

VERSION = 3
_PLACE = "project.json"


def migrate(document: Any) -> dict[str, Any]:
    """The document in the present layout. Raises FileProblem for one that no step leads from."""
    if not isinstance(document, dict):
        raise FileProblem("wrong_type", _PLACE, expected="a table in braces", found=brief(document))
    kind = document.setdefault("format", "backlit")  # version 0 did not say
    if kind != "backlit":
        raise FileProblem("other_format", f"{_PLACE}/format", found=brief(kind))
    if "format_version" not in document:
        raise FileProblem("missing_field", f"{_PLACE}/format_version")
    version = document["format_version"]
    if type(version) is not int or version < 0:
        raise FileProblem("no_version", f"{_PLACE}/format_version", found=brief(version))
    if version > VERSION:
        raise FileProblem("newer_version", f"{_PLACE}/format_version", found=version, known=VERSION)
    for step in _STEPS[version:]:
        document = step(document)
    return document


def _from_0(document: dict[str, Any]) -> dict[str, Any]:
    """Before the first release nodes and links stood at the top, positions as x and y, links as
    "node.port" texts, and the recipe was called training."""
    place = _PLACE
    nodes, links = [], []
    try:
        for at, node in enumerate(document.pop("nodes", [])):
            place = f"{_PLACE}/nodes/{at}"
            nodes.append({**node, "position": [node.get("x", 0.0), node.get("y", 0.0)]})
            nodes[-1].pop("x", None)
            nodes[-1].pop("y", None)
        for at, link in enumerate(document.pop("links", [])):
            place = f"{_PLACE}/links/{at}"
            ends = {end: list(link[end].rpartition(".")[::2]) for end in ("from", "to")}
            links.append({**link, **ends})
    except (TypeError, KeyError, AttributeError) as error:
        raise FileProblem("bad_old_version", place, version=0) from error
    document["network"] = {"nodes": nodes, "links": links}
    if "training" in document:
        document["recipe"] = document.pop("training")
    document["format_version"] = 1
    return document


def _from_1(document: dict[str, Any]) -> dict[str, Any]:
    """Version 2 has blocks, whose nodes and links stand beside the others. Nothing else changed."""
    document["format_version"] = 2
    return document


def _from_2(document: dict[str, Any]) -> dict[str, Any]:
    """Version 3 has optimizers and losses with parameters of their own; the weight decay and momentum
    that all optimizers shared become theirs. Momentum belonged to SGD and RMSprop only."""
    recipe = document.get("recipe")
    if isinstance(recipe, dict):
        kind = recipe.get("optimizer", "Adam")
        shared = {name: recipe.pop(name) for name in ("weight_decay", "momentum") if name in recipe}
        if kind in ("Adam", "AdamW"):
            shared.pop("momentum", None)
        if kind == "AdamW":
            shared.setdefault("weight_decay", 0.0)  # PyTorch's own default is another one
        recipe["optimizer"] = {"kind": kind, "parameters": shared}
        if "loss" in recipe:
            recipe["loss"] = {"kind": recipe["loss"]}
    document["format_version"] = 3
    return document


_STEPS: tuple[Callable[[dict[str, Any]], dict[str, Any]], ...] = (_from_0, _from_1, _from_2)
