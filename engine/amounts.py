"""Large amounts as people read them: `1.2 M`, `3.4 GFLOP`, `12.5 MiB`."""

from __future__ import annotations

_POWERS = ("", "k", "M", "G", "T", "P", "E")
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def count_text(count: int) -> str:
    """36928 as `36,928`; ten million and more as `23.6 M`, a billion as `1.3 B`."""
    if count >= 1_000_000_000:
        return f"{count / 1e9:,.1f} B"
    return f"{count / 1e6:.1f} M" if count >= 10_000_000 else f"{count:,}"


def flops_text(count: int) -> str:
    """3400000 as `3.4 MFLOP`; below a thousand `784 FLOP`."""
    number, power = _scaled(count, 1000)
    return f"{number} {_POWERS[power]}FLOP"


def bytes_text(count: int) -> str:
    """13107200 as `12.5 MiB`; below 1024 `784 B`."""
    number, power = _scaled(count, 1024)
    return f"{number} {_BINARY[power]}"


def _scaled(count: int, base: int) -> tuple[str, int]:
    """Three digits at most before the point, and the power of `base`; one digit after it."""
    if count < base:
        return str(count), 0
    number, power = float(count), 0
    # 999.96 would be written as 1000.0.
    while round(number, 1) >= base and power < len(_POWERS) - 1:
        number, power = number / base, power + 1
    return f"{number:,.1f}", power
