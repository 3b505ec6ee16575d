"""Small contents that are scanned together, because one by one each costs more than the scan of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.model.scan import Content

# Contents of at most so many bytes are scanned together, up to so many bytes and contents, which fit in the CPU cache.
SMALL_BYTES = 16 << 10
TOGETHER_BYTES = 256 << 10
TOGETHER = 512


class ContentBatch(NamedTuple):
    """Small contents, each whole in ``data``; ``content`` makes the few of them that are looked at alone."""

    data: Sequence[bytes]
    content: Callable[[int], Content]
