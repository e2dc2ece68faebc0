"""How well typed words match a title: the order of every list that is searched by typing."""

from __future__ import annotations

import re
from functools import lru_cache

#: A word this short found scattered over a title is chance.
_SHORTEST_SCATTERED = 3


def score(text: str, title: str, about: str = "") -> int | None:
    """How well `text` matches, 0 being best; None when one of its words does not match at all.

    about: further words by which it may be found, such as keywords or help; they count less."""
    total = 0
    words, further = _words(title), _words(about)
    for typed in text.lower().split():
        found = _score(typed, title.lower(), words, about.lower(), further)
        if found is None:
            return None
        total += found
    return total


def _score(typed: str, title: str, words: list[str], about: str, further: list[str]) -> int | None:
    if title.startswith(typed):
        return 0
    if any(word.startswith(typed) for word in words):
        return 1
    if "".join(word[0] for word in words).startswith(typed):
        return 2
    if typed in title:
        return 3
    if any(word.startswith(typed) for word in further):
        return 4
    if typed in about:
        return 5
    return 6 if len(typed) >= _SHORTEST_SCATTERED and _scattered(typed, title) else None


def _scattered(typed: str, title: str) -> bool:
    """Whether the letters of `typed` stand in `title` in this order, others between them."""
    letters = iter(title)
    return all(letter in letters for letter in typed)


@lru_cache(maxsize=16_384)
def _words(text: str) -> list[str]:
    """In lower case; MaxPool2d is two words: max and pool2d."""
    parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^\W_A-Z]+|\d+", text)
    return [part.lower() for part in parts]
