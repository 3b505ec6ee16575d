"""The blobs and paths of an index: https://git-scm.com/docs/gitformat-index.

Versions 2 and 3 are read here, an index of another version, a split or a sparse one by git.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.sources.git.index_file import is_intact
from akpatrol.sources.regular_file import opened

if TYPE_CHECKING:
    from akpatrol.sources.git.runner import Git

_HEADER_BYTES = 12
_VERSIONS = {2, 3}
_STAT_BYTES = 40
_EXTENDED = 0x4000  # in an entry's flags: two more bytes of them follow
_EXTENSION_HEAD_BYTES = 8
_ID_BYTES = {b"sha1": 20, b"sha256": 32}


class Entry(NamedTuple):
    """A blob and its path in the work tree."""

    id: str
    path: bytes


def entries(git: Git, file: bytes) -> list[Entry]:
    """Return each entry of the index ``file`` of this git. Raises GitError."""
    try:
        with opened(file) as stream:
            found = _parsed(stream.read(), _ID_BYTES[git.object_format()])
    except (OSError, KeyError, IndexError, ValueError):
        found = None
    return _listed(git) if found is None else found


def _parsed(content: bytes, id_bytes: int) -> list[Entry] | None:
    """Return the entries, None if git should read them. Raises IndexError and ValueError, git says what is wrong."""
    version, number = int.from_bytes(content[4:8]), int.from_bytes(content[8:_HEADER_BYTES])
    if content[:4] != b"DIRC" or version not in _VERSIONS or not is_intact(content):
        return None
    found, position = [], _HEADER_BYTES
    for _ in range(number):
        place = position + _STAT_BYTES
        flags = place + id_bytes
        name = flags + (4 if content[flags] << 8 & _EXTENDED else 2)
        end = content.index(b"\0", name)
        found.append(Entry(content[place:flags].hex(), content[name:end]))
        # Each entry ends with one to eight zeros, at a multiple of eight bytes.
        position += (end - position + 8) & ~7
    # An extension that begins with a small letter changes what the entries mean.
    while position < len(content) - id_bytes:
        if not content[position : position + 1].isupper():
            return None
        size = int.from_bytes(content[position + 4 : position + _EXTENSION_HEAD_BYTES])
        position += _EXTENSION_HEAD_BYTES + size
    return found


def _listed(git: Git) -> list[Entry]:
    lines = git.run("ls-files", "-s", "-z", "--full-name").split(b"\0")
    found = (line.partition(b"\t") for line in lines)
    return [Entry(details.split(b" ")[1].decode("ascii", "replace"), path) for details, _, path in found if path]
