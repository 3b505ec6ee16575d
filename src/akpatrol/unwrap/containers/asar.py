"""Open the archives of Electron's programs: two numbers, a tree of names as JSON, and the files behind it.

Format: electron/asar, README.md, "Format". Numbers are a pickle of Chromium's, little-endian, 4 bytes each.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from akpatrol.unwrap.containers.member import Flaw, Member, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

_NUMBERS = 16  # bytes before the tree
_TREE_BYTES = 64 << 20


def is_archive(data: bytes) -> bool:
    """Return whether a tree of names follows the numbers."""
    return data[_NUMBERS : _NUMBERS + 32].translate(None, b" \r\n\t").startswith(b'{"files":{')


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the files that the archive holds, from front to back. Raises OverLimit and OSError; damage is a flaw."""
    numbers = source.read(_NUMBERS)
    first = 8 + int.from_bytes(numbers[4:8], "little")
    size = int.from_bytes(numbers[12:16], "little")
    tree = source.read(min(size, _TREE_BYTES))
    try:
        files = list(_files(json.loads(tree), level))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        yield Flaw(f"truncated at byte {source.offset}" if len(tree) < size else f"damaged at byte {_NUMBERS}")
        return
    for offset, length, name in sorted(files):
        start = first + offset
        if start < source.offset and source.at:
            source.seek(start)  # two names of one file
        source.skip(start - source.offset)
        if source.offset != start:
            reason = f"truncated at byte {source.offset}" if source.offset < start else "its bytes are another's"
            yield Member(f"asar:{text(name)}", (name,), flaw=reason)
            continue
        yield Member(f"asar:{text(name)}", (name,), source.pieces(length), at=source.part(start, length), size=length)


def _files(tree: dict[str, Any], level: Level) -> Iterator[tuple[int, int, bytes]]:
    """Yield offset, size and path of the files that are in the archive, not beside it."""
    left: list[tuple[bytes, dict[str, Any]]] = [(b"", tree)]
    while left:
        path, entry = left.pop()
        for name, inner in entry["files"].items():
            level.member()
            full = path + name.encode("utf-8", "surrogateescape")
            if "files" in inner:
                left.append((full + b"/", inner))
            elif "offset" in inner:
                offset, size = int(inner["offset"]), int(inner["size"])
                if offset < 0 or size < 0:
                    raise ValueError
                yield offset, size, full
