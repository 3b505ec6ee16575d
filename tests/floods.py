"""Make little data a flood: the prefilter reports few matches one by one, in small blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.detect import hyperscan_patterns, prefilter

if TYPE_CHECKING:
    import pytest


def flood(patch: pytest.MonkeyPatch, most: int) -> None:
    """Let each prefilter report at most ``most`` matches one by one."""
    for module in (prefilter, hyperscan_patterns):
        patch.setattr(module, "most_of", lambda _: most)
    patch.setattr(hyperscan_patterns, "_MOST_IN_BLOCK", most)
    patch.setattr(hyperscan_patterns, "_BLOCK_BYTES", 256)
