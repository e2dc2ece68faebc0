"""Every data set Backlit knows, found by its file: a new source is a new file with `SOURCES`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from engine.data.source import DataError, Dataset, Source
from engine.network.problem import Problem
from engine.recipe.recipe import DataChoice

__all__ = ["SOURCES", "DataError", "Dataset", "Source", "load", "source_of"]


def _collect() -> Mapping[str, Source]:
    modules = (import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__))
    found = [source for module in modules for source in getattr(module, "SOURCES", ())]
    return {source.name: source for source in found}


SOURCES: Mapping[str, Source] = _collect()


def source_of(choice: DataChoice) -> Source:
    """The source a project names. Raises DataError with what there is instead."""
    try:
        return SOURCES[choice.source]
    except KeyError:
        values = {"name": choice.source, "known": ", ".join(SOURCES)}
        raise DataError(Problem("unknown_data", None, values=values)) from None


def load(choice: DataChoice) -> Dataset:
    """The samples a project names. Raises DataError."""
    source = source_of(choice)
    return source.load(source.complete(choice.settings))
