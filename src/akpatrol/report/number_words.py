"""How numbers, sizes and what was scanned are put into words; it imports little, because a clean commit needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_COUNTS = ("files", "blobs", "commits", "tags", "trees", "refs", "members")
_KILO = 1000


def plural(number: int, noun: str, many: str = "") -> str:
    """Return a number and its noun, which for anything but one is ``many`` or ends in -s."""
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def listed(items: Sequence[str], limit: int = 3) -> str:
    """Return the first items in words and how many more there are."""
    if len(items) > limit:
        return ", ".join(items[:limit]) + f" and {len(items) - limit:,} more"
    return ", ".join(items[:-1]) + " and " * (len(items) > 1) + items[-1] if items else ""


def size_words(size: int) -> str:
    """Return a size in bytes with a decimal unit."""
    if size < _KILO:
        return plural(size, "byte")
    number = float(size)
    for unit in ("kB", "MB", "GB", "TB"):
        number /= _KILO
        if number < _KILO or unit == "TB":
            break
    return f"{number:,.1f} {unit}"


def duration_words(seconds: float) -> str:
    """Return a duration in the unit that people would use."""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{seconds:.1f} s"
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"  # noqa: PLR2004


def nothing_found(noun: str = "credentials") -> str:
    """Say that none of these were found."""
    return f"No {noun} found"


def scanned_words(counts: Mapping[str, int], size: int, seconds: float) -> str:
    """Say how many items of each kind were scanned, how many bytes, and how long it took."""
    names = [name for name in _COUNTS if name in counts] + [name for name in counts if name not in _COUNTS]
    looked = [_counted(counts[name], name) for name in names if counts[name]] or ["nothing"]
    return f"Scanned {', '.join(looked)}, {size_words(size)} in {duration_words(seconds)}"


def _counted(number: int, name: str) -> str:
    return plural(number, name.replace("_", " ").removesuffix("s"))
