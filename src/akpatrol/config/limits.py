"""How far containers and encodings are opened."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """Bounds on unwrapping; the last two switch it off. Sizes in bytes, times in seconds.

    ``depth`` counts containers in containers, ``decode_depth`` encodings in encodings. ``expanded`` bounds what one
    container holds. ``expanded_overall`` and ``seconds`` bound the outermost container together with all that is in it.
    ``ratio``, expanded to stored, counts only beyond 1 GiB expanded: ordinary logs compress a thousandfold.
    """

    depth: int = 8
    decode_depth: int = 4
    members: int = 250_000
    expanded: int = 16 << 30
    expanded_overall: int = 64 << 30
    seconds: float = 600.0
    ratio: int = 200
    containers: bool = True
    decode: bool = True
