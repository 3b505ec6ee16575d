"""The table of what akpatrol and its peers took for one input."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_FORM = "{:<14} {:<17} {:>9} {:>9} {:>8} {:>8} {:>6} {:>8} {:>9} {:>8}"
_HEAD = ("input", "tool", "median s", "min s", "peak MB", "own MB", "ratio", "plants", "asked", "reached")
_SAID = {True: "yes", False: "no"}


def lines(row: dict[str, Any], asked: dict[str, float], like: dict[str, str], most_mb: int) -> Iterator[str]:
    """Yield a head and a line for each program.

    ``asked`` are the least ratios to the time of the tool of ours that it is ``like``; ``most_mb`` is for ours.
    """
    yield _FORM.format(*_HEAD)
    ours = {*like.values()}
    for name, runs in row["runs"].items():
        cells = ["stopped", *["-"] * (len(_HEAD) - 3)]
        if not runs["stopped"]:
            base = median(row["runs"][like[name]]["seconds"])
            ratio, own = median(runs["seconds"]) / base, _megabytes(runs["private_kb"])
            cells = [f"{median(runs['seconds']):.2f}", f"{min(runs['seconds']):.2f}"]
            cells += [f"{_megabytes(runs['resident_kb']):.0f}", f"{own:.0f}", f"{ratio:.2f}"]
            cells += [_found(runs["found"], row["planted"])]
            if name in ours:
                cells += [f"< {most_mb} MB", _SAID[own < most_mb]]
            else:
                cells += [f">= {asked[name]:g}", _SAID[ratio >= asked[name]]] if name in asked else ["-", "-"]
        yield _FORM.format(row["target"], name, *cells)


def _found(number: int | None, planted: int) -> str:
    return "-" if number is None else f"{'!' * (number < planted)}{number}/{planted}"


def _megabytes(sizes: list[int]) -> float:
    return max(sizes) / 1000
