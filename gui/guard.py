"""Qt overrides must not raise: an exception there surfaces in some later, innocent call."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import Any, TypeVar

log = logging.getLogger("backlit")
_reported: set[str] = set()
Result = TypeVar("Result")


def guarded(default: Result) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Catch everything in the decorated override, log it once, and return `default`."""

    def decorate(function: Callable[..., Result]) -> Callable[..., Result]:
        @functools.wraps(function)
        def call(*arguments: Any) -> Result:
            try:
                return function(*arguments)
            except Exception:  # the one place where everything is caught: see above
                if function.__qualname__ not in _reported:
                    _reported.add(function.__qualname__)
                    log.exception("in %s", function.__qualname__)
                return default

        return call

    return decorate
