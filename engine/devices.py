"""What there is to compute on, in words. Without torch: the engine tells it once that is imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: What a recipe can ask for besides "auto", the best first.
PREFERRED = ("cuda", "mps", "cpu")


@dataclass(frozen=True)
class Devices:
    """titles: of the devices that are here, such as {"cpu": "CPU", "cuda": "NVIDIA A100"}. threads: of
    the CPU, at most: a run measures how many are fastest."""

    titles: Mapping[str, str] = field(default_factory=dict)
    threads: int = 0

    @property
    def automatic(self) -> str:
        """What "auto" takes; "" while nothing is known."""
        return next((name for name in PREFERRED if name in self.titles), "")

    def has(self, name: str) -> bool:
        """True, too, while nothing is known."""
        return not self.titles or name == "auto" or name in self.titles


_known = Devices()


def known() -> Devices:
    """What the engine has found so far. Any thread may ask."""
    return _known


def tell(devices: Devices) -> None:
    """Called by the engine when it has imported torch."""
    global _known  # noqa: PLW0603  replaced as a whole, so that any thread may read it
    _known = devices
