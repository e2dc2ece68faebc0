"""In which order a list of nodes shows them, and which rows follow each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from engine.network.model import Network

#: Where data comes in.
_STARTS = ("Input", "BlockInput")
#: What lies behind the diagram comes last.
_GROUND = ("Comment", "Frame")


def in_order(network: Network) -> Iterator[str]:
    """Every node once: as they are computed, then those that no Input reaches or that lie on a circle,
    so that a chain that is cut keeps its order, then comments and frames."""
    fed: set[str] = set()
    for key in network.order:
        starts = network.nodes[key].kind in _STARTS
        if starts or any(link.source in fed for link in network.incoming[key]):
            fed.add(key)
            yield key
    cut = (key for key in network.order if key not in fed)
    rest = dict.fromkeys((*cut, *network.nodes))
    ids = [key for key in rest if key not in fed]
    yield from sorted(ids, key=lambda key: network.nodes[key].kind in _GROUND)


def runs(ids: list[str], wanted: Callable[[str], bool]) -> list[tuple[int, int]]:
    """First and last place of each unbroken run of ids that are wanted."""
    return unbroken(at for at, key in enumerate(ids) if wanted(key))


def unbroken(places: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each run of places, given in order, that follow each other."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found
